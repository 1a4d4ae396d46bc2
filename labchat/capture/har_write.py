"""HAR out: exchanges and WebSocket messages, as Chrome's DevTools write and read them.

What HAR has no place for is left out (control frames, fragments, gaps, what is undissected), and
``log.comment`` says how much. Annotations become comments of the exchange they are about.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from labchat.capture.har_cookies import cookies, set_cookies
from labchat.errors import CaptureError
from labchat.wire.fields import Direction
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from labchat.capture.capture import Capture
    from labchat.capture.model import Captured, Connection
    from labchat.wire.conversation import Message

MAX_INFLATED = 64 << 20
"""Bytes to which a compressed body is inflated at most; a longer one stays as it was sent."""

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)

Json = dict[str, Any]


@dataclass(slots=True)
class _Exchange:
    """A request with what answered it.

    Attributes:
        asked: the request.
        answered: the final response, or its head where it is an event stream.
        events: contents of the events that followed the head.
        end_ns: when the last byte of all arrived.
        messages: of the WebSocket that the exchange opened, or None.
        notes: annotations.
    """

    asked: Captured
    answered: Captured | None = None
    events: list[bytes] = field(default_factory=list)
    end_ns: int = 0
    messages: list[Json] | None = None
    notes: list[str] = field(default_factory=list)


def write(capture: Capture, path: str | Path) -> None:
    """Save a capture as HAR. Raises CaptureError when the file cannot be written."""
    text = json.dumps(dump(capture), ensure_ascii=False, indent=1)
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CaptureError(f"{path} cannot be written: {error.strerror or error}.") from error


def dump(capture: Capture) -> Json:
    """A capture as a HAR 1.2 object."""
    collected = _Collected(capture)
    connections = {one.number: one for one in capture.connections}
    entries = [
        _entry(one, connections[one.asked.row.connection], capture.started_at or _UNIX)
        for one in collected.exchanges.values()
    ]
    entries.sort(key=lambda entry: str(entry["startedDateTime"]))
    log: Json = {
        "version": "1.2",
        "creator": {"name": "labchat", "version": "0.1.0"},
        "pages": [],
        "entries": entries,
    }
    comment = collected.comment()
    return {"log": log | {"comment": comment} if comment else log}


class _Collected:
    """All exchanges of a capture, by the number of the request."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._opened: dict[int, _Exchange] = {}
        self._of_unit: dict[int, _Exchange] = {}
        self._left_out: Counter[str] = Counter()
        self.exchanges: dict[int, _Exchange] = {}
        for row in capture.rows():
            self._take(capture.unit(row.n))
        self._remarks: list[str] = []
        for note in capture.annotations:
            exchange = self._of_unit.get(note.unit or 0)
            (self._remarks if exchange is None else exchange.notes).append(note.text)

    def comment(self) -> str:
        """What the file cannot hold, and remarks about no exchange in particular."""
        parts = [f"{count} × {what}" for what, count in sorted(self._left_out.items())]
        left_out = [f"HAR has no place for: {', '.join(parts)}."] if parts else []
        return " ".join(left_out + self._remarks)

    def _take(self, captured: Captured) -> None:
        unit, row = captured.unit, captured.row
        if isinstance(unit, Request):
            exchange = _Exchange(captured, end_ns=row.end_ns)
            self.exchanges[row.n] = self._of_unit[row.n] = exchange
        elif isinstance(unit, Response):
            self._response(captured, unit)
        elif captured.message is not None and row.connection in self._opened:
            self._message(captured, captured.message)
        else:
            self._left_out[_what(captured)] += 1

    def _response(self, captured: Captured, unit: Response) -> None:
        exchange = self.exchanges.get(captured.peer or 0)
        if exchange is None or (unit.status < 200 and unit.status != 101):
            self._left_out["interim or unasked response"] += 1
            return
        self._of_unit[captured.row.n] = exchange
        exchange.end_ns = max(exchange.end_ns, captured.row.end_ns)
        if unit.part in ("message", "head"):
            exchange.answered = captured
        else:
            exchange.events.append(unit.body)
        if unit.status == 101:
            exchange.messages = []
            self._opened[captured.row.connection] = exchange

    def _message(self, captured: Captured, message: Message) -> None:
        exchange = self._opened[captured.row.connection]
        self._of_unit[captured.row.n] = exchange
        if message.last != captured.row.n or exchange.messages is None:
            return
        if not message.complete or message.problem:
            self._left_out["message that is not whole"] += 1
            return
        moment = (self._capture.started_at or _UNIX).timestamp()
        text = message.text if message.opcode == 1 else None
        exchange.messages.append(
            {
                "type": "send" if captured.row.direction is Direction.C2S else "receive",
                "time": moment + captured.row.end_ns / 1e9,
                "opcode": message.opcode,
                "data": base64.b64encode(message.payload).decode() if text is None else text,
            }
        )


def _what(captured: Captured) -> str:
    kind = captured.row.kind.value
    return "frame without message (ping, pong, close)" if kind == "frame" else kind


def _entry(one: _Exchange, connection: Connection, started_at: datetime) -> Json:
    row, answer = one.asked.row, one.answered
    send = _ms(row.end_ns - row.at_ns)
    wait = _ms(answer.row.at_ns - row.end_ns) if answer else 0.0
    receive = _ms(one.end_ns - answer.row.at_ns) if answer else 0.0
    moment = started_at + timedelta(microseconds=row.at_ns // 1000)
    entry: Json = {
        "startedDateTime": moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "time": send + wait + receive,
        "request": _request(one, connection),
        "response": _response(one),
        "cache": {},
        "timings": {
            "blocked": -1,
            "dns": -1,
            "connect": -1,
            "send": send,
            "wait": wait,
            "receive": receive,
            "ssl": -1,
        },
        "serverIPAddress": connection.server.rpartition(":")[0].strip("[]"),
        "connection": str(connection.number),
        "_labchat": {
            "client": connection.client,
            "server": connection.server,
            "connection": connection.number,
            "label": connection.label,
        },
    }
    if one.messages is not None:
        entry |= {"_resourceType": "websocket", "_webSocketMessages": one.messages}
    return entry | {"comment": " ".join(one.notes)} if one.notes else entry


def _ms(nanoseconds: int) -> float:
    return max(0, nanoseconds) / 1e6


def _request(one: _Exchange, connection: Connection) -> Json:
    unit = one.asked.unit
    assert isinstance(unit, Request)
    url = _url(unit, connection, websocket=one.messages is not None)
    made: Json = {
        "method": unit.method,
        "url": url,
        "httpVersion": unit.version or "HTTP/1.1",
        "cookies": cookies(unit.header("cookie")),
        "headers": [{"name": name, "value": value} for name, value in unit.headers],
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(_query(url), keep_blank_values=True)
        ],
        "headersSize": unit.head_length,
        "bodySize": len(unit.data) - unit.head_length,
    }
    if unit.body:
        text, encoding = _text(unit.body)
        data: Json = {"mimeType": unit.header("content-type") or "", "text": text, "params": []}
        made["postData"] = data | ({"_encoding": encoding} if encoding else {})
    return made


def _url(unit: Request, connection: Connection, *, websocket: bool) -> str:
    if "://" in unit.target:
        return unit.target
    scheme = "ws" if websocket else "http"
    return f"{scheme}://{unit.header('host') or connection.server}{unit.target}"


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""


def _response(one: _Exchange) -> Json:
    if one.answered is None:
        return {
            "status": 0,
            "statusText": "",
            "httpVersion": "",
            "cookies": [],
            "headers": [],
            "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
            "_error": "no response in the capture",
        }
    unit = one.answered.unit
    assert isinstance(unit, Response)
    return {
        "status": unit.status,
        "statusText": unit.reason,
        "httpVersion": unit.version or "HTTP/1.1",
        "cookies": set_cookies(
            [value for name, value in unit.headers if name.lower() == "set-cookie"]
        ),
        "headers": [{"name": name, "value": value} for name, value in unit.headers],
        "content": _content(unit, unit.body + b"".join(one.events)),
        "redirectURL": unit.header("location") or "",
        "headersSize": unit.head_length,
        "bodySize": len(unit.data) - unit.head_length + sum(map(len, one.events)),
    }


def _content(unit: Response, body: bytes) -> Json:
    plain = inflated(body, unit.header("content-encoding"))
    content: Json = {
        "size": len(plain if plain is not None else body),
        "mimeType": unit.header("content-type") or "x-unknown",
    }
    if plain is not None and plain != body:
        content["compression"] = len(plain) - len(body)
    elif plain is None:
        content["comment"] = "as sent: the content coding could not be undone"
    if not body:
        return content
    text, encoding = _text(plain if plain is not None else body)
    content["text"] = text
    return content | ({"encoding": encoding} if encoding else {})


def _text(data: bytes) -> tuple[str, str | None]:
    """``data`` as text, or as base64 with the name of that encoding."""
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        return base64.b64encode(data).decode(), "base64"


def inflated(body: bytes, coding: str | None) -> bytes | None:
    """``body`` without its content coding; None where it is unknown, broken or too large."""
    name = (coding or "identity").strip().lower()
    if name == "identity" or not body:
        return body
    window = {"gzip": 31, "x-gzip": 31, "deflate": 15}.get(name)
    if window is None:
        return None
    unpack = zlib.decompressobj(window)
    try:
        plain = unpack.decompress(body, MAX_INFLATED)
    except zlib.error:
        return None
    return plain if unpack.eof else None
