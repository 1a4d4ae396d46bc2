"""Offline: the cable is out; what was sent waits, as it does in TCP, until it is in again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.tap.faults.actions import Action, Hold, Piece
from labchat.tap.faults.base import Fault

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable


class Offline(Fault, frozen=True, kw_only=True, tag="offline"):
    """Nothing passes while it is on; afterwards everything does, in order.

    A cable out for a while loses no bytes: TCP sends them again. (Real TCP sends again at growing
    intervals, so it may notice later than here that the line is back.)
    """

    rank = 1

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """Kept."""
        yield Hold(piece)
