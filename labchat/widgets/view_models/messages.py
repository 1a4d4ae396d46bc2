"""What a unit says once framing, mask and compression are off: JSON, text, or neither."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypedDict

from labchat.wire.frames import Frame
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from labchat.capture.capture import Captured

MOST = 20_000
"""Characters of a message that are shown."""

SAMPLE = 48
"""Bytes shown of a message before and after inflation."""


class Compression(TypedDict):
    """Sizes in bytes and the first bytes as hex, on the wire and inflated."""

    before: int
    after: int
    beforeHex: str
    afterHex: str


class MessageView(TypedDict):
    """A message: ``json`` is pretty-printed, ``cut`` counts characters left out."""

    label: str
    json: str | None
    text: str | None
    cut: int
    compression: Compression | None


def message_view(captured: Captured) -> MessageView | None:
    """The message that the unit is, or ends, or belongs to; None when it carries none."""
    unit = captured.unit
    if isinstance(unit, Frame):
        return _of_frame(captured, unit)
    if isinstance(unit, Request | Response) and unit.body:
        return view(unit.body, _decoded(unit.body))
    return None


def _of_frame(captured: Captured, frame: Frame) -> MessageView | None:
    message = captured.message
    if message is None:
        return view(frame.payload, _decoded(frame.payload)) if frame.opcode != 8 else _close(frame)
    shown = view(message.payload, message.text)
    if message.compressed:
        shown["compression"] = _compression(frame.payload, message.payload)
    return shown


def _close(frame: Frame) -> MessageView | None:
    if frame.close_code is None:
        return None
    shown = view(frame.payload, frame.close_reason or "")
    shown["label"] = f"close {frame.close_code}, {count(len(frame.payload), 'byte')}"
    return shown


def view(payload: bytes, text: str | None) -> MessageView:
    """``payload`` as JSON where it is JSON, as text where it is text."""
    pretty = _pretty(text) if text else None
    form = "JSON" if pretty is not None else "text" if text is not None else "binary"
    if text is not None and pretty is None and len(text) > MOST:
        text, cut = text[:MOST], len(text) - MOST
    else:
        cut = 0
    label = f"{form}, {count(len(payload), 'byte')}"
    shown = None if pretty is not None else text
    return {"label": label, "json": pretty, "text": shown, "cut": cut, "compression": None}


def count(number: int, noun: str) -> str:
    """``1 byte``, ``1 200 bytes``, with a narrow no-break space."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", "\u202f")


def count_bare(number: int) -> str:
    """``65 535``, with a narrow no-break space."""
    return f"{number:,}".replace(",", "\u202f")


def _pretty(text: str) -> str | None:
    if len(text) > MOST:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict | list):
        return None
    return json.dumps(value, indent=2, ensure_ascii=False)


def _compression(before: bytes, after: bytes) -> Compression:
    return {
        "before": len(before),
        "after": len(after),
        "beforeHex": before[:SAMPLE].hex(),
        "afterHex": after[:SAMPLE].hex(),
    }


def _decoded(payload: bytes) -> str | None:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return None
