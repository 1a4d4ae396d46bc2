"""Reading bytes and naming them is one call, so that span, value and name cannot drift apart."""

from __future__ import annotations

from labchat.wire.fields import Field, Span, Violation


class Cursor:
    """A place in ``data`` that leaves a trail of fields.

    Attributes:
        data: the bytes being read.
        pos: the next byte to read.
        violations: what was flagged so far.
    """

    __slots__ = ("_groups", "data", "pos", "violations")

    def __init__(self, data: bytes, pos: int = 0) -> None:
        self.data = data
        self.pos = pos
        self.violations: list[Violation] = []
        self._groups: list[tuple[int, list[Field]]] = [(pos, [])]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The top-level fields read so far."""
        return tuple(self._groups[0][1])

    def take(self, name: str, stop: int, value: int | str | bytes | None = None) -> None:
        """Name the bytes up to ``stop``; their text is the value unless one is given.

        Nothing is named when there is no byte to name.
        """
        if stop > self.pos:
            if value is None:
                value = self.data[self.pos : stop].decode("latin-1")
            span = Span(8 * self.pos, 8 * stop)
            self._groups[-1][1].append(Field(name, span, value))
            self.pos = stop

    def open(self) -> None:
        """Start a group: fields taken from now on are its children."""
        self._groups.append((self.pos, []))

    def close(self, name: str, value: int | str | bytes | None = None) -> None:
        """End the group; it is one field, unless nothing was taken."""
        start, children = self._groups.pop()
        if children:
            span = Span(8 * start, 8 * self.pos)
            self._groups[-1][1].append(Field(name, span, value, tuple(children)))

    def flag(self, rule: str, section: str, start: int, stop: int) -> None:
        """Record that bytes ``start`` to ``stop`` break ``rule``.

        A place where something is missing has no bytes: the nearest byte stands for it.
        """
        stop = min(max(stop, start + 1), len(self.data))
        start = min(start, stop - 1)
        if stop:
            self.violations.append(Violation(rule, section, Span(8 * start, 8 * stop)))


def shifted(field: Field, bits: int) -> Field:
    """``field`` and all below it, moved right by ``bits``."""
    children = tuple(shifted(child, bits) for child in field.children)
    return Field(field.name, field.span.shifted(bits), field.value, children)
