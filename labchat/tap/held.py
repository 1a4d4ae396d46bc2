"""What a person sees of the gate: units that wait, and what would happen while they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from labchat.tap.faults.rule import Units
from labchat.wire.fields import Direction  # noqa: TC001 - msgspec reads the annotations

if TYPE_CHECKING:
    from labchat.tap.faults.actions import Piece
    from labchat.wire.conversation import Unit


class Breakpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which units stop at the gate; what is left out means "all"."""

    direction: Direction | None = None
    connections: Annotated[tuple[int, ...], Meta(description="numbers, from 1")] | None = None
    units: Units = Units()
    """Counted (``nth``, ``first``, ``every``) over all connections, from when it was set."""

    def meant(self, connection: int, piece: Piece) -> bool:
        """Whether it is about ``piece``; counting is another matter."""
        return (
            self.direction in {None, piece.direction}
            and (self.connections is None or connection in self.connections)
            and self.units.fits(piece)
        )


class Timer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A clock that runs in a peer: it does not stop because the gate holds something.

    It starts when a unit that fits ``starts`` arrives at the tap, and again with each; it is
    stopped by a unit that fits ``stops`` going on to its receiver in the other direction.
    """

    name: str
    """What happens when it fires, as "the client gives up"."""
    direction: Direction
    """That of the units that start it."""
    after_s: Annotated[float, Meta(gt=0, description="seconds it runs")]
    starts: Units = Units()
    stops: Units | None = None


@dataclass(frozen=True, slots=True)
class Ticking:
    """A timer that runs on a connection that is held."""

    name: str
    connection: int
    due_ns: int


@dataclass(frozen=True, slots=True)
class Held:
    """A unit that waits at the gate.

    Attributes:
        id: counts up over everything held.
        connection: number of its connection.
        label: whose that is, or None.
        direction: which way it wants to go.
        kind: "request", "response", "frame", "undissected", "body", "fin"; "" for bytes of no unit.
        summary: a few words about it.
        data: the bytes that will go on.
        was: the bytes that arrived.
        since_ns: when it arrived.
        unit: dissected, as it arrived; None for bytes of no unit, and for a head or a body.
        stopped: it is here for its own sake, not since another one is ahead of it.
        due_ns: when it goes on by itself, or None.
    """

    id: int
    connection: int
    label: str | None
    direction: Direction
    kind: str
    summary: str
    data: bytes = field(repr=False)
    was: bytes = field(repr=False)
    since_ns: int
    unit: Unit | None = field(default=None, repr=False)
    stopped: bool = True
    due_ns: int | None = None

    @property
    def length(self) -> int:
        """How many bytes will go on."""
        return len(self.data)

    @property
    def edited(self) -> bool:
        """Whether they are not those that arrived."""
        return self.data != self.was


@dataclass(frozen=True, slots=True)
class GateView:
    """The gate at one moment; may cross threads.

    Attributes:
        generation: counts changes; a step made for an older one is dropped.
        paused: everything stops, not only what a breakpoint is about.
        breakpoints: what stops.
        queues: what waits, by direction, first to go first.
        timers: what will happen in the peers, soonest first.
    """

    generation: int
    paused: bool
    breakpoints: tuple[Breakpoint, ...]
    queues: dict[Direction, tuple[Held, ...]]
    timers: tuple[Ticking, ...]

    @property
    def held(self) -> tuple[Held, ...]:
        """All that waits, in order of arrival."""
        return tuple(sorted((h for queue in self.queues.values() for h in queue), key=_by_id))

    @property
    def next(self) -> Held | None:
        """What a step lets pass."""
        return min((h for queue in self.queues.values() for h in queue), key=_by_id, default=None)


def _by_id(held: Held) -> int:
    return held.id
