"""Claims about bytes: frame headers, the mask, and what a request carries."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import httpx

from labchat.measure.claims.claim import Claim, Data, Finding, Verdict
from labchat.measure.stage import handshake, raw, request
from labchat.wire import frames
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame

if TYPE_CHECKING:
    from labchat.measure.stage import Stage

SIZES = (0, 1, 125, 126, 127, 65_535, 65_536)
CLAIMED_HEADER = 14
CLAIMED_REQUEST = 300
SECRET = b'{"type":"message","text":"Hello!"}'
KEY = b"\x37\xfa\x21\x3d"


def measure_overhead(stage: Stage) -> Data:
    """Header bytes of a frame to the server and of its echo, for sizes around the boundaries."""
    bench, wire = stage.bench(), stage.wire()
    before = len(bench.capture)
    sent = b"".join(frames.build(2, bytes(size), mask=KEY) for size in SIZES)
    end = frames.build(8, b"\x03\xe8", mask=KEY)
    raw(wire, handshake().replace(b"GET / ", b"GET /echo ") + sent + end)
    rows = [row for row in bench.capture.rows(before + 1) if row.opcode == 2]
    found = []
    for row in rows:
        frame = bench.capture.unit(row.n).unit
        assert isinstance(frame, Frame)
        found.append([row.direction.value, frame.payload_length, frame.header_length])
    return {"frames": found}


def judge_overhead(data: Data) -> Finding:
    """Holds only where every header measured has the claimed length."""
    lengths = [header for _way, _size, header in data["frames"]]
    hits = [(way, size) for way, size, header in data["frames"] if header == CLAIMED_HEADER]
    low, high = min(lengths), max(lengths)
    if len(hits) == len(lengths):
        verdict, why = Verdict.HOLDS, "Every header had 14 bytes."
    elif hits:
        least = min(size for _way, size in hits)
        ways = {"c2s": "a client", "s2c": "a server"}
        who = " or ".join(sorted({ways[way] for way, _size in hits}))
        verdict = Verdict.ONLY_IF
        why = (
            f"{who} sends {least:,} bytes or more of payload: a header takes {low} to {high} "
            "bytes, by length and mask."
        )
    else:
        verdict, why = Verdict.FALSE, f"A header took {low} to {high} bytes, never 14."
    typical = next(h for way, size, h in data["frames"] if way == "c2s" and size == 125)
    return Finding(typical, "bytes", low, high, verdict, why)


def measure_mask(stage: Stage) -> Data:
    """What an eavesdropper reads from a masked frame, and what an unmasked one is told."""
    bench, wire = stage.bench(), stage.wire()
    before = len(bench.capture)
    end = frames.build(8, b"\x03\xe8", mask=KEY)
    opening = handshake().replace(b"GET / ", b"GET /echo ")
    raw(wire, opening + frames.build(1, SECRET, mask=KEY) + end)
    raw(wire, opening + frames.build(1, SECRET))
    rows = bench.capture.rows(before + 1)
    masked = next(row for row in rows if row.opcode == 1 and row.direction is Direction.C2S)
    closes = [bench.capture.unit(row.n).unit for row in rows if row.opcode == 8]
    codes = [each.close_code for each in closes if isinstance(each, Frame) and not each.masked]
    wire_bytes = bench.capture.unit(masked.n).unit.data
    return {"sent": SECRET.decode(), "seen": eavesdrop(wire_bytes).decode(), "codes": codes}


def eavesdrop(data: bytes) -> bytes:
    """The payload of a short masked frame, from nothing but the frame's own bytes."""
    key, payload = data[2:6], data[6:]
    return bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


def judge_mask(data: Data) -> Finding:
    """A mask protects secrets only if the frame alone does not give them away."""
    sent, seen = data["sent"], data["seen"]
    same = sum(a == b for a, b in zip(sent, seen, strict=False))
    share = 100 * same / len(sent)
    if seen == sent:
        told = " The server still demands it: an unmasked frame got 1002."
        verdict = Verdict.FALSE
        why = "The key travels beside the data, so the frame alone gives the text away."
        why += told if 1002 in data["codes"] else ""
    else:
        verdict, why = Verdict.HOLDS, "The frame's own bytes did not give the text away."
    return Finding(share, "% of the text read by an eavesdropper", share, share, verdict, why)


def measure_request(stage: Stage) -> Data:
    """Bytes before the body of a GET, as different clients send it."""
    wire = stage.wire()
    host, port = wire.address
    url = f"http://{host}:{port}/api/messages?after=0"
    sizes = {"http.client": _size_of(stage, lambda: _plain(stage))}
    sizes["httpx"] = _size_of(stage, lambda: httpx.get(url))
    if curl := shutil.which("curl"):
        sizes["curl"] = _size_of(
            stage, lambda: subprocess.run([curl, "-s", url], check=True, stdout=subprocess.DEVNULL)
        )
    return {"headers": sizes}


def _plain(stage: Stage) -> None:
    with closing(stage.wire().connection()) as http:
        request(http, "GET", "/api/messages?after=0")


def _size_of(stage: Stage, act: object) -> int:
    bench = stage.bench()
    before = len(bench.capture)
    assert callable(act)
    act()
    row = next(row for row in bench.capture.rows(before + 1) if row.kind == "request")
    head = bench.capture.unit(row.n).unit.data.partition(b"\r\n\r\n")[0]
    return len(head) + 4


def judge_request(data: Data) -> Finding:
    """Holds if every client sent so much."""
    sizes = data["headers"]
    told = ", ".join(f"{name} {size}" for name, size in sorted(sizes.items(), key=_by_size))
    values = sorted(sizes.values())
    low, high = values[0], values[-1]
    big = [name for name, size in sizes.items() if size >= CLAIMED_REQUEST]
    if low >= CLAIMED_REQUEST:
        verdict, why = Verdict.HOLDS, f"Every client sent 300 bytes or more: {told}."
    elif big:
        verdict = Verdict.ONLY_IF
        why = f"the client is {' or '.join(big)}; it is the client that chooses: {told} bytes."
    else:
        verdict = Verdict.FALSE
        why = f"No client measured here sends that much ({told} bytes); browsers send more."
    return Finding(values[len(values) // 2], "bytes", low, high, verdict, why)


def _by_size(entry: tuple[str, int]) -> int:
    return entry[1]


CLAIMS = (
    Claim(
        "frame-overhead",
        "Total overhead: 14 bytes + payload",
        "RFC 6455 §5.2",
        measure_overhead,
        judge_overhead,
    ),
    Claim(
        "mask",
        "MASK = random key (it protects the data)",
        "RFC 6455 §5.3, §10.3",
        measure_mask,
        judge_mask,
    ),
    Claim(
        "request-overhead",
        "Overhead: 300+ bytes per request",
        "RFC 9112 §2.1",
        measure_request,
        judge_request,
    ),
)
