"""The fast path: where units stand, as columns of numbers, with no object per unit.

A :class:`Columns` holds one row per unit of one direction. :func:`scan_frames` finds a million
frame boundaries in well under a second; field trees are made later, for the unit looked at.
"""

from __future__ import annotations

from array import array
from enum import IntEnum, StrEnum

from labchat.wire.building import unmask


class Kind(StrEnum):
    """What a unit is."""

    REQUEST = "request"
    RESPONSE = "response"
    FRAME = "frame"
    UNDISSECTED = "undissected"
    GAP = "gap"


KINDS = tuple(Kind)
"""Kinds by their code in :attr:`Columns.kind`."""
REQUEST, RESPONSE, FRAME, UNDISSECTED, GAP = range(5)
INFERRED = 1
"""A gap's code in :attr:`Columns.first`: where frames start again after it was inferred."""


class Part(IntEnum):
    """Which part of an HTTP message a unit is, as :attr:`Columns.first` holds it."""

    MESSAGE = 0
    HEAD = 1
    EVENT = 2
    END = 3


class Columns:
    """The units of one direction, one row each.

    Attributes:
        kind: codes into :data:`KINDS` ("B").
        first: a frame's first byte; of HTTP units the :class:`Part`; else a reason's code ("B").
        start: first byte, as an offset into the direction's buffer ("Q").
        length: bytes ("Q"); of a gap, the bytes that are missing.
        link: a frame: row of the first frame of its message (of itself when it is a control
            frame); a request: row of its response; a response: row of its request; an event:
            row of its head; -1 when there is none ("q").
    """

    __slots__ = ("first", "kind", "length", "link", "start")

    def __init__(self) -> None:
        self.kind = array("B")
        self.first = array("B")
        self.start = array("Q")
        self.length = array("Q")
        self.link = array("q")

    def __len__(self) -> int:
        return len(self.kind)

    def add(self, kind: int, first: int, start: int, length: int, link: int = -1) -> int:
        """Append one row; returns its number, counted from 0."""
        self.kind.append(kind)
        self.first.append(first)
        self.start.append(start)
        self.length.append(length)
        self.link.append(link)
        return len(self.kind) - 1


def scan_frames(
    buffer: bytes | bytearray,
    pos: int,
    columns: Columns,
    message: int = -1,
    limit: int | None = None,
) -> tuple[int, int]:
    """Append each whole frame of ``buffer`` from ``pos`` on to ``columns``.

    Args:
        buffer: the bytes of one direction.
        pos: where a frame starts.
        columns: gets one row per frame.
        message: row of the first frame of the message left open, or -1.
        limit: stop after this many frames; None for all that are there.

    Returns:
        Where the first frame that is not whole starts, and the message left open (or -1).
    """
    end = len(buffer)
    begin = row = len(columns)
    add_first, add_start = columns.first.append, columns.start.append
    add_length, add_link = columns.length.append, columns.link.append
    last = row + limit if limit is not None else -1
    while row != last:
        head = pos + 2
        if head > end:
            break
        first, second = buffer[pos], buffer[pos + 1]
        length = second & 127
        if length > 125:
            size = 2 if length == 126 else 8
            head += size
            if head > end:
                break
            length = int.from_bytes(buffer[head - size : head], "big")
        stop = head + length + (4 if second > 127 else 0)
        if stop > end:
            break
        add_first(first)
        add_start(pos)
        add_length(stop - pos)
        if first & 8:
            add_link(row)
        else:
            if first & 15 or message < 0:
                message = row
            add_link(message)
            if first > 127:
                message = -1
        pos = stop
        row += 1
    columns.kind.frombytes(bytes((FRAME,)) * (row - begin))
    return pos, message


def frame_stop(buffer: bytes | bytearray, pos: int) -> int | None:
    """Where the frame at ``pos`` ends (maybe beyond the buffer), or None if the header is cut."""
    have = len(buffer) - pos
    if have < 2:
        return None
    code, masked = buffer[pos + 1] & 127, buffer[pos + 1] > 127
    size = 0 if code < 126 else 2 if code == 126 else 8
    if have < 2 + size:
        return None
    length = int.from_bytes(buffer[pos + 2 : pos + 2 + size], "big") if size else code
    return pos + 2 + size + (4 if masked else 0) + length


_TABLED = 1024
"""Payload lengths below it have their row in the next two tables."""
_REPEAT = tuple(sum(1 << 32 * word for word in range((n + 3) // 4)) for n in range(_TABLED))
"""By payload length: a key times this is the key again and again, for as many whole words."""
_SPARE = tuple(-n % 4 * 8 for n in range(_TABLED))
"""By payload length: the bits of the last key that are not needed."""


def unmasked(data: bytes, pos: int, found: list[bytes]) -> int:
    """Append the unmasked payload of each whole frame of ``data`` from ``pos`` on to ``found``.

    The quickest way from bytes to payloads: no columns, nothing checked, nothing inflated.

    Returns:
        Where the first frame that is not whole starts.
    """
    end, number, add = len(data), int.from_bytes, found.append
    repeat, spare = _REPEAT, _SPARE
    while (head := pos + 2) <= end:
        second = data[pos + 1]
        # The usual frames, masked and not long, are frames.unmask written out: calls cost time.
        if 127 < second < 254:
            length, start = second - 128, pos + 6
        elif second == 254 and pos + 8 <= end:
            length, start = data[head] << 8 | data[head + 1], pos + 8
        else:
            length, start = _TABLED, head
        if length < _TABLED:
            stop = start + length
            if stop > end:
                break
            veil = number(data[start - 4 : start]) * repeat[length] >> spare[length]
            add((number(data[start:stop]) ^ veil).to_bytes(length))
            pos = stop
            continue
        length, start = second & 127, head
        if length > 125:
            start += 2 if length == 126 else 8
            if start > end:
                break
            length = number(data[head:start])
        head = start + 4 if second > 127 else start
        stop = head + length
        if stop > end:
            break
        add(data[head:stop] if head == start else unmask(data[head:stop], data[start:head]))
        pos = stop
    return pos
