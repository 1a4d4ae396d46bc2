"""How every answer looks: security headers, JSON, refusals as ``{"error": "..."}``."""

from __future__ import annotations

from http.client import responses
from typing import TYPE_CHECKING, Any

import msgspec
from tornado.web import HTTPError, RequestHandler

if TYPE_CHECKING:
    from types import TracebackType

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self' ws: wss:; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Fault(msgspec.Struct):
    """The body of every refusal: ``{"error": "..."}``, as in the text."""

    error: str


class Answers(RequestHandler):
    """What all our handlers share."""

    def set_default_headers(self) -> None:
        """Called by Tornado before each answer."""
        for name, value in SECURITY_HEADERS.items():
            self.set_header(name, value)
        self.set_header("Cache-Control", "no-store")
        self.clear_header("Server")

    def answer(self, body: object, status: int = 200) -> None:
        """Finish with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(body))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Called by Tornado for whatever was raised."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        reason = responses.get(status_code, "Error")
        if isinstance(error, HTTPError) and error.log_message:
            reason = error.log_message
        self.answer(Fault(reason), status_code)

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Called by Tornado; a refusal is in the access log already, and no more than that."""
        if not isinstance(value, HTTPError):
            super().log_exception(typ, value, tb)
