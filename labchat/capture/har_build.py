"""One HAR entry as bytes with times, and what had to be assumed, in sentences.

PURE. See :mod:`labchat.capture.har_read`.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from labchat.capture.har_types import Entry, Header, WebSocketMessage
from labchat.wire import frames
from labchat.wire.fields import Direction

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING = {"content-length", "transfer-encoding", "content-encoding"}
_NO_BODY = (101, 204, 304)
_LONGEST_MS = 1e12
_SECONDS = 1e11
"""A message's time beyond this is milliseconds, as Playwright writes it; Chrome has seconds."""
_OPCODES = (1, 2, 8, 9, 10)

Said = tuple[float, Direction, "bytes | int"]
"""Milliseconds after the exchange began, direction, bytes or the length of a gap."""


@dataclass(slots=True)
class Exchange:
    """An entry, rebuilt.

    Attributes:
        started_at: the wall clock.
        said: what was said, in order.
        notes: what had to be assumed.
        client, server: addresses as far as the file has them.
        group: exchanges with the same group may have shared a connection; None if not.
        stays: a next exchange may follow on the connection.
        label: whose the connection is, or None.
    """

    started_at: datetime
    client: str
    server: str
    group: str | None
    stays: bool
    label: str | None = None
    said: list[Said] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def exchange(entry: Entry) -> Exchange:
    """Rebuild one entry. Raises ValueError where it cannot be."""
    url = urlsplit(entry.request.url)
    if not url.hostname or not _TOKEN.fullmatch(entry.request.method):
        raise ValueError(f"no request can be made of {entry.request.method} {entry.request.url}")
    made = Exchange(
        started_at=_moment(entry.started_date_time),
        client=entry.ours.client if entry.ours else "unknown:0",
        server=entry.ours.server if entry.ours else _server(entry),
        group=_group(entry),
        stays=entry.messages is None and entry.response.status not in (0, 101),
        label=entry.ours.label if entry.ours else None,
    )
    _Rebuilding(entry, made).all()
    return made


class _Rebuilding:
    """The state of rebuilding one entry: where its clock stands."""

    def __init__(self, entry: Entry, made: Exchange) -> None:
        self._entry = entry
        self._made = made
        self._clock = 0.0

    def all(self) -> None:
        timings = self._entry.timings
        for part in (timings.blocked, timings.dns, timings.connect):
            self._wait(part)
        self._version()
        self._request()
        self._wait(timings.send)
        if self._entry.response.status:
            self._wait(timings.wait)
            self._response()
        else:
            self._made.notes.append("The file holds no response.")
        if self._entry.response.status == 101 and self._entry.messages is None:
            self._made.notes.append("The file holds nothing of what was said after the switch.")
        for message in self._entry.messages or ():
            self._message(message)

    def _wait(self, milliseconds: float | None) -> None:
        if milliseconds is not None and 0 < milliseconds < _LONGEST_MS:
            self._clock += milliseconds

    def _say(self, way: Direction, what: bytes | int) -> None:
        self._made.said.append((self._clock, way, what))

    def _version(self) -> None:
        version = self._entry.request.http_version.lower()
        if version not in ("http/1.1", "http/1.0", ""):
            self._made.notes.append(f"Went over {version}; shown as HTTP/1.1 would say it.")
            self._made.stays = False

    def _request(self) -> None:
        request = self._entry.request
        url = urlsplit(request.url)
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        version = "HTTP/1.0" if request.http_version.lower() == "http/1.0" else "HTTP/1.1"
        body, missing = self._sent(), 0
        if body is None:
            body, missing = b"", _size(request.body_size)
        headers = self._headers(request.headers, body, missing, always=False)
        if not _has(headers, "host"):
            headers.insert(0, Header("Host", url.netloc.rpartition("@")[2]))
        line = f"{request.method} {_visible(target)} {version}"
        self._say(Direction.C2S, _head(line, headers) + body)
        self._lose(Direction.C2S, missing)

    def _sent(self) -> bytes | None:
        data = self._entry.request.post_data
        return None if data is None or data.text is None else _bytes(data.text, data.encoding)

    def _response(self) -> None:
        response = self._entry.response
        body, missing = self._content()
        bodiless = response.status in _NO_BODY or self._entry.request.method == "HEAD"
        if bodiless:
            headers = list(_sound(response.headers))
        else:
            stream = response.content.mime_type.startswith("text/event-stream")
            headers = self._headers(response.headers, body, missing, always=not stream)
        version = "HTTP/1.0" if response.http_version.lower() == "http/1.0" else "HTTP/1.1"
        status = max(100, min(response.status, 999))
        line = f"{version} {status} {_visible(response.status_text, spaces=True)}"
        self._say(Direction.S2C, _head(line, headers))
        self._wait(self._entry.timings.receive)
        if not bodiless:
            self._say(Direction.S2C, body)
            self._lose(Direction.S2C, missing)

    def _content(self) -> tuple[bytes, int]:
        content = self._entry.response.content
        if content.text is not None:
            return _bytes(content.text, content.encoding), 0
        return b"", _size(content.size)

    def _lose(self, way: Direction, missing: int) -> None:
        if missing:
            self._made.notes.append(f"The file does not hold the body, {missing:,} bytes.")
            self._say(way, missing)

    def _headers(
        self, headers: list[Header], body: bytes, missing: int, *, always: bool
    ) -> list[Header]:
        """The field lines, with a Content-Length that is true of what is shown."""
        sound = list(_sound(headers))
        length = len(body) + missing
        told = [(one.name, one.value) for one in sound if one.name.lower() in _FRAMING]
        if not told and not length and not always:
            return sound
        if len(told) == 1 and told[0][0].lower() == "content-length" and told[0][1] == str(length):
            return sound
        kept = [one for one in sound if one.name.lower() not in _FRAMING]
        was = "; ".join(f"{name}: {value}" for name, value in told) or "nothing"
        if always or length:
            kept.append(Header("Content-Length", str(length)))
            self._made.notes.append(f"Content-Length is {length} here; the file has {was}.")
        else:
            self._made.notes.append(f"Shown without framing; the file has {was}.")
        return kept

    def _message(self, message: WebSocketMessage) -> None:
        seconds = message.time / 1000 if message.time > _SECONDS else message.time
        at = round((seconds - self._made.started_at.timestamp()) * 1000, 3)
        if 0 <= at < _LONGEST_MS:
            self._clock = max(self._clock, at)
        payload = _bytes(message.data, None if message.opcode == 1 else "base64")
        if message.opcode not in _OPCODES or (message.opcode > 2 and len(payload) > 125):
            self._made.notes.append(f"Left out: a message of opcode {message.opcode}.")
            return
        sent = message.type == "send"
        way = Direction.C2S if sent else Direction.S2C
        self._say(way, frames.build(message.opcode, payload, mask=bytes(4) if sent else None))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _server(entry: Entry) -> str:
    url = urlsplit(entry.request.url)
    host = entry.server_ip_address or url.hostname or ""
    host = host.strip("[]")
    port = url.port or (443 if url.scheme in ("https", "wss") else 80)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _group(entry: Entry) -> str | None:
    if entry.ours:
        return f"labchat {entry.ours.connection}"
    return (
        None if entry.connection in (None, "", 0, "0") else f"{entry.connection} {_server(entry)}"
    )


def _size(size: float | None) -> int:
    return int(size) if size is not None and 0 < size < 1 << 40 else 0


def _bytes(text: str, encoding: str | None) -> bytes:
    if encoding == "base64":
        return base64.b64decode("".join(text.split()), validate=True)
    return text.encode("utf-8", "surrogatepass")


def _sound(headers: list[Header]) -> list[Header]:
    """Field lines that HTTP/1.1 can hold: no pseudo-headers, no line ends in values."""
    return [
        Header(one.name, " ".join(one.value.split("\n")).replace("\r", ""))
        for one in headers
        if _TOKEN.fullmatch(one.name)
    ]


def _has(headers: list[Header], name: str) -> bool:
    return any(one.name.lower() == name for one in headers)


def _visible(text: str, *, spaces: bool = False) -> str:
    """``text`` without what would end a start line or split it."""
    return re.sub(r"[\x00-\x1f\x7f]" if spaces else r"[\x00-\x20\x7f]", "", text)


def _head(line: str, headers: list[Header]) -> bytes:
    lines = [line, *(f"{one.name}: {one.value}" for one in headers), "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogatepass")
