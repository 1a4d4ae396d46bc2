"""Views: bytes that were made readable (unchunked, unmasked, inflated), with fields of their own.

A view has its own coordinates: spans count bits of ``View.data``, not of the unit it came from.
JSON is named as RFC 8259 does; event streams as HTML §9.2.5.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labchat.wire import frames, sse
from labchat.wire.fields import Field, Span, Violation
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from labchat.wire.messages import Message

MAX_JSON = 1 << 20
"""Bytes of JSON that get a field tree at most; longer ones stay one field."""

MAX_DEPTH = 64
"""Objects and arrays within each other at most."""


@dataclass(frozen=True, slots=True)
class View:
    """Readable bytes with fields of their own.

    Attributes:
        name: "JSON", "event", "text" or "bytes".
        data: the bytes.
        fields: top-level fields; their leaves tile ``data``.
        violations: broken rules; spans are bits of ``data``.
    """

    name: str
    data: bytes
    fields: tuple[Field, ...]
    violations: tuple[Violation, ...] = ()


def of_http(unit: Request | Response) -> View | None:
    """The content of an HTTP message or event as a view; None when there is none."""
    if isinstance(unit, Response) and unit.event is not None:
        return View("event", unit.body, sse.dissect(unit.body)[0])
    kind = (unit.header("Content-Type") or "").partition(";")[0].strip().lower()
    if not unit.body:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        return of_json(unit.body)
    return of_bytes(unit.body)


def of_message(message: Message) -> View | None:
    """The payload of a WebSocket message as a view; None when it is empty."""
    if not message.payload:
        return None
    if message.text is not None and message.text.lstrip()[:1] in ("{", "["):
        return of_json(message.payload)
    return of_bytes(message.payload)


def of_bytes(data: bytes) -> View:
    """One field over text, or over bytes that are none."""
    name = "bytes" if frames.invalid_utf8(data) else "text"
    value: str | bytes = data.decode() if name == "text" else data
    field = Field("Application data", Span(0, 8 * len(data)), value)
    return View(name, data, (field,) if data else ())


def of_json(data: bytes) -> View:
    """JSON as a tree of fields; where it is none, the offending place is flagged."""
    if not 0 < len(data) <= MAX_JSON:
        return of_bytes(data)
    parser = _Json(data)
    try:
        field = parser.text()
    except _BadJson as bad:
        plain = of_bytes(data)
        at = min(bad.pos, len(data) - 1)
        flaw = Violation(f"not JSON: {bad.reason}", "RFC 8259 §2", Span.of_bytes(at, at + 1))
        return View(plain.name, data, plain.fields, (flaw,))
    return View("JSON", data, field)


class _BadJson(Exception):
    def __init__(self, pos: int, reason: str) -> None:
        super().__init__(reason)
        self.pos, self.reason = pos, reason


_WS = re.compile(rb"[ \t\n\r]*")
_STRING = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"')
_NUMBER = re.compile(rb"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LITERALS = {b"t": ("true", True), b"f": ("false", False), b"n": ("null", None)}
_BRACKETS = {
    "object": ("begin-object", "end-object", b"}"),
    "array": ("begin-array", "end-array", b"]"),
}


class _Json:
    """A recursive reader that names as it reads; depth is bounded by MAX_DEPTH."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._pos = 0

    def text(self) -> tuple[Field, ...]:
        """JSON-text = ws value ws."""
        found = self._space()
        found.append(self._value(0))
        found += self._space()
        if self._pos < len(self._data):
            raise _BadJson(self._pos, "something follows the value")
        return tuple(found)

    def _leaf(self, name: str, stop: int, value: str | int | bool | None = None) -> Field:
        field = Field(name, Span.of_bytes(self._pos, stop), value)
        self._pos = stop
        return field

    def _space(self) -> list[Field]:
        match = _WS.match(self._data, self._pos)
        assert match is not None
        return [self._leaf("ws", match.end())] if match[0] else []

    def _next(self) -> bytes:
        return self._data[self._pos : self._pos + 1]

    def _value(self, depth: int) -> Field:
        char = self._next()
        if char == b"{":
            return self._group("object", depth)
        if char == b"[":
            return self._group("array", depth)
        if char == b'"':
            return self._string("string")
        if char in _LITERALS:
            return self._literal(*_LITERALS[char])
        return self._number()

    def _literal(self, word: str, value: bool | None) -> Field:
        if not self._data.startswith(word.encode(), self._pos):
            raise _BadJson(self._pos, f"neither {word} nor anything else")
        return self._leaf(word, self._pos + len(word), value)

    def _number(self) -> Field:
        match = _NUMBER.match(self._data, self._pos)
        if match is None:
            raise _BadJson(self._pos, "a value is missing here")
        return self._leaf("number", match.end(), match[0].decode("ascii"))

    def _string(self, name: str) -> Field:
        match = _STRING.match(self._data, self._pos)
        if match is None:
            raise _BadJson(self._pos, f"a {name} in quotation marks is missing here")
        if frames.invalid_utf8(match[0]):
            raise _BadJson(self._pos, "the string is not UTF-8")
        return self._leaf(name, match.end(), str(json.loads(match[0])))

    def _group(self, name: str, depth: int) -> Field:
        if depth == MAX_DEPTH:
            raise _BadJson(self._pos, f"more than {MAX_DEPTH} levels deep")
        begin, end, mark = _BRACKETS[name]
        start = self._pos
        found = [self._leaf(begin, start + 1), *self._space()]
        while self._next() != mark:
            found.append(self._member(depth) if name == "object" else self._value(depth + 1))
            found += self._space()
            if self._next() == b",":
                found += [self._leaf("value-separator", self._pos + 1), *self._space()]
                if self._next() == mark:
                    raise _BadJson(self._pos, "a value is missing after the comma")
            elif self._next() != mark:
                raise _BadJson(self._pos, "a comma or the end is missing here")
        found.append(self._leaf(end, self._pos + 1))
        return Field(name, Span.of_bytes(start, self._pos), None, tuple(found))

    def _member(self, depth: int) -> Field:
        start = self._pos
        name = self._string("name")
        found = [name, *self._space()]
        if self._next() != b":":
            raise _BadJson(self._pos, "a colon is missing after the name")
        found += [self._leaf("name-separator", self._pos + 1), *self._space()]
        found.append(self._value(depth + 1))
        return Field("member", Span.of_bytes(start, self._pos), name.value, tuple(found))
