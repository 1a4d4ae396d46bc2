"""Drop: the connection ends, by FIN, by RST, or by silence, which are three different things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from labchat.tap.faults.actions import MS, Action, Cut, Deliver, End, Piece
from labchat.tap.faults.base import Applier, Fault

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable


class Drop(Fault, frozen=True, kw_only=True, tag="drop"):
    """End the connection.

    With ``units`` in its rule it waits for the unit chosen there ("the fifth frame"), which is
    not delivered; else for a time. Then it acts once, on the connections there are, ``after_ms``
    after the rule comes into force: who comes back is left alone. In a rule with ``for_s`` each
    connection has a clock of its own, from then or from when it was made; those made after that
    time are left alone.
    """

    by: Cut
    after_ms: Annotated[float, Meta(ge=0, description="milliseconds to wait")] = 0

    @property
    def once_after_ns(self) -> int:
        """It is an act of one moment."""
        return round(self.after_ms * MS)

    def start(self, *, whole_units: bool) -> Applier:
        """By the unit, or by the clock."""
        return self if whole_units else _Timed(self)

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """This is the chosen unit."""
        yield self.end()

    def end(self) -> End:
        """The action."""
        return End(self.by, round(self.after_ms * MS), f"The tap dropped the connection by {self}")

    def describe(self) -> str:
        """Such as "drop by RST after 2000 ms"."""
        return f"drop by {self}"

    def __str__(self) -> str:
        """Such as "RST after 2000 ms"."""
        name = self.by if self.by is Cut.SILENCE else self.by.upper()
        return f"{name} after {self.after_ms:g} ms" if self.after_ms else name


class _Timed:
    def __init__(self, settings: Drop) -> None:
        self._settings = settings

    def begins(self, now: int, rng: random.Random) -> Iterable[Action]:
        """Start the clock."""
        yield self._settings.end()

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """Until then everything passes."""
        yield Deliver(piece)
