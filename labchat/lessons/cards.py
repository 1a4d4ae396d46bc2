"""What cards do on a lab themselves is no answer to a task: checks do not see it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from labchat.lessons.waiting import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.capture.capture import Capture
    from labchat.capture.model import Captured, Row
    from labchat.lessons.lesson import Lab

_units: WeakKeyDictionary[Capture, set[int]] = WeakKeyDictionary()
_connections: WeakKeyDictionary[Capture, set[int]] = WeakKeyDictionary()


@contextmanager
def doing(lab: Lab) -> Iterator[None]:
    """Whatever crosses the tap meanwhile is a card's, and so are the connections opened.

    But for those of the lab's own users: when a card makes Alice come back, her new line is hers.
    """
    capture = lab.capture
    units, connections = len(capture), len(capture.connections)
    try:
        yield
    finally:
        _units.setdefault(capture, set()).update(range(units + 1, len(capture) + 1))
        opened = set(range(connections + 1, len(capture.connections) + 1))
        users = getattr(lab, "users", {}).values()
        opened -= {number for user in users for number in lines_of(lab, user)}
        _connections.setdefault(capture, set()).update(opened)


class _Rest:
    """A capture without what is a card's; everything else is the capture's own."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._units = _units.get(capture, set())
        self._connections = _connections.get(capture, set())

    def rows(self, start: int = 1, stop: int | None = None) -> list[Row]:
        """The rows of what the learner did, oldest first."""
        return [
            row
            for row in self._capture.rows(start, stop)
            if row.n not in self._units and row.connection not in self._connections
        ]

    def unit(self, n: int) -> Captured:
        """Any unit, dissected."""
        return self._capture.unit(n)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._capture, name)


class _Learners:
    """A lab whose capture is what the learner did."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.capture = cast("Capture", _Rest(lab.capture))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lab, name)


def without(lab: Lab) -> Lab:
    """The lab as checks see it: all but what its cards did."""
    return _Learners(lab)
