"""Held units in their lanes: what is behind cannot overtake what is ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.errors import SettingsError
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from labchat.tap.faults.actions import Piece
    from labchat.tap.held import Held

Lane = tuple[int, Direction]
"""A connection's number and a direction."""

Entry = tuple["Held", "Piece"]


class Queues:
    """One queue for each direction of each connection that holds something."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, list[Entry]] = {}

    def __contains__(self, lane: Lane) -> bool:
        """Whether anything waits in ``lane``."""
        return lane in self._lanes

    def __bool__(self) -> bool:
        """Whether anything waits at all."""
        return bool(self._lanes)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Those in which something waits."""
        return tuple(self._lanes)

    def view(self) -> dict[Direction, tuple[Held, ...]]:
        """What waits, by direction, in order of arrival."""
        return {
            direction: tuple(
                sorted(
                    (held for (_, d), lane in self._lanes.items() if d is direction
                     for held, _ in lane),
                    key=lambda held: held.id,
                )
            )
            for direction in Direction
        }  # fmt: skip

    def push(self, held: Held, piece: Piece) -> None:
        """Behind all others of its lane."""
        self._lanes.setdefault((held.connection, held.direction), []).append((held, piece))

    def front(self, lane: Lane) -> Held | None:
        """What is next in ``lane``."""
        return self._lanes[lane][0][0] if lane in self._lanes else None

    def pop(self, lane: Lane) -> Entry:
        """Take the first one out."""
        return self._take(lane, 0)

    def remove(self, number: int) -> Entry:
        """Take a unit out wherever it waits. Raises SettingsError when it does not."""
        lane, place = self._find(number)
        return self._take(lane, place)

    def replace(self, number: int, change: Callable[[Held], Held]) -> Held:
        """Change what is known of a unit. Raises SettingsError when it does not wait."""
        lane, place = self._find(number)
        held, piece = self._lanes[lane][place]
        self._lanes[lane][place] = changed, _ = change(held), piece
        return changed

    def get(self, number: int) -> Held:
        """A unit by its id. Raises SettingsError when it does not wait."""
        lane, place = self._find(number)
        return self._lanes[lane][place][0]

    def oldest(self, direction: Direction | None = None) -> Held | None:
        """The first to arrive, of one direction or of both."""
        fronts = (
            entries[0][0] for (_, d), entries in self._lanes.items() if direction in {None, d}
        )
        return min(fronts, key=lambda held: held.id, default=None)

    def forget(self, connection: int) -> list[Entry]:
        """Take out all of a connection."""
        gone: list[Entry] = []
        for direction in Direction:
            gone += self._lanes.pop((connection, direction), [])
        return gone

    def _take(self, lane: Lane, place: int) -> Entry:
        entry = self._lanes[lane].pop(place)
        if not self._lanes[lane]:
            del self._lanes[lane]
        return entry

    def _find(self, number: int) -> tuple[Lane, int]:
        for lane, place, held in self._all():
            if held.id == number:
                return lane, place
        raise SettingsError(f"Nothing that is held has the number {number}.")

    def _all(self) -> Iterator[tuple[Lane, int, Held]]:
        for lane, entries in self._lanes.items():
            for place, (held, _) in enumerate(entries):
                yield lane, place, held
