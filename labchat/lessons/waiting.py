"""The lab's users from a cell or a card: which lines are theirs, and waiting for what they do."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from labchat.chat.session import Delivery, Link
from labchat.errors import LabError
from labchat.lessons import evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.chat.session import Bubble
    from labchat.lessons.lesson import Lab

T = TypeVar("T")

SECONDS = 20.0


def awaited(
    subscribe: Callable[[Callable[[], None]], Callable[[], None]],
    look: Callable[[], T | None],
    *,
    seconds: float = SECONDS,
) -> T:
    """What ``look`` finds, now or after one of the changes that ``subscribe`` tells of.

    Raises:
        LabError: it was not there within ``seconds``.
    """
    changed = threading.Event()
    undo = subscribe(changed.set)
    last = time.monotonic() + seconds
    try:
        while (found := look()) is None:
            if not changed.wait(last - time.monotonic()):
                raise LabError(f"this did not come about within {seconds:g} s")
            changed.clear()
        return found
    finally:
        undo()


def bubble(user: Any, post_id: str, *reached: Delivery) -> Bubble:
    """A user's bubble, once it got as far as one of ``reached`` (or just once it is there)."""

    def look() -> Bubble | None:
        for each in user.snapshot().bubbles:
            if each.id == post_id and (not reached or each.delivery in reached):
                found: Bubble = each
                return found
        return None

    return awaited(user.subscribe, look)


def stored(user: Any, post_id: str) -> Bubble:
    """A user's own bubble, once the server has said that it is stored."""
    return bubble(user, post_id, Delivery.STORED)


def connected(*users: Any) -> None:
    """Return when all of them are connected."""
    for user in users:
        _link(user, up=True)


def disconnected(*users: Any) -> None:
    """Return when all of them know that they are not connected."""
    for user in users:
        _link(user, up=False)


def _link(user: Any, *, up: bool) -> None:
    def look() -> bool | None:
        return (user.snapshot().link is Link.CONNECTED) is up or None

    awaited(user.subscribe, look)


def unit(lab: Lab, fits: Callable[[Any], bool]) -> Any:
    """The first row of the capture that ``fits``, once there is one."""
    return awaited(lab.capture.subscribe, lambda: next(filter(fits, lab.capture.rows()), None))


def lines_of(lab: Lab, user: Any) -> list[int]:
    """The numbers of a user's WebSocket connections, oldest first: those where they registered."""
    found = []
    for each, frame in evidence.frames(lab.capture, direction="c2s", opcode=1):
        event = evidence.as_json(frame.payload)
        if isinstance(event, dict) and (event.get("type"), event.get("userId")) == (
            "register",
            user.id,
        ):
            found.append(each.row.connection)
    return found
