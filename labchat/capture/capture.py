r"""The capture: chunks and their times in, units out, while the traffic runs.

Writing is thread-safe and costs one append; nothing is dissected then. Reading drains what was
written, finds unit boundaries as columns and keeps them; a unit's fields are made when that unit
is asked for. Memory: the bytes themselves (once, with up to an eighth of slack), about 60 bytes
of columns a unit and 21 a chunk.

>>> from labchat.wire.fields import Direction
>>> capture = Capture()
>>> connection = capture.open(0, client="127.0.0.1:51234", server="127.0.0.1:3000")
>>> head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
>>> capture.append(connection, Chunk(5, Direction.C2S, 0, head))
>>> [(row.n, row.kind.value, row.summary) for row in capture.rows()]
[(1, 'request', 'GET /')]
"""

from __future__ import annotations

from array import array
from collections import OrderedDict, deque
from dataclasses import replace
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING

from labchat.capture import bulk
from labchat.capture.model import (
    Annotation,
    Captured,
    Chunk,
    Connection,
    End,
    Ended,
    Gapped,
    Newest,
    Opened,
    Row,
    UnitColumns,
)
from labchat.capture.track import Track
from labchat.capture.view import View
from labchat.wire.fields import Direction
from labchat.wire.index import KINDS, Kind
from labchat.wire.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from labchat.capture.model import Event

__all__ = [
    "Annotation",
    "Capture",
    "Captured",
    "Chunk",
    "Connection",
    "End",
    "Ended",
    "Gapped",
    "Opened",
    "Row",
]

_KEPT = 32
_KEPT_BYTES = 1 << 20
_DIRECTIONS = (Direction.C2S, Direction.S2C)


class Capture(View):
    """All that crossed a tap (or that a file holds), by connection and by unit.

    Args:
        epoch_ns: the reading of the clock at which time 0 is; every ``at_ns`` that is written
            counts on that clock, every time that is read counts from ``epoch_ns``.
        started_at: the wall clock at time 0, or None when it is not known.
    """

    def __init__(self, *, epoch_ns: int = 0, started_at: datetime | None = None) -> None:
        self.epoch_ns = epoch_ns
        self.started_at = started_at
        self._numbers = count(1)
        self._written: deque[tuple[int, Event | Annotation | Newest | str]] = deque()
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._lock = RLock()
        self._tracks: dict[int, Track] = {}
        self._log = array("I")
        self._annotations: list[Annotation] = []
        self._lane = array("I")
        self._row = array("Q")
        self._at = array("q")
        self._end = array("q")
        self._recent: OrderedDict[int, Captured] = OrderedDict()

    # -- writing: any thread, one append, no dissection -------------------------------------

    def open(self, at_ns: int, *, client: str, server: str, label: str | None = None) -> int:
        """A connection was opened; returns its number: 1, 2, …."""
        number = next(self._numbers)
        self._write(number, Opened(at_ns, client, server, label))
        return number

    def append(self, connection: int, chunk: Chunk) -> None:
        """One read's bytes. A chunk ahead of its stream leaves a gap; an overlap is cut off."""
        self._write(connection, chunk)

    def gap(self, connection: int, direction: Direction, at_ns: int, length: int) -> None:
        """``length`` bytes are missing at the current end of one direction."""
        self._write(connection, Gapped(at_ns, direction, -1, length))

    def end(self, connection: int, direction: Direction, at_ns: int, how: End) -> None:
        """One direction ended: what is left of it becomes a unit."""
        self._write(connection, Ended(at_ns, direction, how))

    def annotate(
        self,
        at_ns: int,
        text: str,
        *,
        connection: int | None = None,
        unit: int | Direction | None = None,
    ) -> None:
        """Write a remark down.

        ``unit`` is a number, or a direction: of the unit that has just gone that way, if a whole
        one has.
        """
        number = unit if isinstance(unit, int) else None
        note = Annotation(at_ns - self.epoch_ns, text, connection, number)
        if isinstance(unit, Direction) and connection is not None:
            self._write(connection, Newest(note, unit))
        else:
            self._write(0, note)

    def label(self, connection: int, name: str) -> None:
        """Say who the client of a connection is."""
        self._write(connection, name)

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed`` after each write, in the writer's thread; returns its undoing."""
        self._listeners += (changed,)

        def undo() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not changed)

        return undo

    def _write(self, connection: int, what: Event | Annotation | Newest | str) -> None:
        self._written.append((connection, what))
        for changed in self._listeners:
            changed()

    # -- reading: any thread, drains first --------------------------------------------------

    def __bool__(self) -> bool:
        """Always true, an empty capture too."""
        return True

    def __len__(self) -> int:
        """How many units there are so far."""
        with self._lock:
            self._drain()
            return len(self._at)

    def rows(self, start: int = 1, stop: int | None = None) -> list[Row]:
        """Units ``start`` up to, not including, ``stop`` (all when None), without dissecting."""
        with self._lock:
            self._drain()
            last = len(self._at) + 1
            stop = last if stop is None else min(stop, last)
            return [self._make_row(n) for n in range(max(start, 1), stop)]

    def unit(self, n: int) -> Captured:
        """Unit ``n`` with its field tree. Raises IndexError when there is no such unit."""
        with self._lock:
            self._drain()
            if not 1 <= n <= len(self._at):
                raise IndexError(f"no unit {n}: there are {len(self._at)}")
            return self._captured(n)

    def summary(self, n: int) -> str:
        """One line about unit ``n``. Raises IndexError when there is no such unit."""
        captured = self.unit(n)
        return summarize(captured.unit, captured.message)

    @property
    def connections(self) -> list[Connection]:
        """Every connection, in the order of opening."""
        with self._lock:
            self._drain()
            return [self._tracks[number].connection() for number in sorted(self._tracks)]

    @property
    def annotations(self) -> list[Annotation]:
        """Every remark, in the order of writing."""
        with self._lock:
            self._drain()
            return list(self._annotations)

    def stream(self, connection: int, direction: Direction) -> bytes:
        """All bytes of one direction, lost ones left out. Raises KeyError: no such connection."""
        with self._lock:
            self._drain()
            return bytes(self._tracks[connection].conversation.buffer(direction))

    def track(self, connection: int) -> Track:
        """What is known of one connection. Raises KeyError when there is no such connection."""
        with self._lock:
            self._drain()
            return self._tracks[connection]

    def columns(self) -> UnitColumns:
        """All units as columns: what a table is made of, a million rows in milliseconds."""
        with self._lock:
            self._drain()
            tracks = [self._tracks[number] for number in sorted(self._tracks)]
            lanes = tuple(track.lane(one) for track in tracks for one in _DIRECTIONS)
            return UnitColumns(self._lane[:], self._row[:], self._at[:], self._end[:], lanes)

    def events(self) -> Iterator[tuple[int, Event]]:
        """(connection, event) in the order of writing, times on the writer's clock.

        What a file writer needs; writing them into another Capture gives the same capture.
        """
        with self._lock:
            self._drain()
            places = {number: track.replay() for number, track in self._tracks.items()}
            log = self._log[:]
        for number in log:
            with self._lock:
                event = next(places[number])
            yield number, event

    # -- inside the lock --------------------------------------------------------------------

    def _drain(self) -> None:
        written = self._written
        while written:
            if len(written) > bulk.MANY:
                self._take_many()
            if not written:
                break
            number, what = written.popleft()
            if isinstance(what, Chunk):
                self._take(self._tracks[number], what)
            elif isinstance(what, Annotation):
                self._annotations.append(what)
            elif isinstance(what, Newest):
                n = self._tracks[number].newest(what.direction)
                self._annotations.append(replace(what.note, unit=n))
            elif isinstance(what, Opened):
                self._tracks[number] = Track(number, what, self.epoch_ns)
                self._log.append(number)
            elif isinstance(what, str):
                self._tracks[number].label = what
            else:
                self._take(self._tracks[number], what)

    def _take_many(self) -> None:
        """Take the chunks at the head of the queue that may be taken all at once."""
        piles, taken = bulk.gather(self._written, self._tracks)
        if len(taken) < bulk.MANY:
            for number, chunk in taken:
                self._take(self._tracks[number], chunk)
            return
        found = bulk.settle(piles, len(self._at) + 1)
        self._log.extend([number for number, _ in taken])
        self._lane += found.lane
        self._row += found.row
        self._at += found.at
        self._end += found.end

    def _take(self, track: Track, event: Chunk | Gapped | Ended) -> None:
        """Give an event to its connection, and number the units that it completes."""
        if isinstance(event, Chunk):
            added = track.chunk(event)
        elif isinstance(event, Gapped):
            added = track.gap(event)
        else:
            added = track.end(event)
        for _ in range(added):
            self._log.append(track.number)
        self._number(track, event.direction)
        self._number(track, event.direction.other)

    def _number(self, track: Track, direction: Direction) -> None:
        rows = track.number_new(direction, len(self._at) + 1, self._at, self._end)
        if rows:
            lane = 2 * track.number - (2 if direction is Direction.C2S else 1)
            self._lane.extend([lane] * len(rows))
            self._row.extend(rows)

    def _place(self, n: int) -> tuple[Track, Direction, int]:
        """Connection, direction and row of unit ``n``."""
        number, way = divmod(self._lane[n - 1], 2)
        return self._tracks[number + 1], _DIRECTIONS[way], self._row[n - 1]

    def _make_row(self, n: int) -> Row:
        track, direction, row = self._place(n)
        units = track.conversation.units(direction)
        kind = KINDS[units.kind[row]]
        opcode = units.first[row] & 15 if kind is Kind.FRAME else None
        at, end, length = self._at[n - 1], self._end[n - 1], units.length[row]
        return Row(n, track.number, direction, at, end, kind, length, opcode, self)

    def _captured(self, n: int) -> Captured:
        """Unit ``n`` dissected; the last few are kept, as long as they may not change."""
        if n in self._recent:
            self._recent.move_to_end(n)
            return self._recent[n]
        track, direction, row = self._place(n)
        conversation = track.conversation
        message = conversation.message(direction, row)
        if message is not None:
            numbers = track.numbers(direction)
            message = replace(message, frames=tuple(numbers[one] for one in message.frames))
        peer = conversation.peer(direction, row)
        if peer is not None:
            others = track.numbers(direction.other)
            peer = others[peer] if peer < len(others) else None
        captured = Captured(self._make_row(n), conversation.unit(direction, row), message, peer)
        if message is None or message.complete:
            self._keep(n, captured)
        return captured

    def _keep(self, n: int, captured: Captured) -> None:
        waits = captured.row.kind is Kind.REQUEST and captured.peer is None
        if not waits and captured.row.length <= _KEPT_BYTES:
            self._recent[n] = captured
            if len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
