"""What checks look for in a capture: frames, messages and requests as plain lists. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from labchat.wire.fields import Direction
from labchat.wire.frames import Frame
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.capture.capture import Capture, Captured


def units(capture: Capture, fits: Callable[[Captured], bool] = lambda each: True) -> list[Captured]:
    """All units that fit, dissected, oldest first."""
    found = (capture.unit(row.n) for row in capture.rows())
    return [each for each in found if fits(each)]


def frames(
    capture: Capture, *, direction: str | None = None, opcode: int | None = None
) -> list[tuple[Captured, Frame]]:
    """All WebSocket frames of that direction and opcode."""
    return [
        (each, each.unit)
        for each in units(capture)
        if isinstance(each.unit, Frame)
        and direction in {None, each.row.direction.value}
        and opcode in {None, each.unit.opcode}
    ]


def requests(capture: Capture, *, method: str | None = None) -> list[tuple[Captured, Request]]:
    """All HTTP requests of that method."""
    return [
        (each, each.unit)
        for each in units(capture)
        if isinstance(each.unit, Request) and method in {None, each.unit.method}
    ]


def responses(capture: Capture, *, status: int | None = None) -> list[tuple[Captured, Response]]:
    """All HTTP responses of that status."""
    return [
        (each, each.unit)
        for each in units(capture)
        if isinstance(each.unit, Response) and status in {None, each.unit.status}
    ]


def events(capture: Capture, kind: str, *, to_server: bool | None = None) -> list[dict[str, Any]]:
    """All chat events of that ``type`` in WebSocket messages, as their JSON."""
    found = []
    for each in units(capture, lambda captured: captured.message is not None):
        if to_server is not None and to_server != (each.row.direction is Direction.C2S):
            continue
        value = as_json(each.message.payload if each.message else b"")
        if isinstance(value, dict) and value.get("type") == kind:
            found.append(value)
    return found


def as_json(data: bytes) -> Any:
    """The JSON value, or None if it is none."""
    try:
        return json.loads(data)
    except ValueError:
        return None
