"""Slicing: small segments, so that a reader must put frames together again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from labchat.tap.faults.actions import MS, Action, Deliver, Piece
from labchat.tap.faults.base import Applier, Fault, Steady

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable


class Slicer(Fault, frozen=True, kw_only=True, tag="slicer"):
    """At most so many bytes in one segment.

    With ``gap_ms`` 0 the receiver may well read several segments at once: TCP promises bytes,
    not segments. A gap makes it see each alone.
    """

    size_bytes: Annotated[int, Meta(ge=1, description="bytes in a segment, at most")]
    gap_ms: Annotated[float, Meta(ge=0, description="milliseconds between two segments")] = 0

    def start(self, *, whole_units: bool) -> Applier:
        """Remembers when the last segment left."""
        return _Sliced(self)

    def describe(self) -> str:
        """Such as "slices of 1 B, 5 ms apart"."""
        apart = f", {self.gap_ms:g} ms apart" if self.gap_ms else ""
        return f"slices of {self.size_bytes} B{apart}"


class _Sliced(Steady):
    def __init__(self, settings: Slicer) -> None:
        self._size = settings.size_bytes
        self._gap = round(settings.gap_ms * MS)
        self._next = 0

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """One action a segment."""
        for at in range(0, max(1, len(piece.data)), self._size):
            due = max(now, self._next)
            self._next = due + self._gap
            yield Deliver(piece.part(at, at + self._size), due - now)
