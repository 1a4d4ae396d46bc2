"""Mixed frames to payloads: labchat's fast path, ``websockets``, and ``wsproto`` where it is."""

from __future__ import annotations

import importlib.util
import json
import time
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from websockets.protocol import OPEN, SERVER, Protocol

from labchat.measure.bench.row import Must, Row, compare, missing
from labchat.wire import frames, index

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wsproto.connection import Connection

TARGET = "decode mixed frames to payloads"
UNIT = "frames/s"
MUST = {"websockets": Must(least=3)}
READ = 64 << 10
"""Bytes of one read."""


def chat_text(rng: Random, size: int) -> bytes:
    """JSON of about ``size`` bytes, as the chat sends it."""
    words = " ".join(
        rng.choice(("hello", "wire", "bytes", "frame", "ping")) for _ in range(size // 6)
    )
    return json.dumps({"type": "message", "text": words, "id": f"{rng.getrandbits(64):x}"}).encode()


def mixed(count: int, seed: int = 1) -> tuple[bytes, list[bytes]]:
    """``count`` or a frame more of a client's masked frames, and their payloads.

    Most are chat text, some binary, some pings, some fragments.
    """
    rng = Random(seed)
    stream = bytearray()
    payloads: list[bytes] = []
    while len(payloads) < count:
        for opcode, fin, payload in _one(rng):
            stream += frames.build(opcode, payload, fin=fin, mask=rng.randbytes(4))
            payloads.append(payload)
    return bytes(stream), payloads


def _one(rng: Random) -> list[tuple[frames.Opcode, bool, bytes]]:
    """The frames of one message: (opcode, FIN, payload)."""
    kind = rng.random()
    if kind < 0.80:
        return [(frames.Opcode.TEXT, True, chat_text(rng, rng.choice((20, 60, 60, 120, 300))))]
    if kind < 0.90:
        return [(frames.Opcode.BINARY, True, rng.randbytes(rng.choice((8, 100, 1000))))]
    if kind < 0.95:
        return [(frames.Opcode.PING, True, rng.randbytes(8))]
    text = chat_text(rng, 120)
    return [
        (frames.Opcode.TEXT, False, text[:50]),
        (frames.Opcode.CONTINUATION, True, text[50:]),
    ]


def reads(stream: bytes) -> list[bytes]:
    """The stream as reads of :data:`READ` bytes."""
    return [stream[at : at + READ] for at in range(0, len(stream), READ)]


def with_labchat(stream: bytes) -> list[bytes]:
    """The payloads, by the index."""
    found: list[bytes] = []
    rest = b""
    for data in reads(stream):
        rest += data
        rest = rest[index.unmasked(rest, 0, found) :]
    return found


def with_websockets(stream: bytes, protocol: Protocol | None = None) -> list[bytes]:
    """The payloads, by ``websockets``' pure protocol (a server's without extensions, if None)."""
    protocol = protocol or Protocol(SERVER, state=OPEN, max_size=None)
    found: list[bytes] = []
    for data in reads(stream):
        protocol.receive_data(data)
        found += [bytes(getattr(event, "data", b"")) for event in protocol.events_received()]
        protocol.data_to_send()
    return found


def with_wsproto(stream: bytes, connection: Connection | None = None) -> list[bytes]:
    """The payloads, by ``wsproto``, which gives each read's share of a message by itself."""
    from wsproto.connection import Connection, ConnectionType

    connection = connection or Connection(ConnectionType.SERVER)
    found: list[bytes] = []
    for data in reads(stream):
        connection.receive_data(data)
        for event in connection.events():
            payload = getattr(event, "data", getattr(event, "payload", b""))
            found.append(payload.encode() if isinstance(payload, str) else bytes(payload))
    return found


def contest(
    rounds: int,
    players: Mapping[str, Callable[[], object]],
    spent: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Seconds of processor time each player took in each round; rounds are interleaved."""
    times: dict[str, list[float]] = {name: [] for name in players}
    for _ in range(rounds):
        for name, play in players.items():
            begin = spent()
            play()
            times[name].append(spent() - begin)
    return times


def rates(count: int, times: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Things per second, from the seconds that ``count`` of them took."""
    return {name: [count / seconds for seconds in taken] for name, taken in times.items()}


def run(count: int, rounds: int) -> list[Row]:
    """A row a peer, in frames per second.

    Raises:
        AssertionError: a decoder's payloads are not what was built.
    """
    stream, payloads = mixed(count)
    players = {"labchat": with_labchat, "websockets": with_websockets}
    if importlib.util.find_spec("wsproto") is not None:
        players["wsproto"] = with_wsproto
    for name, decode in players.items():
        assert b"".join(decode(stream)) == b"".join(payloads), name
    bound = {name: partial(decode, stream) for name, decode in players.items()}
    found = rates(len(payloads), contest(rounds, bound))
    ours = found.pop("labchat")
    rows = [
        compare(TARGET, UNIT, ours, peer=name, theirs=theirs, must=MUST.get(name))
        for name, theirs in found.items()
    ]
    return rows if "wsproto" in found else [*rows, missing(TARGET, UNIT, "wsproto")]
