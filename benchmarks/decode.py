"""How quick the dissector is, against its peers, in one run on the same bytes.

``python -m benchmarks.decode [--frames 100000] [--rounds 5] [--no-tshark] [--million]``

Rounds are interleaved, processor time is what is measured (tshark's start included), and the
median counts, so that a busy machine slows all alike. Every decoder's payloads are checked
against what was built. The ratios are what matters: 3.0 means that labchat is three times as
quick. Trees are made of one TCP segment a frame, as a chat sends them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.protocol import OPEN, SERVER, Protocol
from wsproto.connection import Connection as WsprotoConnection
from wsproto.connection import ConnectionType
from wsproto.extensions import PerMessageDeflate as WsprotoDeflate

from labchat.capture import pcapng
from labchat.capture.capture import Capture, Chunk, End
from labchat.wire import frames, index
from labchat.wire.conversation import Conversation
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

C2S, S2C = Direction.C2S, Direction.S2C
READ = 64 << 10
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n"
)
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n"
)
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


def chat_text(rng: random.Random, size: int) -> bytes:
    """JSON of about ``size`` bytes, as the chat sends it."""
    words = " ".join(
        rng.choice(("hello", "wire", "bytes", "frame", "ping")) for _ in range(size // 6)
    )
    return json.dumps({"type": "message", "text": words, "id": f"{rng.getrandbits(64):x}"}).encode()


def mixed(count: int, seed: int = 1) -> tuple[bytes, list[bytes]]:
    """Masked frames of a client: most are chat text, some binary, pings, fragments; payloads."""
    rng = random.Random(seed)
    stream, payloads = bytearray(), []
    while len(payloads) < count:
        kind = rng.random()
        if kind < 0.80:
            parts = [(frames.Opcode.TEXT, True, chat_text(rng, rng.choice((20, 60, 60, 120, 300))))]
        elif kind < 0.90:
            parts = [(frames.Opcode.BINARY, True, rng.randbytes(rng.choice((8, 100, 1000))))]
        elif kind < 0.95:
            parts = [(frames.Opcode.PING, True, rng.randbytes(8))]
        else:
            text = chat_text(rng, 120)
            parts = [
                (frames.Opcode.TEXT, False, text[:50]),
                (frames.Opcode.CONTINUATION, True, text[50:]),
            ]
        for opcode, fin, payload in parts:
            stream += frames.build(opcode, payload, fin=fin, mask=rng.randbytes(4))
            payloads.append(payload)
    return bytes(stream), payloads


def deflated(count: int, seed: int = 2) -> tuple[bytes, list[bytes]]:
    """Masked compressed text frames with context takeover, and what they say."""
    rng = random.Random(seed)
    packer, stream, texts = zlib.compressobj(wbits=-15), bytearray(), []
    for _ in range(count):
        text = chat_text(rng, rng.choice((60, 120, 300)))
        packed = (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        stream += frames.build(1, packed, rsv=4, mask=rng.randbytes(4))
        texts.append(text)
    return bytes(stream), texts


def reads(stream: bytes) -> list[bytes]:
    return [stream[at : at + READ] for at in range(0, len(stream), READ)]


# -- to payloads ----------------------------------------------------------------------------


def ours_payloads(stream: bytes) -> list[bytes]:
    found: list[bytes] = []
    rest = b""
    for data in reads(stream):
        rest += data
        rest = rest[index.unmasked(rest, 0, found) :]
    return found


def websockets_payloads(stream: bytes, *, deflate: bool = False) -> list[bytes]:
    protocol = Protocol(SERVER, state=OPEN, max_size=None)
    if deflate:
        protocol.extensions = [PerMessageDeflate(False, False, 15, 15)]
    found = []
    for data in reads(stream):
        protocol.receive_data(data)
        found += [bytes(event.data) for event in protocol.events_received()]
        protocol.data_to_send()
    return found


def wsproto_payloads(stream: bytes, *, deflate: bool = False) -> list[bytes]:
    extensions = []
    if deflate:
        extension = WsprotoDeflate()
        extension._enabled = True
        extensions = [extension]
    connection = WsprotoConnection(ConnectionType.SERVER, extensions)
    found = []
    for data in reads(stream):
        connection.receive_data(data)
        for event in connection.events():
            payload = getattr(event, "data", getattr(event, "payload", b""))
            found.append(payload.encode() if isinstance(payload, str) else bytes(payload))
    return found


def ours_inflated(stream: bytes) -> list[bytes]:
    conversation = Conversation()
    conversation.feed(C2S, UPGRADE + DEFLATE + b"\r\n")
    conversation.feed(S2C, SWITCH + DEFLATE + b"\r\n")
    for data in reads(stream):
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


def contest(rounds: int, **players: Callable[[], list[bytes]]) -> dict[str, float]:
    """Median seconds of processor time of each player over interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in players}
    for _ in range(rounds):
        for name, play in players.items():
            begin = spent()
            play()
            times[name].append(spent() - begin)
    return {name: statistics.median(taken) for name, taken in times.items()}


def digest(payloads: list[bytes]) -> str:
    joined = hashlib.sha256()
    for payload in payloads:
        joined.update(len(payload).to_bytes(8, "big") + payload)
    return joined.hexdigest()


def report(title: str, count: int, taken: dict[str, float]) -> dict[str, float]:
    print(f"\n{title}")
    ours = taken["labchat"]
    for name, seconds in taken.items():
        ratio = "" if name == "labchat" else f"   labchat is {seconds / ours:5.2f} x"
        print(f"  {name:12} {seconds:8.3f} s {count / seconds:12,.0f} frames/s{ratio}")
    return {name: seconds / ours for name, seconds in taken.items() if name != "labchat"}


def payload_contest(count: int, rounds: int) -> dict[str, float]:
    stream, payloads = mixed(count)
    joined = b"".join(payloads)
    assert ours_payloads(stream) == payloads
    assert b"".join(websockets_payloads(stream)) == joined
    assert b"".join(wsproto_payloads(stream)) == joined
    taken = contest(
        rounds,
        labchat=lambda: ours_payloads(stream),
        websockets=lambda: websockets_payloads(stream),
        wsproto=lambda: wsproto_payloads(stream),
    )
    size = len(stream) / 1e6
    return report(f"{len(payloads):,} mixed frames ({size:.1f} MB) to payloads", count, taken)


def deflate_contest(count: int, rounds: int) -> dict[str, float]:
    stream, texts = deflated(count)
    assert ours_inflated(stream) == texts
    assert websockets_payloads(stream, deflate=True) == texts
    assert b"".join(wsproto_payloads(stream, deflate=True)) == b"".join(texts)
    taken = contest(
        rounds,
        labchat=lambda: ours_inflated(stream),
        websockets=lambda: websockets_payloads(stream, deflate=True),
        wsproto=lambda: wsproto_payloads(stream, deflate=True),
    )
    return report(f"{count:,} frames with permessage-deflate to payloads", count, taken)


def tree_contest(count: int, rounds: int) -> dict[str, float]:
    stream, payloads = mixed(count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames.pcapng"
        segments = segmented(stream)
        packet_file(segments, path)
        assert ours_trees(segments) == payloads
        assert len(tshark_trees(path)) == len(payloads)
        taken = contest(
            rounds, labchat=lambda: ours_trees(segments), tshark=lambda: tshark_trees(path)
        )
    return report(f"{len(payloads):,} mixed frames to full field trees", count, taken)


def million() -> dict[str, float]:
    """A million frames through a capture: linear in time, and what they cost in memory."""
    import tracemalloc

    found: dict[str, float] = {}
    print("\nframes through a Capture, rows numbered and timed")
    for count in (125_000, 250_000, 500_000, 1_000_000):
        stream = mixed(25_000)[0] * (count // 25_000)
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
    print(f"Python {sys.version.split()[0]}, one thread, reads of {READ:,} bytes")
    good = payload_contest(chosen.frames, chosen.rounds)["websockets"] >= 3
    good &= deflate_contest(chosen.frames // 10, chosen.rounds)["websockets"] >= 1
    if not chosen.no_tshark and shutil.which("tshark"):
        good &= tree_contest(chosen.frames, min(chosen.rounds, 3))["tshark"] >= 4
    if chosen.million:
        taken = million()
        good &= taken["1000000"] / taken["125000"] < 12
    print("\nevery target met" if good else "\na target was missed")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
