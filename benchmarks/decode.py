"""How quick the dissector is, against its peers, in one run on the same bytes.

``python -m benchmarks.decode [--frames 100000] [--rounds 5] [--no-tshark] [--million]``

Rounds are interleaved, processor time is what is measured, and the median counts, so that a busy
machine slows all alike. Every decoder's payloads are checked against what was built. The ratios
are what matters: 3.0 means that labchat is three times as quick. Trees are made of frames that
come one to a TCP segment, as a chat sends them, and about eight to a segment, as a busy stream
does, which spares tshark most of its work on packets. tshark's start (about 0.2 s) is measured by
itself in each round and taken off, so that the count of frames does not matter.
"""

from __future__ import annotations

import argparse
import functools
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.protocol import OPEN, SERVER, Protocol
from wsproto.connection import Connection as WsprotoConnection
from wsproto.connection import ConnectionType
from wsproto.extensions import PerMessageDeflate as WsprotoDeflate

from labchat.capture import pcapng
from labchat.capture.capture import Capture, Chunk, End
from labchat.cli.bench import show
from labchat.measure.bench import decoding
from labchat.measure.bench.row import Must, Row, compare, missing
from labchat.wire import frames, index
from labchat.wire.conversation import Conversation
from labchat.wire.fields import Direction

C2S, S2C = Direction.C2S, Direction.S2C
UNIT = "frames/s"
DEFLATED, DEFLATED_MUST = "decode compressed frames to payloads", {"websockets": Must(least=1)}
TREES, TREES_MUST = "full field tree of each frame", Must(least=4)
SHARED = "full field tree, eight frames a segment"
SEGMENT = 1400
"""Bytes of a segment that frames share."""
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n"
)
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n"
)
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


def deflated(count: int, seed: int = 2) -> tuple[bytes, list[bytes]]:
    """Masked compressed text frames with context takeover, and what they say."""
    rng = random.Random(seed)
    packer, stream, texts = zlib.compressobj(wbits=-15), bytearray(), []
    for _ in range(count):
        text = decoding.chat_text(rng, rng.choice((60, 120, 300)))
        packed = (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        stream += frames.build(1, packed, rsv=4, mask=rng.randbytes(4))
        texts.append(text)
    return bytes(stream), texts


# -- to payloads ----------------------------------------------------------------------------


def websockets_inflated(stream: bytes) -> list[bytes]:
    protocol = Protocol(SERVER, state=OPEN, max_size=None)
    protocol.extensions = [PerMessageDeflate(False, False, 15, 15)]
    return decoding.with_websockets(stream, protocol)


def wsproto_inflated(stream: bytes) -> list[bytes]:
    extension = WsprotoDeflate()
    extension._enabled = True
    connection = WsprotoConnection(ConnectionType.SERVER, [extension])
    return decoding.with_wsproto(stream, connection)


def ours_inflated(stream: bytes) -> list[bytes]:
    conversation = Conversation()
    conversation.feed(C2S, UPGRADE + DEFLATE + b"\r\n")
    conversation.feed(S2C, SWITCH + DEFLATE + b"\r\n")
    for data in decoding.reads(stream):
        conversation.feed(C2S, data)
    return [payload for _, payload in conversation.payloads(C2S)]


# -- to full field trees --------------------------------------------------------------------


def ours_trees(segments: list[bytes]) -> list[bytes]:
    """The field trees of frames that come in ``segments``."""
    conversation = Conversation()
    conversation.feed(C2S, UPGRADE + b"\r\n")
    conversation.feed(S2C, SWITCH + b"\r\n")
    for data in segments:
        conversation.feed(C2S, data)
    units = (conversation.unit(C2S, row) for row in range(1, len(conversation.units(C2S))))
    return [unit.payload for unit in units if unit.fields]


FIELDS = (
    *("fin", "rsv", "opcode", "mask", "payload_length", "payload_length_ext_16"),
    *("payload_length_ext_64", "masking_key", "payload.text"),
    *("payload.close.status_code", "payload.close.reason"),
)


def tshark_trees(path: Path) -> list[bytes]:
    """tshark's fields of the same frames; what a text frame says, as it prints it."""
    command = ["tshark", "-r", str(path), "-d", "tcp.port==3000,http", "-Y", "websocket"]
    command += ["-T", "fields", "-E", "occurrence=a"]
    for field in FIELDS:
        command += ["-e", f"websocket.{field}"]
    done = subprocess.run([*command, "-e", "data.data"], capture_output=True, check=True)
    return [
        one for line in done.stdout.splitlines() for one in line.split(b"\t")[0].split(b",") if one
    ]


def segmented(stream: bytes) -> list[bytes]:
    """One segment a frame, as a chat sends them."""
    columns = index.Columns()
    index.scan_frames(stream, 0, columns)
    return [
        stream[start : start + length]
        for start, length in zip(columns.start, columns.length, strict=True)
    ]


def shared(stream: bytes) -> list[bytes]:
    """Full segments, wherever that cuts the frames: about eight come in one."""
    return [stream[at : at + SEGMENT] for at in range(0, len(stream), SEGMENT)]


def packet_file(segments: list[bytes], path: Path) -> None:
    capture = Capture()
    number = capture.open(0, client="127.0.0.1:50000", server="127.0.0.1:3000")
    head, answer = UPGRADE + b"\r\n", SWITCH + b"\r\n"
    capture.append(number, Chunk(1, C2S, 0, head))
    capture.append(number, Chunk(2, S2C, 0, answer))
    at = len(head)
    for turn, data in enumerate(segments):
        capture.append(number, Chunk(3 + 1000 * turn, C2S, at, data))
        at += len(data)
    capture.end(number, C2S, 1 << 40, End.FIN)
    pcapng.write(capture, path)


# -- the run --------------------------------------------------------------------------------


def spent() -> float:
    """Processor time of this process and of the children it waited for, in seconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def payload_contest(count: int, rounds: int) -> list[Row]:
    return decoding.run(count, rounds)


def deflate_contest(count: int, rounds: int) -> list[Row]:
    stream, texts = deflated(count)
    players = {
        "labchat": ours_inflated,
        "websockets": websockets_inflated,
        "wsproto": wsproto_inflated,
    }
    for decode in players.values():
        assert b"".join(decode(stream)) == b"".join(texts)
    bound = {name: functools.partial(decode, stream) for name, decode in players.items()}
    found = decoding.rates(count, decoding.contest(rounds, bound))
    ours = found.pop("labchat")
    return [
        compare(DEFLATED, UNIT, ours, peer=name, theirs=theirs, must=DEFLATED_MUST.get(name))
        for name, theirs in found.items()
    ]


def tree_contest(count: int, rounds: int) -> list[Row]:
    if shutil.which("tshark") is None:
        return [missing(target, UNIT, "tshark", must=TREES_MUST) for target in (TREES, SHARED)]
    stream, payloads = decoding.mixed(count)
    return [
        _trees(TREES, segmented(stream), payloads, rounds),
        _trees(SHARED, shared(stream), payloads, rounds),
    ]


def _trees(target: str, segments: list[bytes], payloads: list[bytes], rounds: int) -> Row:
    """Our trees of the frames in ``segments`` against tshark's, whose start is taken off."""
    with tempfile.TemporaryDirectory() as folder:
        path, nothing = Path(folder) / "frames.pcapng", Path(folder) / "none.pcapng"
        packet_file(segments, path)
        packet_file([], nothing)
        assert ours_trees(segments) == payloads
        assert len(tshark_trees(path)) == len(payloads)
        players = {
            "labchat": lambda: ours_trees(segments),
            "tshark": lambda: tshark_trees(path),
            "start": lambda: tshark_trees(nothing),
        }
        times = decoding.contest(rounds, players, spent)
    starts = times.pop("start")
    times["tshark"] = [a - b for a, b in zip(times["tshark"], starts, strict=True)]
    found = decoding.rates(len(payloads), times)
    ours, theirs = found["labchat"], found["tshark"]
    return compare(target, UNIT, ours, peer="tshark", theirs=theirs, must=TREES_MUST)


def run(*, quick: bool) -> list[Row]:
    """Payloads, inflated payloads, and full field trees."""
    count, rounds = (10_000, 3) if quick else (100_000, 5)
    rows = payload_contest(count, rounds) + deflate_contest(count // 10, rounds)
    return rows + tree_contest(count, 3)


def million() -> dict[str, float]:
    """A million frames through a capture: linear in time, and what they cost in memory."""
    import tracemalloc

    found: dict[str, float] = {}
    print("\nframes through a Capture, rows numbered and timed")
    for count in (125_000, 250_000, 500_000, 1_000_000):
        stream = decoding.mixed(25_000)[0] * (count // 25_000)
        tracemalloc.start()
        _through(stream)
        memory = tracemalloc.get_traced_memory()[0] / len(stream)
        tracemalloc.stop()
        begin = spent()
        units = len(_through(stream))
        seconds = spent() - begin
        found[str(count)] = seconds
        print(
            f"  {units:9,} units {len(stream) / 1e6:7.1f} MB {seconds:7.2f} s"
            f" {1e6 * seconds / units:6.2f} µs a unit, {memory:5.2f} x the bytes captured"
        )
    return found


def _through(stream: bytes) -> Capture:
    capture = Capture()
    number = capture.open(0, client="127.0.0.1:50000", server="127.0.0.1:3000")
    head = UPGRADE + b"\r\n"
    capture.append(number, Chunk(1, C2S, 0, head))
    capture.append(number, Chunk(2, S2C, 0, SWITCH + b"\r\n"))
    for pos in range(0, len(stream), 1400):
        capture.append(number, Chunk(3 + pos, C2S, len(head) + pos, stream[pos : pos + 1400]))
        if pos % 1_400_000 == 0:
            len(capture)
    len(capture)
    return capture


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-tshark", action="store_true")
    parser.add_argument("--million", action="store_true")
    chosen = parser.parse_args(arguments)
    print(f"Python {sys.version.split()[0]}, one thread, reads of {decoding.READ:,} bytes")
    rows = payload_contest(chosen.frames, chosen.rounds)
    rows += deflate_contest(chosen.frames // 10, chosen.rounds)
    if not chosen.no_tshark:
        rows += tree_contest(chosen.frames, min(chosen.rounds, 3))
    show(rows)
    good = all(row.met is not False for row in rows)
    if chosen.million:
        taken = million()
        good &= taken["1000000"] / taken["125000"] < 12
    print("\nevery target met" if good else "\na target was missed")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
