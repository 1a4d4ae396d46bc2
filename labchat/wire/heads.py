"""Where HTTP/1.1 messages end, found without making objects: RFC 9112 §6.

A head is searched for its end and for the few header values that decide what follows; everything
else waits until :mod:`labchat.wire.http1` dissects the unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

MAX_HEAD = 256 << 10
"""Bytes of start line and field lines at most; a longer head stays undissected."""

# Bounded, so that what is not a start line is known to be none after 8 KiB (RFC 9112 §3, §4).
REQUEST_LINE = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) {1,64}(\S{1,7900}) {1,64}(HTTP/\d\.\d) {0,64}\r?\n"
)
STATUS_LINE = re.compile(rb"(HTTP/\d\.\d) {1,64}(\d{3})(?: ([^\r\n]{0,7900}))?\r?\n")
MAX_START_LINE = 8192

_VALUES = re.compile(
    rb"^(content-length|transfer-encoding|connection|upgrade|content-type)[ \t]*:[ \t]*"
    rb"([^\r\n]*?)[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")


class Body(Enum):
    """How the length of a body is known (RFC 9112 §6.3)."""

    NONE = auto()
    LENGTH = auto()
    CHUNKED = auto()
    UNTIL_CLOSE = auto()
    TUNNEL = auto()
    """No body: the connection speaks another protocol from here on."""
    UNKNOWABLE = auto()
    """A request whose length fields contradict each other: nothing after it can be trusted."""


@dataclass(frozen=True, slots=True)
class Head:
    """The values of one head that decide what follows it.

    Attributes:
        method: of a request, "" for a response.
        status: of a response, 0 for a request.
        http11: the version is 1.1 (or a later 1.x).
        body: how long the body is.
        length: bytes, when ``body`` is LENGTH.
        connection: the options of Connection, in lower case.
        upgrade: the protocols of Upgrade, in lower case.
        event_stream: Content-Type is text/event-stream.
    """

    method: str
    status: int
    http11: bool
    body: Body
    length: int
    connection: frozenset[str]
    upgrade: tuple[str, ...]
    event_stream: bool

    @property
    def persistent(self) -> bool:
        """The connection goes on after this message (RFC 9112 §9.3)."""
        if "close" in self.connection:
            return False
        return self.http11 or "keep-alive" in self.connection

    @property
    def asks_upgrade(self) -> bool:
        """A request to change the protocol (RFC 9110 §7.8)."""
        return bool(self.upgrade) and "upgrade" in self.connection


def find_end(buffer: bytes | bytearray, start: int, scanned: int) -> int:
    """Where the head that starts at ``start`` ends, past its empty line; -1 if not there yet.

    Args:
        buffer: the bytes of one direction.
        start: past any empty lines before the start line.
        scanned: where the last call gave up (the buffer's length then), or ``start``.
    """
    at = max(start, scanned - 3)
    crlf, lf = buffer.find(b"\n\r\n", at), buffer.find(b"\n\n", at)
    if crlf >= 0 and (lf < 0 or crlf < lf):
        return crlf + 3
    return lf + 2 if lf >= 0 else -1


def read(head: bytes, *, method: str | None = None) -> Head | None:
    """What ``head`` decides, or None when its start line is none.

    Args:
        head: start line and field lines.
        method: None for a request; for a response the method it answers ("" when unknown).
    """
    line = (REQUEST_LINE if method is None else STATUS_LINE).match(head)
    if line is None:
        return None
    values = _values(head[line.end() - 1 :])
    status = int(line[2]) if method is not None else 0
    body, length = _framing(values, status, method)
    return Head(
        method=line[1].decode("ascii") if method is None else "",
        status=status,
        http11=line[3 if method is None else 1] >= b"HTTP/1.1",
        body=body,
        length=length,
        connection=frozenset(_items(values, b"connection")),
        upgrade=tuple(_items(values, b"upgrade")),
        event_stream=_items(values, b"content-type")[:1] == ["text/event-stream"],
    )


def _values(lines: bytes) -> dict[bytes, list[bytes]]:
    if b"\n " in lines or b"\n\t" in lines:
        lines = _FOLD.sub(b" ", lines)
    found: dict[bytes, list[bytes]] = {}
    for name, value in _VALUES.findall(lines):
        found.setdefault(name.lower(), []).append(value)
    return found


def _items(values: dict[bytes, list[bytes]], name: bytes) -> list[str]:
    """The list a header holds, lower case, parameters cut off."""
    text = b",".join(values.get(name, ())).decode("latin-1").lower()
    items = (item.partition(";")[0].strip(" \t") for item in text.split(","))
    return [item for item in items if item]


def _framing(values: dict[bytes, list[bytes]], status: int, method: str | None) -> tuple[Body, int]:
    """RFC 9112 §6.3, rule by rule."""
    if method is not None:
        if status < 200 or status in (204, 304) or method == "HEAD":
            return (Body.TUNNEL if status == 101 else Body.NONE), 0
        if method == "CONNECT" and status < 300:
            return Body.TUNNEL, 0
    unclear = Body.UNKNOWABLE if method is None else Body.UNTIL_CLOSE
    codings = _items(values, b"transfer-encoding")
    if codings:
        return (Body.CHUNKED if codings[-1] == "chunked" else unclear), 0
    if b"content-length" in values:
        length = content_length(b",".join(values[b"content-length"]))
        return (unclear, 0) if length is None else (Body.LENGTH, length)
    return (Body.NONE if method is None else Body.UNTIL_CLOSE), 0


def content_length(value: bytes) -> int | None:
    """The number Content-Length says, be it once or several times the same; None if invalid."""
    numbers = {number.strip(b" \t") for number in value.split(b",")}
    number = numbers.pop()
    valid = not numbers and number.isdigit() and len(number) < 20
    return int(number) if valid else None
