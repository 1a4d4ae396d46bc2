"""What a dissected byte is called: spans, fields, violations.

Coordinates are **bits** from the start of the buffer a field was read from, half-open, so that
``Span(0, 1)`` is FIN and ``Span(16, 48)`` a masking key. The leaves of a unit's fields tile its
bytes exactly: no gap, no overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Direction(StrEnum):
    """Which way bytes travel on one connection."""

    C2S = "c2s"
    S2C = "s2c"

    @property
    def other(self) -> Direction:
        """The opposite direction."""
        return Direction.S2C if self is Direction.C2S else Direction.C2S


class Span(NamedTuple):
    """A half-open range of bits, counted from the start of its buffer."""

    start: int
    stop: int

    @classmethod
    def of_bytes(cls, start: int, stop: int) -> Span:
        """The span of whole bytes ``start`` up to ``stop``."""
        return cls(8 * start, 8 * stop)

    @property
    def bits(self) -> int:
        """How many bits the span holds."""
        return self.stop - self.start

    def shifted(self, bits: int) -> Span:
        """The same span, moved right by ``bits``."""
        return Span(self.start + bits, self.stop + bits)


class Field(NamedTuple):
    """A named piece of a unit.

    Attributes:
        name: verbatim from the RFC ("FIN", "Payload len", "Masking-key", "field-name").
        span: where it is, in bits from the unit's start.
        value: what it says, decoded; bytes where no decoding is meant.
        children: fields it is made of; they tile it.
    """

    name: str
    span: Span
    value: int | str | bytes | bool | None = None
    children: tuple[Field, ...] = ()

    def leaves(self) -> Iterator[Field]:
        """The fields without children below (or at) this one, in order."""
        if not self.children:
            yield self
            return
        yield from leaves(self.children)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule the bytes break: what it says, where it stands, which bits break it.

    Attributes:
        rule: one sentence, for a person.
        section: the source, such as "RFC 6455 §5.1".
        span: the offending bits, from the unit's start.
    """

    rule: str
    section: str
    span: Span


make = tuple.__new__
"""``make(Field, (…))`` is ``Field(…)`` in half the time, for where a million of them are made."""


def leaves(fields: Iterable[Field]) -> Iterator[Field]:
    """All leaves of ``fields``, in order."""
    for field in fields:
        yield from field.leaves()
