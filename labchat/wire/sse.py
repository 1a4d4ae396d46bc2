"""Server-sent events: the text/event-stream format of HTML §9.2.5 and §9.2.6."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labchat.wire.cursor import Cursor

if TYPE_CHECKING:
    from labchat.wire.fields import Field

KNOWN = ("event", "data", "id", "retry")
_LINE_END = re.compile(rb"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a browser would dispatch it.

    Attributes:
        type: the ``event`` field; "message" when there is none.
        data: the ``data`` fields, joined by line feeds; None when there is none (a browser then
            dispatches nothing).
        id: the ``id`` field, or None.
        retry: the ``retry`` field in milliseconds, or None.
        comment: the comments, joined by line feeds, or None.
    """

    type: str = "message"
    data: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None


def dissect(text: bytes) -> tuple[tuple[Field, ...], Event]:
    """The lines of one event as fields (in bits of ``text``), and what they say."""
    cursor = Cursor(text)
    values: dict[str, list[str]] = {}
    while cursor.pos < len(text):
        name, value = _line(cursor)
        values.setdefault(name, []).append(value)
    return cursor.fields, _event(values)


def _event(values: dict[str, list[str]]) -> Event:
    retry = values.get("retry", [""])[-1]
    return Event(
        type=values.get("event", [""])[-1] or "message",
        data="\n".join(values["data"]) if "data" in values else None,
        id=values["id"][-1] if "id" in values else None,
        retry=int(retry) if retry.isascii() and retry.isdigit() and len(retry) < 19 else None,
        comment="\n".join(values[":"]) if ":" in values else None,
    )


def _line(cursor: Cursor) -> tuple[str, str]:
    """Name one line; returns (field name, or ":" for a comment, or "" for the end; value)."""
    data, start = cursor.data, cursor.pos
    found = _LINE_END.search(data, start)
    stop, after = found.span() if found else (len(data), len(data))
    colon = data.find(b":", start, stop)
    name_stop = stop if colon < 0 else colon
    space = 1 if data[name_stop + 1 : min(name_stop + 2, stop)] == b" " else 0
    name = data[start:name_stop].decode("utf-8", "replace")
    value = data[name_stop + 1 + space : stop].decode("utf-8", "replace")
    cursor.open()
    cursor.take("field name", name_stop, name)
    if colon >= 0:
        cursor.take("colon", colon + 1)
        cursor.take("space", min(colon + 1 + space, stop))
    cursor.take("field value" if name else "comment text", stop, value)
    cursor.take("end-of-line", after)
    cursor.close("field" if name else "comment" if colon >= 0 else "blank line", value)
    return name or (":" if colon >= 0 else ""), value
