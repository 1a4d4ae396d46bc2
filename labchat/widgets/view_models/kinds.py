"""What a unit is called in one word, and which kind of field each of its fields is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.wire.frames import Frame
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from labchat.tap.held import Held
    from labchat.wire.fields import Field

_OPCODES = {0: "CONT", 1: "TEXT", 2: "BIN", 8: "CLOSE", 9: "PING", 10: "PONG"}
_KINDS = {"request": "HTTP", "response": "HTTP", "undissected": "RAW", "gap": "GAP"}

_FRAME_FIELDS = {
    "FIN": "bit",
    "RSV1": "bit",
    "RSV2": "bit",
    "RSV3": "bit",
    "opcode": "bit",
    "MASK": "bit",
    "Payload len": "len",
    "Extended payload length": "len",
    "Masking-key": "mask",
}
_START_LINES = ("request-line", "status-line")
_LENGTHS = ("content-length", "transfer-encoding")


def label(kind: str, opcode: int | None) -> str:
    """``TEXT``, ``PING``, ``0x3``, ``HTTP``, ``RAW``: a list's "kind" column."""
    if opcode is None:
        return _KINDS[kind]
    return _OPCODES.get(opcode, f"0x{opcode:X}")


def held_kind(held: Held) -> str:
    """The same for what waits at a gate."""
    if isinstance(held.unit, Frame):
        return label("frame", held.unit.opcode)
    if held.kind == "fin":
        return "FIN"
    return "HTTP" if held.kind in ("request", "response", "body") else "RAW"


def title(unit: object) -> str:
    """``TEXT frame``, ``HTTP request``: what a detail is headed with."""
    if isinstance(unit, Frame):
        return f"{label('frame', unit.opcode)} frame"
    if isinstance(unit, Request):
        return "HTTP request"
    if isinstance(unit, Response):
        parts = {"event": "server-sent event", "head": "HTTP response head", "end": "end of stream"}
        return parts.get(unit.part, "HTTP response")
    return "Bytes nobody could read"


def field_class(field: Field, top: Field, unit: object) -> str:
    """The design's kind of ``field``, a leaf of the top-level field ``top`` of ``unit``."""
    if isinstance(unit, Frame):
        return _frame_class(field, unit)
    return line_class(top)


def line_class(top: Field) -> str:
    """The kind of a whole line of an HTTP message."""
    if top.name in _START_LINES:
        return "bit"
    if top.name == "field-line":
        return "len" if str(top.value).lower().startswith(_LENGTHS) else "payload"
    return "payload" if top.name == "CRLF" else "text"


def _frame_class(field: Field, frame: Frame) -> str:
    if field.name == "opcode" and frame.is_control:
        return "control"
    if field.name in _FRAME_FIELDS:
        return _FRAME_FIELDS[field.name]
    if field.name == "status code" and not frame.masked:
        return "control"
    return "payload" if frame.masked or frame.rsv & 4 else "text"
