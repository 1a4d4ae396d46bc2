"""Connections get their names from what is captured, and from what waits at the gate."""

from __future__ import annotations

import asyncio

import pytest

from labchat.capture.capture import Capture, Chunk
from labchat.lab.labels import Labeller
from labchat.tap.gate import Gate
from labchat.tap.units import Splitter
from labchat.wire.fields import Direction

C2S = Direction.C2S
POST = b'POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 22\r\n\r\n{"senderId": "user-1"}'
NAMES = {"user-1": "Alice"}


def gate_with(data: bytes) -> Gate:
    gate = Gate(lambda: 0)
    gate.hold()
    for piece in Splitter().feed(C2S, data):
        gate.offer(1, piece)
    return gate


@pytest.fixture
def capture() -> Capture:
    made = Capture()
    made.open(0, client="127.0.0.1:5000", server="127.0.0.1:80")
    return made


def test_what_passed_names_its_connection(capture) -> None:
    capture.append(1, Chunk(0, C2S, 0, POST))
    Labeller(capture, NAMES).update()
    assert capture.connections[0].label == "Alice"


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (POST, [(1, "Alice")]),
        (b"GET /api/events?user=user-7 HTTP/1.1\r\nHost: x\r\n\r\n", [(1, "user-7")]),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", []),
        (b"\x16\x03\x01", []),
    ],
)
def test_what_waits_at_the_gate_names_its_connection_once(capture, data, named) -> None:
    said: list[tuple[int, str]] = []
    labeller = Labeller(capture, NAMES)
    labeller.watch(gate_with(data), lambda number, name: said.append((number, name)))
    labeller.update()
    labeller.update()
    assert said == named


async def test_it_looks_when_the_gate_changes(capture) -> None:
    gate = Gate(lambda: 0)
    gate.hold()
    named: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    labeller = Labeller(capture, NAMES)
    labeller.watch(gate, lambda _n, name: loop.call_soon_threadsafe(named.put_nowait, name))
    async with labeller:
        for piece in Splitter().feed(C2S, POST):
            gate.offer(1, piece)
        assert await named.get() == "Alice"
