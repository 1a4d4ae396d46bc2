"""Swallowing: a whole frame or HTTP message never arrives, and the stream goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.tap.faults import actions
from labchat.tap.faults.base import Fault

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from labchat.tap.faults.actions import Action, Piece


class Swallow(Fault, frozen=True, kw_only=True, tag="swallow"):
    """Deliver everything but this unit.

    A fault of the **application layer**: TCP loses no bytes out of the middle of a stream. It
    stands for a server or a proxy that drops a message.
    """

    of_units = True

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """Gone."""
        yield actions.Swallow(piece, f"The tap swallowed a {piece.name} (application layer)")
