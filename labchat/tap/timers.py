"""Clocks of the peers that go on while the gate holds: when one starts, stops and would fire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.tap.held import Ticking, Timer

if TYPE_CHECKING:
    from collections.abc import Collection

    from labchat.tap.faults.actions import Piece

SECOND = 1_000_000_000


class Timers:
    """The timers known, and those that run."""

    def __init__(self) -> None:
        self._known: tuple[Timer, ...] = ()
        self._due: dict[tuple[int, Timer], int] = {}

    def know(self, timers: tuple[Timer, ...]) -> None:
        """These are the timers from now on."""
        self._known = timers
        self._due = {key: due for key, due in self._due.items() if key[1] in timers}

    def arrived(self, connection: int, piece: Piece, now: int) -> None:
        """A piece reached the tap: its sender starts its clocks."""
        for timer in self._known:
            if timer.direction is piece.direction and timer.starts.fits(piece):
                self._due[connection, timer] = now + round(timer.after_s * SECOND)

    def passed(self, connection: int, piece: Piece) -> None:
        """A piece goes on: its receiver stops the clocks that waited for it."""
        for timer in self._known:
            answered = timer.stops is not None and timer.stops.fits(piece)
            if answered and timer.direction is not piece.direction:
                self._due.pop((connection, timer), None)

    def forget(self, connection: int) -> None:
        """The connection is over."""
        self._due = {key: due for key, due in self._due.items() if key[0] != connection}

    def ticking(self, connections: Collection[int]) -> tuple[Ticking, ...]:
        """Timers that run on these connections, soonest first."""
        running = [
            Ticking(timer.name, connection, due)
            for (connection, timer), due in self._due.items()
            if connection in connections
        ]
        return tuple(sorted(running, key=lambda ticking: ticking.due_ns))

    def fired(self, now: int) -> list[Ticking]:
        """Timers whose time has come, once."""
        done = [key for key, due in self._due.items() if due <= now]
        return [Ticking(key[1].name, key[0], self._due.pop(key)) for key in done]
