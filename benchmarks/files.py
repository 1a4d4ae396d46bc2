"""How quick the file readers are: packet parsers against each other, and a million frames.

``python -m benchmarks.files parsers`` needs dpkt, scapy and python-pcapng in the interpreter used;
what is missing is left out. ``python -m benchmarks.files frames [N]`` reads N (one million) frames
from a pcapng file to a DataFrame.
"""

from __future__ import annotations

import importlib.util
import random
import socket
import struct
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from labchat.capture import blocks, headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    """Print thousand packets a second of each parser, its payload bytes checked."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (module, parse, count) in PARSERS.items():
            if module is not None and importlib.util.find_spec(module) is None:
                print(f"{name:15} not installed")
                continue
            path = Path(folder) / f"{count}.pcapng"
            if not path.exists():
                write(path, count)
            began = time.perf_counter()
            total = parse(path)
            seconds = time.perf_counter() - began
            assert total == sum(len(data) - 54 for data in packets(count)), name
            print(f"{name:15} {count / seconds / 1000:8.1f} thousand packets/s")


if __name__ == "__main__":
    parsers()
