"""Start lines and field lines of HTTP/1.1, byte by byte: RFC 9112 §2 to §5."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labchat.wire.heads import Body, content_length

if TYPE_CHECKING:
    from labchat.wire.cursor import Cursor
    from labchat.wire.fields import Field
    from labchat.wire.heads import Head

Headers = tuple[tuple[str, str], ...]

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REQUEST_PARTS = re.compile(rb"(\S+)( +)(\S+)( +)(HTTP/\d\.\d)( *)")
_STATUS_PARTS = re.compile(rb"(HTTP/\d\.\d)( +)(\d{3})(?:( )(.*))?", re.DOTALL)
# The longest part of a value that no line end and no bare CR interrupts, OWS on both sides cut off.
_VALUE = re.compile(rb"([ \t]*)(.*?)([ \t]*)", re.DOTALL)


def without_empty(data: bytes) -> bytes:
    """``data`` without the empty lines before the start line (RFC 9112 §2.2)."""
    return data.lstrip(b"\r\n")


def line_end(cursor: Cursor) -> int:
    """Where the content of the line at the cursor stops; its end is CRLF, LF or nothing."""
    found = cursor.data.find(b"\n", cursor.pos)
    if found < 0:
        return len(cursor.data)
    return found - 1 if found > cursor.pos and cursor.data[found - 1] == 13 else found


def take_line_end(cursor: Cursor) -> None:
    """Name the line end at the cursor; a bare LF is flagged."""
    at = cursor.pos
    if cursor.data.startswith(b"\r\n", at):
        cursor.take("CRLF", at + 2, "\r\n")
    elif cursor.data.startswith(b"\n", at):
        cursor.take("CRLF", at + 1, "\n")
        cursor.flag(
            "a line ends with CRLF; this one ends with a bare LF", "RFC 9112 §2.2", at, at + 1
        )


def _empty_lines(cursor: Cursor) -> None:
    while cursor.pos < len(cursor.data) and cursor.data[cursor.pos] in b"\r\n":
        at = cursor.pos
        if cursor.data.startswith((b"\r\n", b"\n"), at):
            take_line_end(cursor)
        else:
            cursor.take("CRLF", at + 1, "\r")
            _flag_bare_cr(cursor, at)


def _flag_bare_cr(cursor: Cursor, at: int) -> None:
    cursor.flag("a CR that no LF follows must not be here", "RFC 9112 §2.2", at, at + 1)


def _bare_crs(cursor: Cursor, start: int, stop: int) -> None:
    while (start := cursor.data.find(b"\r", start, stop)) >= 0:
        _flag_bare_cr(cursor, start)
        start += 1


def request_line(cursor: Cursor) -> tuple[str, str, str]:
    """Name the request line (RFC 9112 §3); returns (method, request-target, HTTP-version)."""
    _empty_lines(cursor)
    names = ("method", "SP", "request-target", "SP", "HTTP-version", "SP")
    parts = _start_line(cursor, _REQUEST_PARTS, "request-line", names)
    return (parts[0], parts[2], parts[4]) if parts else ("", "", "")


def status_line(cursor: Cursor) -> tuple[str, int, str]:
    """Name the status line (RFC 9112 §4); returns (HTTP-version, status-code, reason-phrase)."""
    _empty_lines(cursor)
    names = ("HTTP-version", "SP", "status-code", "SP", "reason-phrase")
    parts = _start_line(cursor, _STATUS_PARTS, "status-line", names)
    return (parts[0], int(parts[2]), parts[4]) if parts else ("", 0, "")


def _start_line(
    cursor: Cursor, pattern: re.Pattern[bytes], name: str, names: tuple[str, ...]
) -> list[str]:
    start, stop = cursor.pos, line_end(cursor)
    match = pattern.fullmatch(cursor.data, start, stop)
    if match is None:
        cursor.take(name, stop)
        section = "RFC 9112 §3" if name == "request-line" else "RFC 9112 §4"
        cursor.flag(f"this is no {name}", section, start, stop)
        take_line_end(cursor)
        return []
    cursor.open()
    for number, part in enumerate(names, 1):
        _start_part(cursor, part, match.end(number))
    cursor.close(name, cursor.data[start:stop].decode("latin-1"))
    _bare_crs(cursor, start, stop)
    take_line_end(cursor)
    return [(group or b"").decode("latin-1") for group in match.groups()]


def _start_part(cursor: Cursor, name: str, stop: int) -> None:
    start = cursor.pos
    number = name == "status-code"
    cursor.take(name, stop, int(cursor.data[start:stop]) if number else None)
    if name == "SP" and stop - start > 1:
        rule = "one space parts the words of a start line, not more"
        cursor.flag(rule, "RFC 9112 §3", start, stop)


def field_lines(cursor: Cursor) -> Headers:
    """Name field lines up to and with the empty line (RFC 9112 §5); returns (name, value)s."""
    found: list[tuple[str, str]] = []
    data = cursor.data
    while cursor.pos < len(data):
        if data.startswith((b"\r\n", b"\n"), cursor.pos):
            take_line_end(cursor)
            break
        pair = _field_line(cursor)
        if pair:
            found.append(pair)
        take_line_end(cursor)
    return tuple(found)


def _field_line(cursor: Cursor) -> tuple[str, str] | None:
    start, stop = cursor.pos, line_end(cursor)
    data = cursor.data
    colon = data.find(b":", start, stop)
    token = _TOKEN.match(data, start, max(colon, start))
    if token is None:
        cursor.take("field-line", stop)
        rule = "a field line is a field name, a colon and a value"
        cursor.flag(rule, "RFC 9112 §5", start, stop)
        return None
    cursor.open()
    _field_name(cursor, token.end(), colon)
    cursor.take(":", colon + 1)
    value = _field_value(cursor, stop)
    name = token[0].decode("ascii")
    cursor.close("field-line", f"{name}: {value}")
    return name, value


def _field_name(cursor: Cursor, stop: int, colon: int) -> None:
    start = cursor.pos
    blank = cursor.data[stop:colon].strip(b" \t") == b""
    cursor.take("field-name", stop if blank else colon)
    if stop == colon:
        return
    if blank:
        cursor.take("BWS", colon)
        rule = "no whitespace may stand between a field name and its colon"
        cursor.flag(rule, "RFC 9112 §5.1", stop, colon)
    else:
        rule = "a field name is a token; this one holds other characters"
        cursor.flag(rule, "RFC 9110 §5.1", start, colon)


def _field_value(cursor: Cursor, stop: int) -> str:
    """Name OWS, value and OWS up to ``stop``, and lines folded onto it (RFC 9112 §5.2)."""
    data = cursor.data
    values = [_value_line(cursor, stop)]
    while (fold := _fold_stop(data, cursor.pos)) > 0:
        start = cursor.pos
        cursor.take("obs-fold", fold)
        cursor.flag("a field value must not be folded over lines", "RFC 9112 §5.2", start, fold)
        values.append(_value_line(cursor, line_end(cursor)))
    return " ".join(value for value in values if value)


def _value_line(cursor: Cursor, stop: int) -> str:
    start = cursor.pos
    match = _VALUE.fullmatch(cursor.data, start, stop)
    assert match is not None
    cursor.take("OWS", match.end(1))
    cursor.take("field-value", match.end(2))
    cursor.take("OWS", stop)
    _bare_crs(cursor, start, stop)
    nul = cursor.data.find(b"\0", start, stop)
    if nul >= 0:
        cursor.flag("a NUL must not be in a field value", "RFC 9110 §5.5", nul, nul + 1)
    return match[2].decode("latin-1")


def _fold_stop(data: bytes, pos: int) -> int:
    """Where the fold at ``pos`` (line end and whitespace) stops, or 0 when there is none."""
    after = pos + 2 if data.startswith(b"\r\n", pos) else pos + 1
    stop = after
    if data[pos : pos + 1] in (b"\r", b"\n"):
        while data[stop : stop + 1] in (b" ", b"\t"):
            stop += 1
    return stop if stop > after else 0


def check_request(cursor: Cursor, headers: Headers, version: str, head: Head | None) -> None:
    """Flag what the field lines of a request break together."""
    hosts = sum(name.lower() == "host" for name, _ in headers)
    if version >= "HTTP/1.1" and hosts != 1:
        rule = f"an HTTP/1.1 request has exactly one Host; this one has {hosts}"
        _flag_lines(cursor, rule, "RFC 9112 §3.2", "host")
    _check_framing(cursor, headers, head)


def check_response(cursor: Cursor, headers: Headers, status: int, head: Head | None) -> None:
    """Flag what the field lines of a response break together."""
    names = {name.lower() for name, _ in headers}
    if status and (status < 200 or status == 204):
        for name in sorted({"transfer-encoding", "content-length"} & names):
            rule = f"a {status} response must not have {name.title()}"
            section = "RFC 9112 §6.1" if name[0] == "t" else "RFC 9110 §8.6"
            _flag_lines(cursor, rule, section, name)
    _check_framing(cursor, headers, head)


def _check_framing(cursor: Cursor, headers: Headers, head: Head | None) -> None:
    names = [name.lower() for name, _ in headers]
    if "content-length" in names and "transfer-encoding" in names:
        rule = (
            "Content-Length and Transfer-Encoding together: one server may read the one, the next"
            " the other, and a request can be smuggled between them"
        )
        _flag_lines(cursor, rule, "RFC 9112 §6.3", "content-length")
    elif head is not None and head.body is Body.UNKNOWABLE:
        rule = "how long this body is cannot be known; the server must answer 400 and close"
        _flag_lines(cursor, rule, "RFC 9112 §6.3", "transfer-encoding")
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    if lengths and content_length(",".join(lengths).encode("latin-1")) is None:
        rule = f"Content-Length is one number, not “{', '.join(lengths)}”"
        _flag_lines(cursor, rule, "RFC 9112 §6.3", "content-length")
    if head is not None and not head.http11 and "transfer-encoding" in names:
        rule = "HTTP/1.0 knows no Transfer-Encoding; the framing is taken for faulty"
        _flag_lines(cursor, rule, "RFC 9112 §6.1", "transfer-encoding")


def _flag_lines(cursor: Cursor, rule: str, section: str, name: str) -> None:
    """Flag the first line of ``name``; the start line when there is no such line."""
    lines = [field for field in cursor.fields if _is_line(field, name)]
    starts = [field for field in cursor.fields if field.name in _START_LINES]
    for field in (lines or starts)[:1]:
        cursor.flag(rule, section, field.span.start // 8, field.span.stop // 8)


def _is_line(field: Field, name: str) -> bool:
    return field.name == "field-line" and str(field.value).lower().startswith(name + ":")


_START_LINES = ("request-line", "status-line")
