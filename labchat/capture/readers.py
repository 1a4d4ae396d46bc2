"""Packets out of pcapng files, in file order, with their times.

This reader and :class:`labchat.capture.pcap.PcapReader` are iterables of
:data:`labchat.capture.pcap.Record`. They never raise on what a file says: a record that ends too
early, or cannot be, stops the reading, and ``problem`` says so.

The structs are read by hand because that is quickest. Ethernet packets of 110 bytes, each to its
time, addresses, ports, sequence number and payload, on one core of a busy two-core machine
(``python -m benchmarks.files parsers``), in thousand packets a second: by hand 427 to 500, dpkt 80,
python-pcapng 49 (blocks only), scapy 7.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labchat.capture import blocks, remarks
from labchat.capture.pcap import LATEST_NS, cut_off, damaged
from labchat.capture.tape import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from labchat.capture.pcap import Record
    from labchat.capture.tape import Tape

PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_BIG, _LITTLE = b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a"

_SHORT = "packet block too short to be one"
_SECRETS = "key log for TLS, which labchat does not decrypt"


@dataclass(frozen=True, slots=True)
class _Interface:
    """What one interface block says of the packets it captured.

    A timestamp ``count`` is ``count * multiply // divide + offset_ns`` after the Unix epoch.
    """

    linktype: int
    snaplen: int
    multiply: int = 1000
    divide: int = 1
    offset_ns: int = 0


class PcapngReader:
    """The format of Wireshark: several sections, interfaces, byte orders, clocks, comments.

    Attributes:
        problem: why reading stopped before the end of the file, or None.
        started_at: the wall clock at time 0, where labchat wrote the file and knew it.
        ours: labchat wrote the file.
        skipped: what was passed over, and how often.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._interfaces: list[_Interface] = []
        self._last_ns = 0
        self.problem: str | None = None
        self.started_at: datetime | None = None
        self.ours = False
        self.skipped: Counter[str] = Counter()
        self._use("<")

    def __iter__(self) -> Iterator[Record]:
        tape = self._tape
        at, buffer = 0, tape.buffer
        while True:
            if at + 12 > len(buffer):
                if not tape.want(at, 12):
                    break
                buffer, at = tape.buffer, 0
            kind, total = self._head.unpack_from(buffer, at)
            if kind == blocks.SECTION:
                total = self._begin_section(buffer, at)
            if total < 12 or total % 4 or at + total > len(buffer):
                if not self._whole(at, total):
                    break
                buffer, at = tape.buffer, 0
            stop = at + total - 4
            if kind == blocks.ENHANCED_PACKET:
                record = self._enhanced(at + 8, stop)
            else:
                record = self._block(kind, at + 8, stop)
            at += total
            if record is not None:
                yield record
        if tape.buffer and self.problem is None:
            self.problem = cut_off(tape.base)

    def _whole(self, at: int, total: int) -> bool:
        """Read on until the block at ``at`` is whole; False where it never will be."""
        if total < 12 or total % 4 or total > LONGEST:
            self.problem = damaged(self._tape.base + at, f"a block of {total:,} bytes")
            return False
        return self._tape.want(at, total)

    def _use(self, order: str) -> None:
        self._order = order
        self._head = struct.Struct(order + "II")
        self._packet = struct.Struct(order + "5I")
        self._option = struct.Struct(order + "HH")

    def _begin_section(self, buffer: bytes, at: int) -> int:
        """The section's byte order from here on; the block's length, 0 if it is no section."""
        magic = buffer[at + 8 : at + 12]
        if magic not in (_BIG, _LITTLE):
            return 0
        self._use(">" if magic == _BIG else "<")
        self._interfaces = []
        total: int = self._head.unpack_from(buffer, at)[1]
        return total

    def _block(self, kind: int, start: int, stop: int) -> Record | None:
        if kind == blocks.INTERFACE:
            self._interface(start, stop)
        elif kind == blocks.SECTION:
            self._section(start + 16, stop)
        elif kind == blocks.SIMPLE_PACKET:
            return self._simple(start, stop)
        elif kind == blocks.PACKET_OBSOLETE:
            return self._obsolete(start, stop)
        elif kind == blocks.SECRETS:
            self.skipped[_SECRETS] += 1
        return None

    def _section(self, start: int, stop: int) -> None:
        for comment in self._comments(start, stop):
            started_at, ours = remarks.read_started(comment)
            self.ours |= ours
            self.started_at = self.started_at or started_at

    def _interface(self, start: int, stop: int) -> None:
        if stop - start < 8:
            self._interfaces.append(_Interface(-1, 0))
            return
        linktype, _, snaplen = struct.unpack_from(self._order + "HHI", self._tape.buffer, start)
        multiply, divide, offset = 1000, 1, 0
        for code, value in self._options(start + 8, stop):
            if code == blocks.OPT_IF_TSRESOL and value:
                multiply, divide = resolution(value[0])
            elif code == blocks.OPT_IF_TSOFFSET and len(value) == 8:
                offset = struct.unpack(self._order + "q", value)[0] * 1_000_000_000
        self._interfaces.append(_Interface(linktype, snaplen, multiply, divide, offset))

    def _enhanced(self, start: int, stop: int) -> Record | None:
        if stop - start < 20:
            self._skip(_SHORT)
            return None
        number, high, low, kept, _ = self._packet.unpack_from(self._tape.buffer, start)
        return self._record(number, high << 32 | low, start + 20, kept, stop)

    def _obsolete(self, start: int, stop: int) -> Record | None:
        if stop - start < 20:
            self._skip(_SHORT)
            return None
        layout = self._order + "HH4I"
        number, _, high, low, kept, _ = struct.unpack_from(layout, self._tape.buffer, start)
        return self._record(number, high << 32 | low, start + 20, kept, stop)

    def _simple(self, start: int, stop: int) -> Record | None:
        if stop - start < 4 or not self._interfaces:
            self._skip(_SHORT)
            return None
        whole = struct.unpack_from(self._order + "I", self._tape.buffer, start)[0]
        interface = self._interfaces[0]
        kept = min(whole, interface.snaplen or whole, stop - start - 4)
        self.skipped["time of a packet, which its block does not hold"] += 1
        start += 4
        return self._last_ns, interface.linktype, self._tape.buffer, start, start + kept, ()

    def _record(self, number: int, count: int, start: int, kept: int, stop: int) -> Record | None:
        if number >= len(self._interfaces):
            self._skip("packet of an interface that is not described")
            return None
        end = start + kept
        if end > stop:
            self._skip("packet longer than its block")
            return None
        interface = self._interfaces[number]
        at_ns = count * interface.multiply // interface.divide + interface.offset_ns
        if not 0 <= at_ns <= LATEST_NS:
            at_ns = 0 if at_ns < 0 else LATEST_NS
        self._last_ns = at_ns
        tail = end + (-kept & 3)
        comments = self._comments(tail, stop) if tail < stop else ()
        return at_ns, interface.linktype, self._tape.buffer, start, end, comments

    def _skip(self, why: str) -> None:
        self.skipped[why] += 1

    def _comments(self, start: int, stop: int) -> tuple[str, ...]:
        return tuple(
            value.decode("utf-8", "replace")
            for code, value in self._options(start, stop)
            if code == blocks.OPT_COMMENT
        )

    def _options(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        buffer = self._tape.buffer
        while start + 4 <= stop:
            code, length = self._option.unpack_from(buffer, start)
            if code == blocks.OPT_END or start + 4 + length > stop:
                return
            yield code, buffer[start + 4 : start + 4 + length]
            start += 4 + length + (-length & 3)


def resolution(value: int) -> tuple[int, int]:
    """An ``if_tsresol`` as (multiply, divide), which turn a count into nanoseconds."""
    if value & 0x80:
        return 1_000_000_000, 1 << (value & 0x7F)
    return (10 ** (9 - value), 1) if value <= 9 else (1, 10 ** (value - 9))
