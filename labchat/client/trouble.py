"""Foreign errors and status codes, translated in one place: try again, or take the no.

A server that refuses is not asked again by itself (RFC 6455 §7.2.3 speaks of abnormal closures
only): a wrong token does not get better by repeating it.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidStatus,
    WebSocketException,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRY_LATER = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
"""The 4xx statuses that mean "not now" rather than "no" (RFC 9110 §15.5.9, RFC 8470, RFC 6585)."""

_NO = {1002, 1003, 1007, 1008, 1009, 1010}
"""Close codes by which the server says that we broke a rule (RFC 6455 §7.4.1)."""

_MEANING = {
    1000: "normal closure",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1007: "invalid payload data",
    1008: "policy violation",
    1009: "message too big",
    1010: "mandatory extension",
    1011: "internal error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something did not work.

    Attributes:
        reason: a short phrase for a person.
        final: the server said no; asking again is no use.
        retry_after: seconds the server asked us to wait, or 0.
    """

    reason: str
    final: bool = False
    retry_after: float = 0.0


def of_connection(error: OSError | WebSocketException) -> Trouble:
    """Why a handshake failed, or a connection ended."""
    match error:
        case ConnectionClosed():
            return _of_close(error)
        case WebSocketException():
            return _of_handshake(error)
        case _:
            return _of_system(error)


def _of_handshake(error: WebSocketException) -> Trouble:
    match error:
        case InvalidStatus(response=response):
            return of_status(response.status_code, response.headers, bytes(response.body or b""))
        case InvalidMessage():
            return Trouble("the server hung up during the handshake")
        case _:
            return Trouble(f"no WebSocket there: {error}", final=True)


def _of_system(error: OSError) -> Trouble:
    match error:
        case TimeoutError():
            return Trouble("no answer in time")
        case ConnectionRefusedError():
            return Trouble("nobody listens there")
        case OSError() if "Connect call failed" in str(error):  # on none of several addresses
            return Trouble("nobody listens there")
        case ssl.SSLCertVerificationError():
            return Trouble(f"certificate not trusted: {error.verify_message}", final=True)
        case _:
            return Trouble(str(error) or type(error).__name__)


def of_status(status: int, headers: Mapping[str, str], body: bytes) -> Trouble:
    """What an HTTP status other than the hoped-for one means."""
    final = 400 <= status < 500 and status not in _TRY_LATER
    return Trouble(_sentence(status, body), final, _seconds(headers.get("Retry-After", "")))


def _of_close(error: ConnectionClosed) -> Trouble:
    frame = error.rcvd
    if frame is None:
        return Trouble("connection lost without a close frame")
    meaning = _MEANING.get(frame.code, "closed by the server")
    reason = f"{frame.code} {frame.reason or meaning}"
    return Trouble(reason, final=frame.code in _NO or 4000 <= frame.code <= 4999)


def _sentence(status: int, body: bytes) -> str:
    """The status with the server's own words, if it gave any as JSON."""
    try:
        said = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        said = None
    if isinstance(said, str):
        return f"{status} {said}"
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _seconds(value: str) -> float:
    """Retry-After in seconds; its date form is left aside (RFC 9110 §10.2.3)."""
    return float(value) if value.isascii() and value.isdigit() else 0.0
