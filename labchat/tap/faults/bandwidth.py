"""Bandwidth: the line carries so many bytes a second, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from labchat.tap.faults.actions import Action, Deliver, Piece
from labchat.tap.faults.base import Applier, Fault, Steady

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

SECOND = 1_000_000_000
LEAST = 64
"""Smallest piece the line is divided into, bytes; it bounds how many pieces a read becomes."""


class Bandwidth(Fault, frozen=True, kw_only=True, tag="bandwidth"):
    """Bytes leave one behind the other; a piece is there when its last byte is.

    Large pieces are handed on in parts of 20 ms each, so that a slow line trickles.
    """

    bytes_per_s: Annotated[float, Meta(gt=0, description="bytes a second, one way")]

    def start(self, *, whole_units: bool) -> Applier:
        """Remembers until when the line is busy."""
        return _Narrow(self.bytes_per_s)

    def describe(self) -> str:
        """Such as "bandwidth 16000 B/s"."""
        return f"bandwidth {self.bytes_per_s:g} B/s"


class _Narrow(Steady):
    def __init__(self, bytes_per_s: float) -> None:
        self._rate = bytes_per_s
        self._part = max(LEAST, int(bytes_per_s / 50))
        self._free = 0

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """After what is on the line already."""
        self._free = max(self._free, now)
        if len(piece.data) <= self._part:
            yield self._sent(piece, now)
            return
        for at in range(0, len(piece.data), self._part):
            yield self._sent(piece.part(at, at + self._part), now)

    def _sent(self, piece: Piece, now: int) -> Deliver:
        self._free += round(len(piece.data) / self._rate * SECOND)
        return Deliver(piece, self._free - now)
