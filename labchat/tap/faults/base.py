"""What all faults have in common: settings, and something that acts on one direction.

A fault is three things, kept apart so that each can be read alone: its **settings** (frozen, JSON),
what it remembers **over all connections** (:meth:`Fault.arm`), and what it remembers **of one
direction of one connection** (:meth:`Armed.start`). A fault that remembers nothing is all three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

import msgspec

from labchat.tap.faults.actions import Action, Deliver, Piece

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable


class Applier(Protocol):
    """A fault at work on one direction of one connection."""

    def begins(self, now: int, rng: random.Random) -> Iterable[Action]:
        """It comes into force: actions that need no traffic to happen."""
        ...

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """What becomes of ``piece``, which gets here at ``now``."""
        ...


class Steady:
    """An applier that does nothing without traffic."""

    def begins(self, now: int, rng: random.Random) -> Iterable[Action]:
        """Nothing."""
        return ()


class Armed(Protocol):
    """A fault switched on, for all connections."""

    def admits(self, rng: random.Random) -> bool:
        """Whether a new connection may be made."""
        ...

    def start(self, *, whole_units: bool) -> Applier:
        """A new applier; ``whole_units`` tells that every piece will be one whole unit."""
        ...


class Fault(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """A fault that does nothing: the baseline, and the base of all others.

    Attributes:
        of_units: whether it acts on whole frames and HTTP messages only. TCP itself loses and
            repeats no bytes, so such a fault is one of the application layer.
        rank: place among the faults of bytes; smaller ones come first.
    """

    of_units: ClassVar[bool] = False
    rank: ClassVar[int] = 2

    @property
    def refuses_all(self) -> bool:
        """Whether nobody is let in while it is in force."""
        return False

    @property
    def once_after_ns(self) -> int | None:
        """Nanoseconds until it acts once for all, if it does when no end of it is set."""
        return None

    def arm(self) -> Armed:
        """Switch it on."""
        return self

    def admits(self, rng: random.Random) -> bool:
        """Whether a new connection may be made."""
        return True

    def start(self, *, whole_units: bool) -> Applier:
        """Something that acts on one direction of one connection."""
        return self

    def begins(self, now: int, rng: random.Random) -> Iterable[Action]:
        """Nothing happens without traffic."""
        return ()

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """Everything goes on at once."""
        yield Deliver(piece)

    def describe(self) -> str:
        """What it does, for the fault bar and for annotations."""
        return type(self).__name__.lower()
