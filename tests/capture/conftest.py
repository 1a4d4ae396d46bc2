"""Captures to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from labchat.capture.capture import Capture
from labchat.capture.model import Chunk, End
from labchat.wire import frames
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

C, S = Direction.C2S, Direction.S2C
NOON = datetime(2026, 11, 25, 12, 0, 0, 123456, tzinfo=UTC)
KEY = bytes([1, 2, 3, 4])

ASKED = (
    b"GET /ws?room=1 HTTP/1.1\r\nHost: localhost:3000\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
ANSWERED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
POSTED = (
    b"POST /api/messages HTTP/1.1\r\nHost: localhost:3000\r\nContent-Type: application/json\r\n"
    b'Content-Length: 16\r\n\r\n{"text":"Hello"}'
)
STORED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    b'Set-Cookie: a=1; Path=/; HttpOnly\r\n\r\nB\r\n{"id":"m1"}\r\n0\r\n\r\n'
)
EVENTS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
    b"event: tick\ndata: one\n\n",
    b"data: two\n\n",
)


class Teller:
    """Tells a capture, or a writer, what passes; keeps count of time and offsets.

    Args:
        sink: what is told.
        start: the first reading of the clock; each step adds 1,000,000 ns.
    """

    def __init__(self, sink: Capture, start: int = 0) -> None:
        self.sink = sink
        self.now = start
        self.offsets: dict[tuple[int, Direction], int] = {}

    def open(self, client: str = "127.0.0.1:50001", label: str | None = None) -> int:
        self.now += 1_000_000
        return self.sink.open(self.now, client=client, server="127.0.0.1:3000", label=label)

    def say(self, connection: int, way: Direction, *parts: bytes) -> None:
        for data in parts:
            self.now += 1_000_000
            offset = self.offsets.get((connection, way), 0)
            self.sink.append(connection, Chunk(self.now, way, offset, data))
            self.offsets[connection, way] = offset + len(data)

    def lose(self, connection: int, way: Direction, length: int) -> None:
        self.now += 1_000_000
        self.sink.gap(connection, way, self.now, length)
        self.offsets[connection, way] = self.offsets.get((connection, way), 0) + length

    def end(self, connection: int, way: Direction, how: End = End.FIN) -> None:
        self.now += 1_000_000
        self.sink.end(connection, way, self.now, how)

    def upgrade(self, connection: int) -> None:
        self.say(connection, C, ASKED)
        self.say(connection, S, ANSWERED)

    def chat(self) -> None:
        """Alice's WebSocket, Bob's POST, and an event stream."""
        alice = self.open(label="Alice")
        self.upgrade(alice)
        self.say(alice, C, frames.build(1, b"Hello", mask=KEY))
        self.say(alice, S, frames.build(1, b"Hel", fin=False), frames.build(9, b"?"))
        self.say(alice, S, frames.build(0, b"lo"), frames.build(2, b"\0\1"))
        bob = self.open("127.0.0.1:50002")
        self.say(bob, C, POSTED[:60], POSTED[60:])
        self.say(bob, S, STORED)
        self.say(bob, C, b"GET /events HTTP/1.1\r\nHost: localhost:3000\r\n\r\n")
        self.say(bob, S, *EVENTS)
        self.end(bob, S)
        self.say(alice, C, frames.build(8, b"\x03\xe8bye", mask=KEY))
        self.end(alice, C)
        self.sink.annotate(self.now, "Bob waited.", connection=bob)
        self.sink.annotate(self.now, "Held here.", connection=alice, unit=3)
        self.sink.annotate(self.now, "The end.")


@pytest.fixture
def teller() -> Callable[..., Teller]:
    """``teller(sink)`` tells a sink, or a new capture that begins at noon."""

    def make(sink: Capture | None = None, *, epoch_ns: int = 7, start: int = 7) -> Teller:
        if sink is None:
            sink = Capture(epoch_ns=epoch_ns, started_at=NOON)
        return Teller(sink, start)

    return make


@pytest.fixture
def chat(teller: Callable[..., Teller]) -> Capture:
    """A capture of a little of everything."""
    telling = teller()
    telling.chat()
    return telling.sink


@pytest.fixture
def data() -> Path:
    """The folder of recordings."""
    return Path(__file__).parent.parent / "data"


@pytest.fixture
def facts() -> Callable[[Capture], list[object]]:
    """What must be the same of two captures of the same traffic."""

    def tell(capture: Capture) -> list[object]:
        rows = [
            (r.n, r.connection, r.direction, r.at_ns, r.end_ns, r.kind, r.length, r.summary)
            for r in capture.rows()
        ]
        connections = [
            (c.number, c.client, c.server, c.label, c.opened_ns, c.ended, c.kind)
            for c in capture.connections
        ]
        streams = [capture.stream(c.number, way) for c in capture.connections for way in Direction]
        notes = sorted(
            capture.annotations, key=lambda note: (note.at_ns, note.text, note.connection or 0)
        )
        return [capture.started_at, rows, connections, streams, notes]

    return tell
