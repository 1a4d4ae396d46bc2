"""How quick the file readers are: packet parsers against each other, and a million frames.

``python -m benchmarks.files parsers`` needs dpkt, scapy and python-pcapng in the interpreter used;
what is missing is named. ``python -m benchmarks.files frames [N]`` reads N (one million) frames
from a pcapng file to a DataFrame.
"""

from __future__ import annotations

import importlib.util
import random
import resource
import socket
import struct
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from labchat.capture import blocks, headers
from labchat.capture.encode import Encoder
from labchat.capture.model import Chunk
from labchat.cli.bench import show
from labchat.measure.bench.row import Row, alone, compare, missing
from labchat.wire import frames
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARSED = "TCP segments read from a pcapng file"
PACKETS = 200_000
SLOW = 20_000
"""Packets for the parsers that would take minutes."""


def packets(count: int, seed: int = 1) -> Iterator[bytes]:
    """Ethernet frames that hold one TCP segment of 40 to 72 bytes each, both ways."""
    rng = random.Random(seed)
    forth = headers.ends("10.0.0.1:50000", "10.0.0.2:80")
    ways, sent = (forth, forth.reverse), [1, 1]
    for _ in range(count):
        side = rng.randrange(2)
        data = rng.randbytes(rng.randrange(40, 73))
        packet = headers.segment(
            ways[side], seq=sent[side], ack=sent[1 - side], flags=headers.ACK, data=data
        )
        sent[side] += len(data)
        yield b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + packet


def write(path: Path, count: int) -> None:
    """A pcapng file of :func:`packets`."""
    with path.open("wb") as file:
        file.write(blocks.section(application="benchmark", comments=[]))
        file.write(blocks.interface(name="eth0", linktype=1))
        for number, data in enumerate(packets(count)):
            file.write(blocks.packet(1_700_000_000_000_000_000 + number * 1000, data))


def by_hand(path: Path) -> int:
    """labchat's own reader."""
    from labchat.capture import segments
    from labchat.capture.readers import PcapngReader
    from labchat.capture.tape import Tape

    total = 0
    with path.open("rb") as file:
        for _, linktype, buffer, start, stop, _ in PcapngReader(Tape(file)):
            found = segments.parse(buffer, start, stop, linktype)
            if isinstance(found, tuple):
                total += len(found[4])
    return total


def with_dpkt(path: Path) -> int:
    """dpkt, both its pcapng reader and its packet classes."""
    import dpkt

    total = 0
    with path.open("rb") as file:
        for _, data in dpkt.pcapng.Reader(file):
            segment = dpkt.ethernet.Ethernet(data).data.data
            key = segment.sport, segment.dport, segment.seq
            total += len(segment.data) if key else 0
    return total


def with_scapy(path: Path) -> int:
    """scapy."""
    from scapy.layers.inet import TCP
    from scapy.utils import PcapNgReader

    total = 0
    for packet in PcapNgReader(str(path)):
        segment = packet[TCP]
        key = segment.sport, segment.dport, segment.seq
        total += len(bytes(segment.payload)) if key else 0
    return total


def with_python_pcapng(path: Path) -> int:
    """python-pcapng for the blocks, dpkt's way of counting for the rest."""
    from pcapng import FileScanner
    from pcapng.blocks import EnhancedPacket

    total = 0
    with path.open("rb") as file:
        for block in FileScanner(file):
            if isinstance(block, EnhancedPacket):
                data, at = block.packet_data, block.timestamp
                seq = struct.unpack_from("!I", data, 38)[0]
                host = socket.inet_ntoa(data[26:30])
                total += len(data) - 54 if (at, seq, host) else 0
    return total


PARSERS: dict[str, tuple[str | None, Callable[[Path], int], int]] = {
    "by hand": (None, by_hand, PACKETS),
    "dpkt": ("dpkt", with_dpkt, SLOW),
    "python-pcapng": ("pcapng", with_python_pcapng, SLOW),
    "scapy": ("scapy", with_scapy, SLOW),
}


def parsers() -> None:
    """Print packets a second of each parser, its payload bytes checked."""
    show(parser_rows(PACKETS, SLOW, 1))


def parser_rows(quick_count: int, slow_count: int, rounds: int) -> list[Row]:
    """Our reader against each parser that is here, in packets per second."""
    there = {name for name, (module, _, _) in PARSERS.items() if installed(module)}
    rows = [missing(PARSED, "packets/s", name) for name in PARSERS if name not in there]
    rates: dict[str, list[float]] = {name: [] for name in PARSERS if name in there}
    with tempfile.TemporaryDirectory() as folder:
        for count in (quick_count, slow_count):
            write(Path(folder) / f"{count}.pcapng", count)
        for _ in range(rounds):
            for name, taken in rates.items():
                count = quick_count if name == "by hand" else slow_count
                taken.append(rate(PARSERS[name][1], Path(folder) / f"{count}.pcapng", count))
    ours = rates.pop("by hand")
    if not rates:
        return [alone(PARSED, "packets/s", ours), *rows]
    return rows + [
        compare(PARSED, "packets/s", ours, peer=name, theirs=theirs)
        for name, theirs in rates.items()
    ]


def installed(module: str | None) -> bool:
    return module is None or importlib.util.find_spec(module) is not None


def rate(parse: Callable[[Path], int], path: Path, count: int) -> float:
    """Packets per second; the payload bytes it counted are checked."""
    began = time.perf_counter()
    total = parse(path)
    seconds = time.perf_counter() - began
    assert total == sum(len(data) - 54 for data in packets(count)), parse.__name__
    return count / seconds


def write_frames(path: Path, count: int, connections: int = 10) -> None:
    """A pcapng file of ``count`` WebSocket frames, each in a packet of its own, both ways."""
    rng = random.Random(2)
    encoder = Encoder(epoch_ns=0, started_at=datetime(2026, 1, 1, tzinfo=UTC))
    offsets = {(number, way): 0 for number in range(1, connections + 1) for way in Direction}

    def said(number: int, way: Direction, at_ns: int, data: bytes) -> bytes:
        offset = offsets[number, way]
        offsets[number, way] += len(data)
        return encoder.append(number, Chunk(at_ns, way, offset, data))

    with path.open("wb") as file:
        file.write(encoder.start())
        for number in range(1, connections + 1):
            client, server = f"127.0.0.1:{50_000 + number}", "127.0.0.1:3000"
            file.write(encoder.open(number, number, client=client, server=server))
            file.write(said(number, Direction.C2S, number, ASKED))
            file.write(said(number, Direction.S2C, number, ANSWERED))
        for n in range(count):
            way = Direction.C2S if n % 2 else Direction.S2C
            mask = rng.randbytes(4) if n % 2 else None
            data = frames.build(1, b"x" * rng.randrange(20, 120), mask=mask)
            file.write(said(rng.randrange(connections) + 1, way, 1000 * n, data))


ASKED = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ANSWERED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def to_table(count: int) -> Row:
    """The seconds from a file of ``count`` frames to its DataFrame, and how large it grew."""
    import labchat

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames.pcapng"
        write_frames(path, count)
        size = path.stat().st_size
        began = time.perf_counter()
        table = labchat.open(path).frames
        seconds = time.perf_counter() - began
    assert len(table) == count
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    words = f"{count:,} frames from a pcapng file to a DataFrame"
    return alone(words, "s", [seconds], note=f"{size / 1e6:.0f} MB; peak {peak:.0f} MiB")


def run(*, quick: bool) -> list[Row]:
    """Parsers against each other, and a file of frames to a table."""
    if quick:
        return [*parser_rows(20_000, 5_000, 2), to_table(50_000)]
    return [*parser_rows(PACKETS, SLOW, 3), to_table(1_000_000)]


if __name__ == "__main__":
    if sys.argv[1:2] == ["frames"]:
        show([to_table(int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)])
    else:
        parsers()
