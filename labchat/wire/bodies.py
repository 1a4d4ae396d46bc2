"""Bodies of HTTP/1.1: chunks with extensions and trailers (RFC 9112 §7.1), events in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labchat.wire import lines, sse
from labchat.wire.cursor import shifted

if TYPE_CHECKING:
    from labchat.wire.cursor import Cursor
    from labchat.wire.fields import Field, Violation

_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")


def chunked(cursor: Cursor, *, left: int = 0) -> tuple[bytes, lines.Headers, bool]:
    """Name chunks up to the end of the data (RFC 9112 §7.1).

    Args:
        cursor: stands at a chunk-size, or inside a chunk.
        left: data bytes left of the chunk in which the cursor stands.

    Returns:
        The data of the chunks joined, the trailers, and whether the last chunk was there.
    """
    pieces: list[bytes] = []
    if left:
        cursor.open()
        pieces.append(_chunk_data(cursor, left))
        cursor.close("chunk", pieces[-1])
    while cursor.pos < len(cursor.data):
        cursor.open()
        size = _chunk_size(cursor)
        if size is None:
            cursor.close("chunk")
            return b"".join(pieces), (), False
        if size == 0:
            cursor.close("last-chunk", 0)
            cursor.open()
            trailers = lines.field_lines(cursor)
            cursor.close("trailer-section")
            ended = cursor.data.endswith((b"\n\r\n", b"\n\n"), 0, cursor.pos)
            if cursor.pos < len(cursor.data):
                rule = "nothing may follow the last chunk and its trailers in one message"
                cursor.flag(rule, "RFC 9112 §7.1", cursor.pos, len(cursor.data))
            cursor.take("message-body", len(cursor.data))
            return b"".join(pieces), trailers, ended
        pieces.append(_chunk_data(cursor, size))
        cursor.close("chunk", pieces[-1])
    return b"".join(pieces), (), False


def _chunk_size(cursor: Cursor) -> int | None:
    """Name chunk-size, chunk-ext and CRLF; None when there is no size, and all is named."""
    start, stop = cursor.pos, lines.line_end(cursor)
    match = _SIZE.match(cursor.data, start, stop)
    if match is None:
        cursor.take("chunk-size", len(cursor.data), cursor.data[start:])
        rule = "a chunk starts with its size in hexadecimal"
        cursor.flag(rule, "RFC 9112 §7.1", start, stop)
        return None
    size = int(match[0], 16)
    cursor.take("chunk-size", match.end(), size)
    cursor.take("chunk-ext", stop)
    lines.take_line_end(cursor)
    return size


def _chunk_data(cursor: Cursor, size: int) -> bytes:
    stop = min(cursor.pos + size, len(cursor.data))
    data = cursor.data[cursor.pos : stop]
    cursor.take("chunk-data", stop, data)
    lines.take_line_end(cursor)
    return data


def event(
    cursor: Cursor, text: bytes, *, chunked: bool
) -> tuple[tuple[Field, ...], tuple[Violation, ...], sse.Event]:
    """The fields of one event; inside the chunk, when one chunk holds it all."""
    fields, said = sse.dissect(text)
    if not chunked:
        return fields, tuple(cursor.violations), said
    return _nested(cursor.fields, text, fields), tuple(cursor.violations), said


def _nested(outer: tuple[Field, ...], text: bytes, inner: tuple[Field, ...]) -> tuple[Field, ...]:
    """``outer`` with ``inner`` below the chunk-data that is ``text`` whole."""
    return tuple(
        type(field)(
            field.name,
            field.span,
            field.value,
            tuple(shifted(child, field.span.start) for child in inner)
            if field.name == "chunk-data" and field.value == text
            else _nested(field.children, text, inner),
        )
        for field in outer
    )
