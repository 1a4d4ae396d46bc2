"""Exchanges laid on connections and played into a capture in the order of time. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labchat.capture.model import Chunk, End
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from labchat.capture.capture import Capture
    from labchat.capture.har_build import Exchange

Step = tuple[int, "_Place", Direction | None, "bytes | int | End | str | None"]
"""Nanoseconds since time 0, connection, direction, and what: None opens, a str annotates."""


@dataclass(slots=True, eq=False)
class _Place:
    """A connection to be.

    Attributes:
        first: its first exchange, which names the addresses.
        free_ns: when its last exchange ended, or None once nothing may follow.
        last_ns: when its last byte passed.
        number: in the capture.
        offsets: of the next byte, by direction.
    """

    first: Exchange
    free_ns: int | None = 0
    last_ns: int = 0
    number: int = 0
    offsets: dict[Direction, int] = field(default_factory=lambda: dict.fromkeys(Direction, 0))


def play(exchanges: list[Exchange], started_at: datetime | None, capture: Capture) -> None:
    """Put every exchange into ``capture``, whose time 0 is ``started_at``."""
    places: list[_Place] = []
    steps: list[Step] = []
    by_group: dict[str, _Place] = {}
    for one in sorted(exchanges, key=lambda one: one.started_at):
        begin = _nanoseconds(one.started_at - started_at) if started_at else 0
        place = by_group.get(one.group or "")
        if place is None or place.free_ns is None or begin < place.free_ns:
            place = _Place(one)
            places.append(place)
            steps.append((begin, place, None, None))
        if one.group is not None:
            by_group[one.group] = place
        steps += _steps(one, place, begin)
    steps += [(place.last_ns, place, way, End.FIN) for place in places for way in Direction]
    for step in sorted(steps, key=lambda step: step[0]):
        _take(capture, *step)


def _steps(one: Exchange, place: _Place, begin: int) -> Iterator[Step]:
    for sentence in one.notes:
        yield begin, place, None, sentence
    for milliseconds, way, what in one.said:
        place.last_ns = begin + round(milliseconds * 1_000_000)
        yield place.last_ns, place, way, what
    place.free_ns = place.last_ns if one.stays else None


def _take(
    capture: Capture,
    at_ns: int,
    place: _Place,
    way: Direction | None,
    what: bytes | int | End | str | None,
) -> None:
    if what is None:
        first = place.first
        place.number = capture.open(
            at_ns, client=first.client, server=first.server, label=first.label
        )
    elif way is None:
        capture.annotate(at_ns, str(what), connection=place.number)
    elif isinstance(what, End):
        capture.end(place.number, way, at_ns, what)
    elif isinstance(what, int):
        capture.gap(place.number, way, at_ns, what)
        place.offsets[way] += what
    elif isinstance(what, bytes) and what:
        capture.append(place.number, Chunk(at_ns, way, place.offsets[way], what))
        place.offsets[way] += len(what)


def _nanoseconds(passed: timedelta) -> int:
    return (passed.days * 86_400 + passed.seconds) * 1_000_000_000 + passed.microseconds * 1000
