"""Duplication: a whole frame or HTTP message arrives more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from labchat.tap.faults.actions import Action, Deliver, Piece
from labchat.tap.faults.base import Fault

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable


class Duplicate(Fault, frozen=True, kw_only=True, tag="duplicate"):
    """Deliver the unit again, right behind itself.

    A fault of the **application layer**: TCP never delivers a byte twice. It stands for a client
    that retries, or a proxy that resends.
    """

    of_units = True

    copies: Annotated[int, Meta(ge=1, le=100, description="how many more")] = 1

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """The unit, and its copies."""
        yield Deliver(piece)
        for _ in range(self.copies):
            yield Deliver(piece, note=f"The tap duplicated a {piece.name} (application layer)")

    def describe(self) -> str:
        """Such as "duplicate"."""
        return "duplicate" if self.copies == 1 else f"duplicate × {self.copies + 1}"
