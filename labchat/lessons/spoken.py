"""What the learner's own WebSocket client said and heard, as the tap saw it; for lesson 5."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labchat.lessons import evidence
from labchat.lessons.plain import of_connection
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame
from labchat.wire.handshake import is_attempt
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.lessons.lesson import Lab

ECHO = "/echo"


@dataclass(slots=True)
class Spoken:
    """One WebSocket connection of the learner's client, as the tap saw it.

    Attributes:
        request, response: its handshake.
        frames: all of them, oldest first, each with the way it went.
        said, heard: the chat events to and from the server.
    """

    request: Request
    response: Response | None = None
    frames: list[tuple[Direction, Frame]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)

    def sent(self, *opcodes: int) -> list[Frame]:
        """The client's frames of these opcodes; all when there are none."""
        ways = [frame for way, frame in self.frames if way is Direction.C2S]
        return [frame for frame in ways if not opcodes or frame.opcode in opcodes]


def connections(lab: Lab) -> list[Spoken]:
    """The WebSockets that neither the lab's own users nor the echo's callers opened."""
    found = (_spoken(lab, each.number) for each in lab.capture.connections)
    return [each for each in found if each is not None and not _is_others(each, lab)]


def _spoken(lab: Lab, number: int) -> Spoken | None:
    units = of_connection(lab, number)
    if not units or not isinstance(units[0].unit, Request) or not is_attempt(units[0].unit):
        return None
    spoken = Spoken(units[0].unit)
    for each in units[1:]:
        if isinstance(each.unit, Response):
            spoken.response = each.unit
        elif isinstance(each.unit, Frame):
            spoken.frames.append((each.row.direction, each.unit))
            _note(spoken, each.row.direction, evidence.as_json(each.unit.payload))
    return spoken


def _note(spoken: Spoken, way: Direction, event: Any) -> None:
    if isinstance(event, dict) and "type" in event:
        (spoken.said if way is Direction.C2S else spoken.heard).append(event)


def _is_others(spoken: Spoken, lab: Lab) -> bool:
    users = {event.get("userId") for event in spoken.said if event["type"] == "register"}
    return spoken.request.target == ECHO or bool(users & set(lab.names))


def any_connection(judge: Callable[[Spoken], str | None]) -> Callable[[Lab], str | None]:
    """A check that is done when one connection does it; else it speaks of the last one."""

    def check(lab: Lab) -> str | None:
        problems = [judge(each) for each in connections(lab)]
        if not problems:
            return "no WebSocket but Alice's and Bob's has been opened yet."
        return None if None in problems else problems[-1]

    return check
