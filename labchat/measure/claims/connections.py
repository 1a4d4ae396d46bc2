"""Claims about connections: does HTTP close, and is TCP enough?"""

from __future__ import annotations

import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING

from labchat.capture.capture import Chunk
from labchat.measure.claims.claim import Claim, Data, Finding, Verdict
from labchat.measure.speakers import TIMEOUT, message, pause
from labchat.measure.stage import handshake, raw, request
from labchat.wire import frames
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from labchat.measure.speakers import Wire
    from labchat.measure.stage import Stage

REQUESTS = 5


def measure_closing(stage: Stage) -> Data:
    """TCP connections that five POSTs took: as they come, with ``close``, and by HTTP/1.0."""
    bench, wire = stage.bench(), stage.wire()
    counts = {}
    for way in ("HTTP/1.1", "HTTP/1.1 with Connection: close", "HTTP/1.0"):
        before = len(bench.capture.connections)
        _post_five(wire, way)
        counts[way] = len(bench.capture.connections) - before
    return {"requests": REQUESTS, "connections": counts}


def _post_five(wire: Wire, way: str) -> None:
    if way == "HTTP/1.0":
        body = json.dumps(message("closing-10", "Hello")).encode()
        head = f"POST /api/messages HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n"
        for _ in range(REQUESTS):
            raw(wire, head.encode() + body)
        return
    fields = {"Connection": "close"} if "close" in way else {}
    with closing(wire.connection()) as http:
        for n in range(REQUESTS):
            request(http, "POST", "/api/messages", message(f"{way}-{n}", "Hello"), fields)


def judge_closing(data: Data) -> Finding:
    """False if plain HTTP/1.1 kept its connection."""
    requests, counts = data["requests"], data["connections"]
    plain = counts["HTTP/1.1"]
    others = {way: count for way, count in counts.items() if way != "HTTP/1.1"}
    closing_ways = [way for way, count in others.items() if count >= requests]
    if plain >= requests:
        verdict, why = Verdict.HOLDS, f"{requests} requests took {plain} connections."
    elif closing_ways:
        verdict = Verdict.ONLY_IF
        why = (
            f"{' or '.join(closing_ways)} is used; plain HTTP/1.1 sent {requests} requests over "
            f"{plain} connection{'s' if plain != 1 else ''}."
        )
    else:
        verdict, why = Verdict.FALSE, f"{requests} requests took {plain} connections in every way."
    return Finding(plain, "connections", plain, max(counts.values()), verdict, why)


def measure_boundaries(stage: Stage) -> Data:
    """Ten frames in one write, then one frame in two: how many reads did the tap see?"""
    frame = frames.build(1, b"Hello", mask=b"\x37\xfa\x21\x3d")
    ways = {
        "ten frames in one write": [frame * 10],
        "one frame in two writes": [frame[:4], frame[4:]],
    }
    return {"ways": {way: _send(stage, writes) for way, writes in ways.items()}}


def _send(stage: Stage, writes: list[bytes]) -> dict[str, int]:
    """Write to the echo endpoint; frames sent, and reads that the tap needed for them."""
    bench = stage.bench()
    connection = len(bench.capture.connections) + 1
    sent = b"".join(writes)
    wanted = b"Hello" * sent.count(writes[0][:4])
    with socket.create_connection(stage.wire().address, timeout=TIMEOUT) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.sendall(handshake().replace(b"GET / ", b"GET /echo "))
        heard = plain.recv(65536)
        before = _reads(stage, connection)
        for data in writes:
            plain.sendall(data)
            pause(0.05)
        while heard.count(b"Hello") < len(wanted) // 5:
            heard += plain.recv(65536)
    rows = [row for row in bench.capture.rows() if row.connection == connection]
    count = sum(row.kind == "frame" and row.direction == "c2s" for row in rows)
    return {"frames": count, "reads": _reads(stage, connection) - before}


def _reads(stage: Stage, connection: int) -> int:
    return sum(
        number == connection and isinstance(event, Chunk) and event.direction is Direction.C2S
        for number, event in stage.bench().capture.events()
    )


def judge_boundaries(data: Data) -> Finding:
    """TCP keeps messages apart only if every frame came in one read of its own."""
    ways = data["ways"]
    apart = all(way["frames"] == way["reads"] for way in ways.values())
    told = "; ".join(f"{name}: {way['reads']} reads" for name, way in ways.items())
    shares = [way["reads"] / way["frames"] for way in ways.values()]
    if apart:
        verdict, why = Verdict.HOLDS, f"Each frame came in one read of its own ({told})."
    else:
        verdict = Verdict.ONLY_IF
        why = (
            f"bytes in order are all you need: TCP knows no messages ({told}), and its "
            "acknowledgement does not say that the server has stored one."
        )
    return Finding(shares[0], "reads per frame", min(shares), max(shares), verdict, why)


CLAIMS = (
    Claim(
        "closing",
        "Connection closes after each response; a new connection for the next message",
        "RFC 9112 §9.3",
        measure_closing,
        judge_closing,
    ),
    Claim(
        "reliability",
        "Reliability: TCP-based",
        "RFC 9293 §3.4; RFC 6455 §5.4",
        measure_boundaries,
        judge_boundaries,
    ),
)
