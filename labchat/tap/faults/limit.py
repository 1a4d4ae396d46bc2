"""Limit: so many bytes pass, then the connection ends in mid-sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from labchat.tap.faults.actions import Action, Cut, Deliver, End, Piece
from labchat.tap.faults.base import Applier, Fault, Steady

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable


class Limit(Fault, frozen=True, kw_only=True, tag="limit"):
    """Deliver ``after_bytes`` bytes of one direction, then end the connection.

    Counted on each direction it is on, from when it was switched on.
    """

    after_bytes: Annotated[int, Meta(ge=0, description="bytes that pass, one way")]
    by: Cut = Cut.FIN

    def start(self, *, whole_units: bool) -> Applier:
        """Remembers how many bytes may still pass."""
        return _Limited(self)

    def describe(self) -> str:
        """Such as "limit 1000 B, then fin"."""
        return f"limit {self.after_bytes} B, then {self.by}"


class _Limited(Steady):
    def __init__(self, settings: Limit) -> None:
        self._settings = settings
        self._left = settings.after_bytes

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """What fits passes."""
        passing = piece if len(piece.data) <= self._left else piece.part(0, self._left)
        self._left -= len(passing.data)
        if passing.data or piece.fin:
            yield Deliver(passing)
        if passing is not piece:
            limit = self._settings
            yield End(
                limit.by, note=f"The tap ended the connection after {limit.after_bytes} bytes"
            )
