"""Corruption: one byte is another when it arrives, which TCP's weak checksum can let through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, structs

from labchat.tap.faults.actions import Action, Deliver, Piece
from labchat.tap.faults.base import Applier, Fault, Steady

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable


class Corrupt(Fault, frozen=True, kw_only=True, tag="corrupt"):
    """Flip bits of one byte.

    With ``units`` in its rule, ``offset`` counts from the start of each chosen unit (from its end
    when negative); else from the first byte that passes once it is on, and it happens once.
    """

    offset: Annotated[int, Meta(description="which byte, from 0")] = 0
    bit: (
        Annotated[
            int, Meta(ge=0, le=7, description="which bit, 0 the first on the wire; none: all")
        ]
        | None
    ) = None

    @property
    def mask(self) -> int:
        """The byte is XORed with this."""
        return 0xFF if self.bit is None else 0x80 >> self.bit

    def start(self, *, whole_units: bool) -> Applier:
        """By unit, or by position in the stream."""
        return self if whole_units else _AtPosition(self)

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """Flip, unless the unit is too short."""
        length = len(piece.data)
        at = self.offset + length if self.offset < 0 else self.offset
        if not 0 <= at < length:
            yield Deliver(piece)
            return
        was = piece.data[at]
        now_is = was ^ self.mask
        data = piece.data[:at] + bytes([now_is]) + piece.data[at + 1 :]
        note = f"The tap corrupted byte {at} of a {piece.name}: {was:02x} became {now_is:02x}"
        yield Deliver(Piece(piece.direction, data, piece.kind), note=note)

    def describe(self) -> str:
        """Such as "corrupt bit 1 of byte 0"."""
        which = "" if self.bit is None else f"bit {self.bit} of "
        return f"corrupt {which}byte {self.offset}"


class _AtPosition(Steady):
    """Counts stream bytes until the one to flip comes by."""

    def __init__(self, settings: Corrupt) -> None:
        self._settings = settings
        self._seen = 0

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """Flip where the stream has got to the offset."""
        at = self._settings.offset - self._seen
        self._seen += len(piece.data)
        if 0 <= at < len(piece.data):
            yield from structs.replace(self._settings, offset=at).apply(piece, now, rng)
        else:
            yield Deliver(piece)
