"""One short line for each unit: what a list shows, before anybody opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.wire.frames import CloseCode, Frame, Opcode, opcode_name
from labchat.wire.http1 import Request, Response
from labchat.wire.undissected import Undissected

if TYPE_CHECKING:
    from labchat.wire.conversation import Unit
    from labchat.wire.messages import Message

PREVIEW = 96
"""Characters of a preview at most."""


def summarize(unit: Unit, message: Message | None = None) -> str:
    """One line about ``unit``: the start line, a preview of text, a close code in words."""
    if isinstance(unit, Frame):
        return _frame(unit, message)
    if isinstance(unit, Request):
        return shorten(f"{unit.method} {unit.target}")
    if isinstance(unit, Response):
        return _response(unit)
    if isinstance(unit, Undissected):
        return unit.reason
    return f"{count(unit.length)} missing" + (_INFERRED if unit.inferred else "")


_INFERRED = "; where frames start again is inferred from their headers"


def _response(unit: Response) -> str:
    if unit.part == "end":
        return "end of the event stream"
    if unit.event is None:
        return shorten(f"{unit.status} {unit.reason}".rstrip())
    if unit.event.data is None:
        return shorten(f"comment {unit.event.comment}" if unit.event.comment else "no event")
    return shorten(f"{unit.event.type}: {unit.event.data}")


def _frame(frame: Frame, message: Message | None) -> str:
    if frame.opcode == Opcode.CLOSE:
        return _close(frame)
    if message is None or frame.opcode not in (Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY):
        return f"{opcode_name(frame.opcode)} {count(len(frame.payload))}"
    whole = len(message.frames) == 1 and message.complete
    said = message.payload if whole or message.compressed else frame.payload
    if message.opcode == Opcode.TEXT and message.problem is None and said:
        preview = shorten(said[: 4 * PREVIEW].decode("utf-8", "replace"))
    else:
        preview = f"{opcode_name(message.opcode)} {count(len(frame.payload))}"
    return preview if whole else f"{_fragment(frame)} {preview}"


def _fragment(frame: Frame) -> str:
    if frame.opcode == Opcode.CONTINUATION:
        return "last fragment:" if frame.fin else "fragment:"
    return "first fragment:"


def _close(frame: Frame) -> str:
    if frame.close_code is None:
        return "close without a code"
    known = frame.close_code in CloseCode.__members__.values()
    words = CloseCode(frame.close_code).phrase if known else ""
    said = f" “{frame.close_reason}”" if frame.close_reason else ""
    return shorten(f"close {frame.close_code} {words}".rstrip() + said)


def count(size: int) -> str:
    """A number of bytes in words: "1 byte", "1,024 bytes"."""
    return "1 byte" if size == 1 else f"{size:,} bytes"


def shorten(text: str) -> str:
    """``text`` on one line, unprintable characters as "·", cut with "…"."""
    cut = text[: PREVIEW + 1]
    clean = "".join(char if char.isprintable() else "·" for char in cut)
    return clean if len(clean) <= PREVIEW else clean[: PREVIEW - 1] + "…"
