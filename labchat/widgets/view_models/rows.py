"""One line a unit: what the list shows, as short JSON arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.widgets.view_models.chat_words import words
from labchat.widgets.view_models.kinds import label
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame, Opcode
from labchat.wire.http1 import Request
from labchat.wire.summary import summarize

if TYPE_CHECKING:
    from labchat.capture.capture import Capture, Captured

_CONTROL = (Opcode.CLOSE, Opcode.PING, Opcode.PONG)

Line = tuple[int, float, int, int, str, int, str, int, int]
"""n, ms, connection, direction (0 to server), kind, bytes, summary, violations, opcode or -1."""

_LONGEST = 100_000
"""Frames above this many bytes keep the dissector's own summary."""


def lines(capture: Capture, start: int, stop: int) -> list[Line]:
    """The lines of units ``start`` up to ``stop``; dissects each of them."""
    return [line(capture.unit(row.n)) for row in capture.rows(start, stop)]


def line(captured: Captured) -> Line:
    """The line of one unit; times are milliseconds since the capture began."""
    row = captured.row
    return (
        row.n,
        round(row.at_ns / 1e6, 4),
        row.connection,
        0 if row.direction is Direction.C2S else 1,
        label(row.kind, row.opcode),
        row.length,
        summary(captured),
        len(captured.unit.violations),
        -1 if row.opcode is None else row.opcode,
    )


def summary(captured: Captured) -> str:
    """What a unit says in a few words: the chat's where it is chat, else the dissector's."""
    unit, message = captured.unit, captured.message
    if isinstance(unit, Request) and handshake(unit):
        return f"{unit.method} {unit.target} upgrade"
    if isinstance(unit, Frame) and unit.opcode in _CONTROL:
        return control_words(unit) or summarize(unit).removeprefix("close ")
    if message is not None and message.text and captured.row.length <= _LONGEST:
        whole = len(message.frames) == 1
        said = words(message.text) if row_ends(captured) else None
        if said:
            return said if whole else f"last fragment: {said}"
    return summarize(unit, message)


def row_ends(captured: Captured) -> bool:
    """Whether the frame is the last one of its message."""
    message = captured.message
    return message is not None and message.complete and message.last == captured.row.n


def handshake(request: Request) -> bool:
    """Whether the request asks for a WebSocket."""
    return (request.header("Upgrade") or "").lower() == "websocket"


def control_words(frame: Frame) -> str:
    """The payload of a ping or pong as text, where it is plain text; "" for other frames."""
    if frame.opcode not in (Opcode.PING, Opcode.PONG):
        return ""
    text = frame.payload.decode("ascii", "replace")
    return text if frame.payload.isascii() and text.isprintable() else ""
