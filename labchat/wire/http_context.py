"""Rules an HTTP message breaks that only its connection can tell: the handshake, after close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.wire import handshake, heads, index
from labchat.wire.fields import Direction, Span, Violation

if TYPE_CHECKING:
    from labchat.wire.handshake import Must
    from labchat.wire.http1 import Request, Response
    from labchat.wire.index import Columns

_TOLD = frozenset({"Host"})
"""Rules of the handshake that HTTP has itself, and that are told there."""


def of_request(request: Request) -> list[Violation]:
    """What an opening request breaks of RFC 6455 §4.1; nothing for any other request."""
    if not handshake.is_attempt(request):
        return []
    broken = handshake.broken(request, None)
    return [_violation(must, request) for must in broken if must.name not in _TOLD]


def of_response(request: Request | None, response: Response) -> list[Violation]:
    """What the answer to an opening request breaks of RFC 6455 §4.2."""
    switched = response.status == 101 and "websocket" in (response.header("Upgrade") or "").lower()
    if not switched and (request is None or not handshake.is_attempt(request)):
        return []
    broken = handshake.broken(request, response)
    return [_violation(must, response) for must in broken if must.side is Direction.S2C]


def _violation(must: Must, unit: Request | Response) -> Violation:
    """The rule with what was found, at the line it is about, or else at the start line."""
    rule = f"{must.sentence.rstrip('.')}: {must.reason}"
    line = f"{must.name.lower()}:"
    for field in unit.fields:
        if field.name == "field-line" and str(field.value).lower().startswith(line):
            return Violation(rule, must.section, field.span)
    return Violation(rule, must.section, Span(0, unit.fields[0].span.stop))


def after_close(row: int, units: Columns, buffer: bytearray) -> bool:
    """The message before ``row`` said that it was the last one (RFC 9112 §9.6)."""
    before = row - 1
    if before < 0 or units.kind[before] != units.kind[row]:
        return False
    start = units.start[before]
    stop = start + min(units.length[before], heads.MAX_HEAD)
    method = None if units.kind[row] == index.REQUEST else ""
    data = bytes(buffer[start:stop]).lstrip(b"\r\n")
    head = heads.read(data[: heads.find_end(data, 0, 0)], method=method)
    return head is not None and "close" in head.connection


def closed(unit: Request | Response) -> Violation:
    """The violation of a message that :func:`after_close` is true for."""
    rule = "nothing may follow a message that says “Connection: close”"
    return Violation(rule, "RFC 9112 §9.6", Span(0, unit.fields[0].span.stop))
