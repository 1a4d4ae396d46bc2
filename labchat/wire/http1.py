"""HTTP/1.1 messages with every byte named: RFC 9112, RFC 9110; events of HTML §9.2.

Field names are those of the ABNF. A unit is a whole message, or, where the response is an event
stream, its head, one event, or the end of the chunked body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labchat.wire import bodies, heads, lines
from labchat.wire.cursor import Cursor
from labchat.wire.heads import Body

if TYPE_CHECKING:
    from labchat.wire.fields import Field, Violation
    from labchat.wire.heads import Head
    from labchat.wire.sse import Event

Headers = tuple[tuple[str, str], ...]
NO_HEADERS: Headers = ()


class _Headed:
    """Look-ups that requests and responses share."""

    __slots__ = ()

    headers: Headers

    def header(self, name: str) -> str | None:
        """The values of ``name`` (any case), joined by ", " (RFC 9110 §5.3), or None."""
        wanted = name.lower()
        values = [value for key, value in self.headers if key.lower() == wanted]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Request(_Headed):
    """A request.

    Attributes:
        data: the raw bytes.
        fields: top-level fields; their leaves tile ``data``.
        violations: what the message breaks; spans are bits of ``data``.
        method, target, version: the request line; "" where it is broken.
        headers: field lines as (name, value), in order, names as sent.
        body: the content, chunks joined; b"" when there is none.
        trailers: field lines after the last chunk.
        part: always "message".
        head_length: bytes up to and with the empty line.
        persistent: the connection goes on after the answer (RFC 9112 §9.3).
        complete: the body is all there.
    """

    data: bytes
    fields: tuple[Field, ...]
    violations: tuple[Violation, ...]
    method: str
    target: str
    version: str
    headers: Headers
    body: bytes = b""
    trailers: Headers = ()
    part: str = "message"
    head_length: int = 0
    persistent: bool = True
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Response(_Headed):
    """A response, or a part of one that is an event stream.

    Attributes:
        data: the raw bytes.
        fields: top-level fields; their leaves tile ``data``.
        violations: what the message breaks; spans are bits of ``data``.
        version, status, reason: the status line; of an event those of its head.
        headers: field lines as (name, value), in order; () for an event.
        body: the content, chunks joined; of an event its text.
        trailers: field lines after the last chunk.
        part: "message", "head", "event", or "end" (the last chunk of an event stream).
        head_length: bytes up to and with the empty line; 0 for an event.
        persistent: the connection goes on after it (RFC 9112 §9.3).
        complete: the body is all there.
        event: what an event says, or None.
    """

    data: bytes
    fields: tuple[Field, ...]
    violations: tuple[Violation, ...]
    version: str
    status: int
    reason: str
    headers: Headers
    body: bytes = b""
    trailers: Headers = ()
    part: str = "message"
    head_length: int = 0
    persistent: bool = True
    complete: bool = True
    event: Event | None = None


def dissect_request(data: bytes) -> Request:
    """Name every byte of the request that ``data`` is; whole, or cut off at its end."""
    cursor = Cursor(data)
    method, target, version = lines.request_line(cursor)
    headers = lines.field_lines(cursor)
    length = cursor.pos
    head = heads.read(lines.without_empty(data[:length]))
    lines.check_request(cursor, headers, version, head)
    body, trailers, complete = _content(cursor, head)
    return Request(
        data,
        cursor.fields,
        tuple(cursor.violations),
        method,
        target,
        version,
        headers,
        body,
        trailers,
        "message",
        length,
        head is not None and head.persistent and head.body is not Body.UNKNOWABLE,
        complete,
    )


def dissect_response(data: bytes, *, method: str = "", part: str = "message") -> Response:
    """Name every byte of the response that ``data`` is.

    Args:
        data: the message, whole or cut off at its end; only its head if ``part`` is "head".
        method: of the request it answers: a HEAD gets no body.
        part: "message" or "head".
    """
    cursor = Cursor(data)
    version, status, reason = lines.status_line(cursor)
    headers = lines.field_lines(cursor)
    length = cursor.pos
    head = heads.read(lines.without_empty(data[:length]), method=method)
    lines.check_response(cursor, headers, status, head)
    body, trailers, complete = b"", NO_HEADERS, True
    if part == "message":
        body, trailers, complete = _content(cursor, head)
    return Response(
        data,
        cursor.fields,
        tuple(cursor.violations),
        version,
        status,
        reason,
        headers,
        body,
        trailers,
        part,
        length,
        _persistent(head),
        complete,
    )


def _persistent(head: Head | None) -> bool:
    if head is None or head.body is Body.UNTIL_CLOSE:
        return False
    return head.persistent or head.body is Body.TUNNEL


def dissect_event(data: bytes, head: Response, *, chunked: bool, left: int, end: bool) -> Response:
    """Name every byte of one event of the stream that ``head`` opened.

    Args:
        data: the event as it was on the wire, chunk framing and all.
        head: the head of the stream.
        chunked: the stream came in chunks.
        left: data bytes left of the chunk in which the event starts, 0 when it starts at one.
        end: it is no event but the last chunk.
    """
    cursor = Cursor(data)
    text, trailers, _ = bodies.chunked(cursor, left=left) if chunked else (data, (), True)
    fields, violations, event = bodies.event(cursor, text, chunked=chunked)
    return Response(
        data,
        fields,
        violations,
        head.version,
        head.status,
        head.reason,
        (),
        text,
        trailers,
        "end" if end else "event",
        0,
        head.persistent,
        event=None if end else event,
    )


def _content(cursor: Cursor, head: Head | None) -> tuple[bytes, Headers, bool]:
    """(content, trailers, complete) of what follows the head."""
    if head is not None and head.body is Body.CHUNKED:
        start = cursor.pos
        cursor.open()
        body, trailers, complete = bodies.chunked(cursor)
        cursor.close("message-body", body)
        if not complete:
            rule = "the message is incomplete: its last chunk did not come"
            cursor.flag(rule, "RFC 9112 §8", start, len(cursor.data))
        return body, trailers, complete
    start = cursor.pos
    body = cursor.data[start:]
    cursor.take("message-body", len(cursor.data), body)
    if head is not None and head.body is Body.LENGTH and len(body) < head.length:
        rule = f"the message is incomplete: {len(body)} of {head.length} bytes of content came"
        cursor.flag(rule, "RFC 9112 §8", start, len(cursor.data))
        return body, (), False
    return body, (), True
