"""Packets out of the classic pcap format, in both byte orders and both clocks.

https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING

from labchat.capture.tape import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from labchat.capture.tape import Tape

Record = tuple[int, int, bytes, int, int, tuple[str, ...]]
"""Nanoseconds since the Unix epoch, link type, buffer, start and stop in it, comments."""

LATEST_NS = (1 << 63) - 1
"""Times are kept in 64 bits, as pandas does; a later one becomes this one (the year 2262)."""

PCAP_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
"""The first four bytes: byte order, and how many nanoseconds a fraction counts."""


class PcapReader:
    """The classic format of tcpdump.

    Attributes:
        problem: why reading stopped before the end of the file, or None.
        started_at, ours: None and False; only pcapng can say.
        skipped: what was passed over, and how often.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.problem: str | None = None
        self.started_at: datetime | None = None
        self.ours = False
        self.skipped: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Record]:
        tape = self._tape
        if not tape.want(0, 24):
            self.problem = "it ends inside its header"
            return
        order, unit = PCAP_MAGICS[tape.buffer[:4]]
        linktype = struct.unpack_from(order + "I", tape.buffer, 20)[0] & 0xFFFF
        head = struct.Struct(order + "IIII")
        at, buffer = 24, tape.buffer
        while True:
            if at + 16 > len(buffer):
                if not tape.want(at, 16):
                    break
                buffer, at = tape.buffer, 0
            seconds, fraction, kept, _ = head.unpack_from(buffer, at)
            if kept > LONGEST:
                self.problem = damaged(tape.base + at, f"a packet of {kept:,} bytes")
                return
            if at + 16 + kept > len(buffer):
                if not tape.want(at, 16 + kept):
                    break
                buffer, at = tape.buffer, 0
            start = at + 16
            at = start + kept
            yield seconds * 1_000_000_000 + fraction * unit, linktype, buffer, start, at, ()
        if tape.buffer:
            self.problem = cut_off(tape.base)


def cut_off(at: int) -> str:
    """What to say of a file that ends inside the record at offset ``at``."""
    return f"it is cut off inside the record at byte {at:,}"


def damaged(at: int, what: str) -> str:
    """What to say of a record that cannot be."""
    return f"it is damaged at byte {at:,}, which claims {what}"
