"""A capture's columns as numpy arrays in unit order: what the tables are cut from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labchat.wire.index import FRAME, RESPONSE, Part

if TYPE_CHECKING:
    from array import array

    import numpy.typing as npt

    from labchat.capture.capture import Capture
    from labchat.capture.model import LaneColumns

    Ints = npt.NDArray[Any]

_DTYPES = {"B": np.uint8, "I": np.uint32, "Q": np.uint64, "q": np.int64}


@dataclass(frozen=True, slots=True)
class Flat:
    """Entry i is unit i + 1.

    Attributes:
        lane: which direction of which connection; even ones go to the server.
        row: the unit's row in its lane.
        at_ns, end_ns: arrival of first and last byte.
        kind, first, start, length: as in :class:`labchat.wire.index.Columns`.
        link: number of the unit that ``Columns.link`` points to, in the same lane for frames and
            events, in the other one for requests and responses; 0 where there is none.
        second: a frame's second byte; else 0.
        lanes: two a connection.
    """

    lane: Ints
    row: Ints
    at_ns: Ints
    end_ns: Ints
    kind: Ints
    first: Ints
    start: Ints
    length: Ints
    link: Ints
    second: Ints
    lanes: tuple[LaneColumns, ...]

    def __len__(self) -> int:
        return len(self.lane)

    @property
    def n(self) -> Ints:
        """The units' numbers."""
        return np.arange(1, len(self) + 1, dtype=np.int64)


def flatten(capture: Capture) -> Flat:
    """All units that ``capture`` holds now."""
    columns = capture.columns()
    lanes = [_Lane(lane) for lane in columns.lanes]
    links = [one.links(lanes[place ^ 1]) for place, one in enumerate(lanes)]
    sizes = [len(one.kind) for one in lanes]
    base = np.cumsum([0, *sizes])[:-1].astype(np.int64)
    lane, row = as_numpy(columns.lane), as_numpy(columns.row).astype(np.int64)
    place = base[lane] + row if len(lane) else row
    return Flat(
        lane=lane,
        row=row,
        at_ns=as_numpy(columns.at_ns),
        end_ns=as_numpy(columns.end_ns),
        kind=_join([one.kind for one in lanes], np.uint8)[place],
        first=_join([one.first for one in lanes], np.uint8)[place],
        start=_join([one.start for one in lanes], np.int64)[place],
        length=_join([one.length for one in lanes], np.int64)[place],
        link=_join(links, np.int64)[place],
        second=_join([one.second for one in lanes], np.uint8)[place],
        lanes=columns.lanes,
    )


class _Lane:
    """One direction's columns as arrays of equal length."""

    def __init__(self, lane: LaneColumns) -> None:
        units = lane.units
        self.numbers = as_numpy(lane.numbers).astype(np.int64)
        size = len(self.numbers)
        self.kind = as_numpy(units.kind)[:size]
        self.first = as_numpy(units.first)[:size]
        self.start = as_numpy(units.start)[:size].astype(np.int64)
        self.length = as_numpy(units.length)[:size].astype(np.int64)
        self.link = as_numpy(units.link)[:size]
        self.second = np.zeros(size, dtype=np.uint8)
        frames = self.kind == FRAME
        if frames.any():
            data = np.frombuffer(bytes(lane.buffer), dtype=np.uint8)
            self.second[frames] = data[self.start[frames] + 1]

    def links(self, other: _Lane) -> Ints:
        """The numbers of the units that ``link`` points to; 0 where there is none."""
        own = (self.kind == FRAME) | ((self.kind == RESPONSE) & (self.first >= Part.EVENT))
        found = np.zeros(len(self.kind), dtype=np.int64)
        for where, numbers in ((own, self.numbers), (~own, other.numbers)):
            known = where & (self.link >= 0) & (self.link < len(numbers))
            found[known] = numbers[self.link[known]]
        return found


def as_numpy(column: array[int]) -> Ints:
    """A copy of ``column``, which may go on growing."""
    return np.frombuffer(column[:], dtype=_DTYPES[column.typecode])


def _join(parts: list[Ints], dtype: type[np.generic]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=dtype), *parts])
