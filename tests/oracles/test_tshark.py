"""Our fields held against Wireshark's, on recordings and on what we make and write ourselves.

Costs about ten seconds: each question to tshark takes half of one.
"""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import labchat
from labchat.capture import blocks, headers, pcapng
from labchat.capture.capture import Capture
from labchat.capture.model import Chunk, End
from labchat.capture.plain import plain
from labchat.wire import frames
from labchat.wire.fields import Direction
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from conftest import Tshark

pytestmark = pytest.mark.oracle

DATA = Path(__file__).parent.parent / "data"
RECORDINGS = (
    "curl.pcap",
    "chromium.pcapng",
    "node-sll.pcap",
    "node-sll2.pcap",
    "python-ipv6-nano.pcap",
    "nginx.pcapng",
)
C, S = Direction.C2S, Direction.S2C

ASKED = (
    b"GET /ws HTTP/1.1\r\nHost: localhost:3000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ANSWERED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

OF_FRAMES = (
    "websocket.fin",
    "websocket.rsv",
    "websocket.opcode",
    "websocket.mask",
    "websocket.payload_length",
)
Key = tuple[int, str]


def theirs(tshark: Tshark, path: Path, capture: Capture) -> dict[Key, list[tuple[int, ...]]]:
    """(FIN, RSV, opcode, MASK, Payload len) of each frame, by stream and source port."""
    found: dict[Key, list[tuple[int, ...]]] = {}
    for packet in tshark.fields(
        path, capture, "websocket", "tcp.stream", "tcp.srcport", *OF_FRAMES
    ):
        key = int(packet["tcp.stream"][0]) + 1, packet["tcp.srcport"][0]
        columns = [[int(value, 0) for value in packet[name]] for name in OF_FRAMES]
        found.setdefault(key, []).extend(zip(*columns, strict=True))
    return found


def ours(capture: Capture) -> dict[Key, list[tuple[int, ...]]]:
    """The same of our dissector."""
    found: dict[Key, list[tuple[int, ...]]] = {}
    for row in capture.rows():
        if row.kind != "frame":
            continue
        made = plain(capture.unit(row.n))
        values = {field["name"]: field["value"] for field in made["fields"]}
        shape = (made["fin"], made["rsv"], made["opcode"], made["masked"], values["Payload len"])
        found.setdefault(_key(capture, row.connection, row.direction), []).append(
            tuple(int(value) for value in shape)
        )
    return found


def _key(capture: Capture, number: int, way: Direction) -> Key:
    connection = capture.connections[number - 1]
    address = connection.client if way is C else connection.server
    return number, address.rpartition(":")[2]


@pytest.mark.parametrize("name", RECORDINGS[1:])
def test_frames_of_recordings(tshark: Tshark, name: str) -> None:
    capture = labchat.open(DATA / name)
    assert ours(capture) == theirs(tshark, DATA / name, capture)


@pytest.mark.parametrize("name", RECORDINGS)
def test_streams_of_recordings(tshark: Tshark, name: str) -> None:
    capture = labchat.open(DATA / name)
    for number in range(len(capture.connections))[:4]:
        first, other = tshark.stream(DATA / name, capture, number)
        assert capture.stream(number + 1, C) == first
        assert capture.stream(number + 1, S) == other


def test_keys_closes_and_texts_of_a_recording(tshark: Tshark) -> None:
    """permessage-deflate with context takeover: tshark inflates too."""
    path = DATA / "node-sll2.pcap"
    capture = labchat.open(path)
    packets = tshark.fields(
        path,
        capture,
        "websocket",
        "websocket.masking_key",
        "websocket.payload.close.status_code",
        "websocket.payload.close.reason",
        "websocket.payload.text",
    )

    def all_of(name: str) -> list[str]:
        return [value for packet in packets for value in packet[name]]

    made = [plain(capture.unit(row.n)) for row in capture.rows() if row.kind == "frame"]
    keys = [one["masking_key"] for one in made if one["masking_key"]]
    assert [int(key, 16) for key in all_of("websocket.masking_key")] == [int(k, 16) for k in keys]
    codes = [one["close_code"] for one in made if one["close_code"]]
    assert [int(code) for code in all_of("websocket.payload.close.status_code")] == codes
    reasons = [one["close_reason"] for one in made if one["close_reason"]]
    assert all_of("websocket.payload.close.reason") == reasons
    texts = {one["text"] for one in made if one["text"]}
    assert texts <= set(all_of("websocket.payload.text"))


@pytest.mark.parametrize("name", ["curl.pcap", "chromium.pcapng", "nginx.pcapng"])
def test_http_of_recordings(tshark: Tshark, name: str) -> None:
    capture = labchat.open(DATA / name)
    packets = tshark.fields(
        DATA / name,
        capture,
        "http",
        "http.request.method",
        "http.request.uri",
        "http.response.code",
        "http.response.phrase",
    )
    asked, answered = [], []
    for row in capture.rows():
        unit = capture.unit(row.n).unit
        if isinstance(unit, Request):
            asked.append((unit.method, unit.target))
        elif isinstance(unit, Response) and unit.part in ("message", "head"):
            answered.append((unit.status, unit.reason))
    told = [(p["http.request.method"], p["http.request.uri"]) for p in packets]
    assert sorted(asked) == sorted((m, u) for ms, us in told for m, u in zip(ms, us, strict=True))
    codes = [(p["http.response.code"], p["http.response.phrase"]) for p in packets]
    assert sorted(answered) == sorted(
        (int(c), r) for cs, rs in codes for c, r in zip(cs, rs, strict=True)
    )


@pytest.mark.parametrize("name", ["node-sll.pcap", "python-ipv6-nano.pcap"])
def test_times_of_recordings(tshark: Tshark, name: str) -> None:
    """Each frame's last byte came when its packet did, to the nanosecond."""
    capture = labchat.open(DATA / name)
    packets = tshark.fields(DATA / name, capture, "websocket", "frame.time_epoch", *OF_FRAMES)
    zero = tshark.fields(DATA / name, capture, "frame.number == 1", "frame.time_epoch")
    start = _ns(zero[0]["frame.time_epoch"][0])
    times = [
        _ns(packet["frame.time_epoch"][0]) - start
        for packet in packets
        for _ in packet["websocket.fin"]
    ]
    assert sorted(times) == sorted(r.end_ns for r in capture.rows() if r.kind == "frame")


def _ns(text: str) -> int:
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0"))


def made(seed: int, count: int, ports: tuple[int, int] = (50_001, 3000)) -> Capture:
    """A WebSocket with frames of every kind and length, cut into chunks at random."""
    rng = random.Random(seed)
    capture = Capture()
    capture.open(0, client=f"127.0.0.1:{ports[0]}", server=f"127.0.0.1:{ports[1]}", label="Eve")
    streams = {C: [ASKED], S: [ANSWERED]}
    opened = {C: False, S: False}
    for _ in range(count):
        way = rng.choice((C, S))
        streams[way].append(_frame(rng, way, opened))
    offsets = {C: 0, S: 0}
    at = 0
    for way in (C, S, C, S):
        whole = b"".join(streams[way][:1] if not offsets[way] else streams[way][1:])
        while whole:
            size = rng.choice((1, 3, 1460, 40_000, 200_000))
            at += 1000
            capture.append(1, Chunk(at, way, offsets[way], whole[:size]))
            offsets[way] += len(whole[:size])
            whole = whole[size:]
    capture.annotate(at, "Made by a test.")
    for way in (C, S):
        capture.end(1, way, at + 1000, End.FIN)
    return capture


def _frame(rng: random.Random, way: Direction, opened: dict[Direction, bool]) -> bytes:
    mask = rng.randbytes(4) if way is C else None
    if rng.random() < 0.2:
        payload = bytes(rng.choices(b"abcdef", k=rng.randrange(126)))
        return frames.build(rng.choice((9, 10)), payload, mask=mask)
    size = rng.choice((0, 1, 5, 125, 126, 127, 1000, 65_535, 65_536, 70_000))
    fin = rng.random() < 0.6
    opcode = 0 if opened[way] else rng.choice((1, 2))
    opened[way] = not fin
    return frames.build(opcode, bytes(rng.choices(b"xyz", k=size)), fin=fin, mask=mask)


@pytest.mark.parametrize("seed", [1, 2])
def test_frames_of_what_we_make_and_write(tshark: Tshark, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "x.pcapng"
    pcapng.write(made(seed, 120), path)
    capture = labchat.open(path)
    found = ours(capture)
    assert sum(map(len, found.values())) == 120
    assert found == theirs(tshark, path, capture)


def test_what_we_write_is_clean_tcp(tshark: Tshark, tmp_path: Path) -> None:
    """No packet is flagged, every checksum holds, and the remarks can be read."""
    path = tmp_path / "x.pcapng"
    pcapng.write(made(3, 40), path)
    capture = labchat.open(path)
    assert tshark.count(path, capture, "tcp.analysis.flags") == 0
    checked = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    bad = "tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.malformed"
    assert tshark.count(path, capture, bad, *checked) == 0
    good = "tcp.checksum.status == 1 && ip.checksum.status == 1"
    assert tshark.count(path, capture, good, *checked) > 30
    comments = tshark.fields(path, capture, "frame.comment", "frame.comment")
    assert [one["frame.comment"] for one in comments] == [
        ["labchat label, connection 1: Eve"],
        ["labchat annotation: Made by a test."],
    ]
    assert tshark.count(path, capture, "tcp.completeness == 31", "-2") > 30


def test_what_we_write_over_ipv6_is_clean_tcp(tshark: Tshark, tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    pcapng.write(labchat.open(DATA / "python-ipv6-nano.pcap"), path)
    capture = labchat.open(path)
    checked = ("-o", "tcp.check_checksum:TRUE")
    assert tshark.count(path, capture, "ipv6 && tcp.checksum.status == 1", *checked) > 20
    assert tshark.count(path, capture, "tcp.analysis.flags || tcp.checksum.status == 0") == 0
    assert ours(capture) == theirs(tshark, path, capture)


def test_a_disordered_stream_is_put_together_the_same(tshark: Tshark, tmp_path: Path) -> None:
    """Shuffled, doubled and overlapping segments: tshark's stream and ours are one.

    tshark keeps the first copy of what was sent twice, as we do.
    """
    rng = random.Random(5)
    stream = ASKED + b"".join(frames.build(1, b"%d" % n, mask=b"1234") for n in range(200))
    pieces = [(at, stream[at : at + 100]) for at in range(0, len(stream), 100)]
    pieces += [(max(0, at - 30), stream[max(0, at - 30) : at + 40]) for at, _ in pieces[3:9]]
    for at in range(1, len(pieces) - 4, 4):
        block = pieces[at : at + 4]
        rng.shuffle(block)
        pieces[at : at + 4] = block
    way = headers.ends("10.0.0.1:50001", "10.0.0.2:3000")
    data = blocks.section(application="test", comments=[]) + blocks.interface(name="lo")
    data += blocks.packet(1, headers.segment(way, seq=99, ack=0, flags=headers.SYN))
    both = headers.SYN | headers.ACK
    data += blocks.packet(2, headers.segment(way.reverse, seq=7, ack=100, flags=both))
    for n, (at, part) in enumerate(pieces, 3):
        packet = headers.segment(way, seq=100 + at, ack=8, flags=headers.ACK, data=part)
        data += blocks.packet(n, packet)
    path = tmp_path / "x.pcapng"
    path.write_bytes(data)
    capture = labchat.open(path)
    assert capture.stream(1, C) == stream
    assert tshark.stream(path, capture, 0)[0] == stream


def test_the_same_json_keys_as_promised(tmp_path: Path) -> None:
    """The oracle's own yardstick: each unit's leaves tile it, whatever was made."""
    capture = made(4, 60)
    told: list[dict[str, Any]] = [plain(capture.unit(row.n)) for row in capture.rows()]
    for unit in told:
        spans = [(field["start"], field["stop"]) for field in unit["fields"]]
        assert spans[0][0] == 0
        assert spans[-1][1] == 8 * unit["length"]
        assert all(a[1] == b[0] for a, b in pairwise(spans))
