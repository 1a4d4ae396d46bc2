"""One exchange as a HAR entry: request, response, contents, times. PURE."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from labchat.capture.har_cookies import cookies, set_cookies
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from labchat.capture.model import Captured, Connection

MAX_INFLATED = 64 << 20
"""Bytes to which a compressed body is inflated at most; a longer one stays as it was sent."""

Json = dict[str, Any]


@dataclass(slots=True)
class Exchange:
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


def entry(one: Exchange, connection: Connection, started_at: datetime) -> Json:
    """The entry of one exchange, as HAR 1.2 and Chrome have it."""
    row, answer = one.asked.row, one.answered
    send = _ms(row.end_ns - row.at_ns)
    wait = _ms(answer.row.at_ns - row.end_ns) if answer else 0.0
    receive = _ms(one.end_ns - answer.row.at_ns) if answer else 0.0
    moment = started_at + timedelta(microseconds=row.at_ns // 1000)
    made: Json = {
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
    kind = _resource_type(one)
    if kind:
        made["_resourceType"] = kind
    if one.messages is not None:
        made["_webSocketMessages"] = one.messages
    return made | {"comment": " ".join(one.notes)} if one.notes else made


def _resource_type(one: Exchange) -> str | None:
    """Chrome's word where the exchange leaves no doubt; DevTools takes the rest for scripts."""
    if one.messages is not None:
        return "websocket"
    unit = one.answered.unit if one.answered else None
    kind = (unit.header("content-type") or "") if isinstance(unit, Response) else ""
    known = {"text/event-stream": "eventsource", "application/json": "fetch"}
    return known.get(kind.partition(";")[0].strip().lower())


def _ms(nanoseconds: int) -> float:
    return max(0, nanoseconds) / 1e6


def _request(one: Exchange, connection: Connection) -> Json:
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


def _response(one: Exchange) -> Json:
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
