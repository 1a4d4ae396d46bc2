"""What goes into a fault and what comes out: pieces of a stream, and actions on them.

Times are nanoseconds of the relay's clock; a fault never sleeps, it says *when*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labchat.wire.conversation import Unit
    from labchat.wire.fields import Direction

MS = 1_000_000
"""Nanoseconds in a millisecond."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes on their way in one direction.

    Attributes:
        direction: which way.
        data: the bytes; none mean the end of the stream (FIN), which passes like bytes do.
        kind: "request", "response", "frame", … when ``data`` is one whole unit; else "".
        opcode: of a frame; else None.
        path: of a request, "/api/messages?x=1"; else "".
        body: the unit's own content: unmasked and inflated payload, or the body of a message.
        summary: a line about the unit.
        rest: these bytes end a unit whose start has gone on already, so the gate lets them pass.
        unit: the unit dissected, when it is one.
    """

    direction: Direction
    data: bytes
    kind: str = ""
    opcode: int | None = None
    path: str = ""
    body: bytes = b""
    summary: str = ""
    rest: bool = False
    unit: Unit | None = field(default=None, repr=False, compare=False)

    @property
    def fin(self) -> bool:
        """Whether this is the end of the stream."""
        return not self.data

    @property
    def name(self) -> str:
        """What a person calls it: "frame of 12 bytes", "FIN"."""
        return f"{self.kind or 'piece'} of {len(self.data)} bytes" if self.data else "FIN"

    def part(self, start: int, stop: int) -> Piece:
        """Some of the bytes; no longer a whole unit."""
        return Piece(self.direction, self.data[start:stop])


class Cut(StrEnum):
    """How a connection is ended."""

    FIN = "fin"
    """Orderly: both peers read an end of stream."""
    RST = "rst"
    """At once: both peers get "connection reset by peer"."""
    SILENCE = "silence"
    """Not at all: bytes vanish, both peers believe that it is open (half-open)."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Send ``piece`` on, ``after`` nanoseconds from now; never before what was sent earlier."""

    piece: Piece
    after: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep ``piece``, and all that follows it, until the faults are changed."""

    piece: Piece


@dataclass(frozen=True, slots=True)
class Swallow:
    """Never deliver ``piece``."""

    piece: Piece
    note: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Send ``data`` back to where the piece came from, as if the receiver had said it."""

    data: bytes
    note: str


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Send FIN to the receiver of this direction; the other direction stays open."""

    after: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """End the whole connection, both directions."""

    how: Cut
    after: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Write ``text`` into the capture; nothing happens to the traffic."""

    text: str


Action = Deliver | Hold | Swallow | Answer | HalfClose | End | Remark
