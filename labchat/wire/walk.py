"""What every part of a lane stands on: its bytes, its units, the unit in work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labchat.wire import index
from labchat.wire.fields import Direction
from labchat.wire.index import Columns, Part

if TYPE_CHECKING:
    from collections.abc import Generator

    Steps = Generator[None, None, None]


BLOCK = 64 << 10
"""Bytes of one undissected unit at most."""


class Reason:
    """Why a unit is undissected; kept as a number in the columns."""

    NOT_HTTP = 0
    CUT = 1
    REST = 2
    TLS = 3
    TUNNEL = 4
    HTTP2 = 5
    UNSURE = 6
    SKIPPED = 7


@dataclass(slots=True)
class Pending:
    """A request that waits for its final response."""

    row: int
    method: str
    asks_upgrade: bool


@dataclass(slots=True)
class Shared:
    """What the two lanes of a connection know of each other.

    Attributes:
        protocol: "" (nothing seen), "http", "websocket", "tls" or "tunnel".
        pending: requests without final response, oldest first.
        late: no handshake was seen: the capture began in mid-stream.
        switched: (row of the request, row of the response) that changed the protocol.
    """

    protocol: str = ""
    pending: deque[Pending] = field(default_factory=deque)
    late: bool = False
    switched: tuple[int, int] | None = None


class Walk(ABC):
    """The ground of a lane.

    Attributes:
        direction: which way.
        buffer: all bytes so far; gaps take no room in it.
        units: what was found.
        pos: everything before this offset belongs to a unit.
        waiting: holds back bytes until the other direction says what they are.
        chunk_left: row of an event that starts inside a chunk: data bytes left in that chunk.
        chunked_rows: heads of event streams that came chunked.
        other: the lane of the other direction.
    """

    def __init__(self, direction: Direction, shared: Shared) -> None:
        self.direction = direction
        self.buffer = bytearray()
        self.units = Columns()
        self.pos = 0
        self.waiting = False
        self.chunk_left: dict[int, int] = {}
        self.chunked_rows: set[int] = set()
        self.other: Walk | None = None
        self._shared = shared
        self._client = direction is Direction.C2S
        self._kind, self._part, self._link = index.UNDISSECTED, Reason.NOT_HTTP, -1
        self._stop = -1
        self._left = 0

    @abstractmethod
    def _speak(self, protocol: str) -> Steps:
        """Go on in ``protocol``; does not come back."""

    def _until(self, stop: int) -> Steps:
        while len(self.buffer) < stop:
            yield

    def _emit(self, stop: int, kind: int, part: int, link: int = -1) -> int:
        row = self.units.add(kind, part, self.pos, stop - self.pos, link)
        self.pos = stop
        self._stop = -1
        self._kind, self._part, self._link = index.UNDISSECTED, Reason.NOT_HTTP, -1
        return row

    def _doing(self, kind: int, part: int, link: int, stop: int = -1) -> None:
        """Say what the unit in work is, in case that it is cut off."""
        self._kind, self._part, self._link, self._stop = kind, part, link, stop

    def _flush(self) -> None:
        if len(self.buffer) > self.pos:
            self._emit_cut(len(self.buffer), self._kind, self._part, self._link)

    def _emit_cut(self, stop: int, kind: int, part: int, link: int) -> None:
        """Emit a unit that may be cut off, with all that belongs to its end."""
        row = self._emit(stop, kind, part, link)
        if self._left:
            self.chunk_left[row], self._left = self._left, 0
        if kind == index.RESPONSE and part == Part.MESSAGE:
            self._answered(row, link)

    def _answered(self, row: int, link: int) -> None:
        """Pair response ``row`` with the request it answers."""
        if link >= 0 and self.other is not None and self._shared.pending:
            self._shared.pending.popleft()
            if link < len(self.other.units):
                self.other.units.link[link] = row
            else:
                self.other.answer_early(row)

    def answer_early(self, row: int) -> None:
        """Response ``row`` answers the request that is still coming in."""
        self._link = row

    def _opaque(self, reason: int) -> Steps:
        while True:
            self._doing(index.UNDISSECTED, reason, -1)
            yield from self._until(self.pos + BLOCK)
            self._emit(self.pos + BLOCK, index.UNDISSECTED, reason)
