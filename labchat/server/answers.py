"""How every answer looks: security headers, JSON, refusals as ``{"error": "..."}``."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass, field
from http.client import responses
from typing import TYPE_CHECKING, Any

import msgspec
from tornado.web import HTTPError, RequestHandler

from labchat.errors import IdConflict, InvalidEvent, LabchatError, StoreError, TooLong
from labchat.server import origins
from labchat.server.auth import NotYours, Unknown
from labchat.server.hub import TooFast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping
    from types import TracebackType

    from labchat.server.hub import Hub
    from labchat.server.settings import Settings

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self' ws: wss:; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""What the page and its files carry beside the common headers; data need no more than those."""
HSTS = "max-age=31536000"
"""With TLS: a browser that was here once does not come back without (RFC 6797)."""

access = logging.getLogger("labchat.access")
"""One JSON object per request, at INFO; silent unless somebody listens (``--access-log``)."""


class Fault(msgspec.Struct):
    """The body of every refusal: ``{"error": "..."}``, as in the text."""

    error: str


class Forbidden(LabchatError):
    """The request comes from where none may come."""


class LongHead(LabchatError):
    """The request's head is over the limit."""


class Full(LabchatError):
    """No room for another connection, or the server is about to stop."""


class WantsUpgrade(LabchatError):
    """A plain request where only a WebSocket is served."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, before it is written."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(body: object, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status, msgspec.json.encode(body))


def refusal(error: LabchatError) -> Answer:
    """The answer to a request that was refused: one status for each kind of error."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return Answer(status, msgspec.json.encode(Fault(_words(error))), _hints(error, status))
    raise error


_STATUS: tuple[tuple[type[LabchatError], int], ...] = (
    (Unknown, 401),
    (NotYours, 403),
    (Forbidden, 403),
    (TooFast, 429),
    (TooLong, 413),
    (LongHead, 431),
    (IdConflict, 409),
    (InvalidEvent, 400),
    (WantsUpgrade, 426),
    (StoreError, 503),
    (Full, 503),
)


def _words(error: LabchatError) -> str:
    """The text's own words for a store that fails, ours for the rest."""
    if isinstance(error, StoreError) and not isinstance(error, IdConflict):
        return "Failed to save message"
    return str(error)


def _hints(error: LabchatError, status: int) -> dict[str, str]:
    if isinstance(error, TooFast):
        return {"Retry-After": str(math.ceil(error.seconds))}
    return _HINTS.get(status, {})


_HINTS = {
    401: {"WWW-Authenticate": "Bearer"},
    426: {"Upgrade": "websocket", "Connection": "Upgrade"},
    503: {"Retry-After": "1"},
}


def common_headers(settings: Settings, origin: str | None) -> dict[str, str]:
    """What every answer carries; with CORS fields if a page of ``origin`` may read it.

    No more than is needed: the lab shows these bytes.
    """
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if settings.origins:
        headers["Vary"] = "Origin"
    if settings.tls:
        headers["Strict-Transport-Security"] = HSTS
    if origin is not None and origins.shared(origin, settings):
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = "Retry-After"
    return headers


def admit(headers: Mapping[str, str], settings: Settings) -> None:
    """Raises Forbidden if the request comes from a page that may not use this server."""
    objection = origins.objection(headers, settings)
    if objection is not None:
        raise Forbidden(objection)


def log_access(method: str, path: str, status: int, seconds: float, peer: str | None) -> None:
    """One line for one request. The query is left out: it may name people."""
    if access.isEnabledFor(logging.INFO):
        line = {"method": method, "path": path, "status": status, "peer": peer}
        access.info("%s", json.dumps({**line, "ms": round(seconds * 1000, 3)}))


class Answers(RequestHandler):
    """What all our handlers share."""

    @property
    def hub(self) -> Hub:
        """The server's, as ``make_app`` gave it to the application."""
        hub: Hub = self.settings["hub"]
        return hub

    def set_default_headers(self) -> None:
        """Called by Tornado before each answer, also before ``initialize``."""
        self.clear_header("Server")

    def prepare(self) -> None:
        """Called by Tornado first. Raises Forbidden."""
        self._head()
        admit(self.request.headers, self.hub.settings)

    def _head(self) -> None:
        origin = self.request.headers.get("Origin")
        for name, value in common_headers(self.hub.settings, origin).items():
            self.set_header(name, value)

    def as_page(self) -> None:
        """Protect what a browser renders; it asks each time whether its copy is current."""
        for name, value in PAGE_HEADERS.items():
            self.set_header(name, value)
        self.set_header("Cache-Control", "no-cache")

    def answer(self, answer: Answer) -> None:
        """Finish with an answer."""
        self.set_status(answer.status)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        self.set_header("Content-Type", "application/json")
        self.finish(answer.body)

    def options(self, *_args: str) -> None:
        """A CORS preflight: what a page of an allowed origin may send."""
        if origins.shared(self.request.headers.get("Origin"), self.hub.settings):
            self.set_header("Access-Control-Allow-Methods", "GET, POST")
            self.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
            self.set_header("Access-Control-Max-Age", "600")
        self.set_status(204)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Called by Tornado for whatever was raised."""
        self._head()
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, LabchatError):
            self.answer(refusal(error))
            return
        reason = responses.get(status_code, "Error")
        if isinstance(error, HTTPError) and error.log_message:
            reason = error.log_message
        self.answer(as_json(Fault(reason), status_code))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Called by Tornado; a refusal is in the access log already, and no more than that."""
        if not isinstance(value, HTTPError | LabchatError):
            super().log_exception(typ, value, tb)


class Resource(Answers):
    """What can be got, and so can be asked for its head."""

    def head(self, *args: str, **kwargs: str) -> Awaitable[None] | None:
        """As GET, without the content (RFC 9110 §9.3.2)."""
        return self.get(*args, **kwargs)
