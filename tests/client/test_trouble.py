from __future__ import annotations

import ssl

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidHeader,
    InvalidMessage,
    InvalidStatus,
)
from websockets.frames import Close
from websockets.http11 import Response

from labchat.client.trouble import Trouble, of_connection, of_status


def closed(code: int, reason: str = "") -> ConnectionClosedError:
    return ConnectionClosedError(Close(code, reason), None)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (closed(1001), Trouble("1001 going away")),
        (closed(1011, "disk on fire"), Trouble("1011 disk on fire")),
        (closed(1013), Trouble("1013 try again later")),
        (closed(1002), Trouble("1002 protocol error", final=True)),
        (closed(1008, "who?"), Trouble("1008 who?", final=True)),
        (closed(3000), Trouble("3000 closed by the server")),
        (closed(4000), Trouble("4000 closed by the server", final=True)),
        (closed(4999), Trouble("4999 closed by the server", final=True)),
        (ConnectionClosedOK(Close(1000, ""), None), Trouble("1000 normal closure")),
        (
            ConnectionClosedError(None, Close(1011, "ours")),
            Trouble("connection lost without a close frame"),
        ),
        (
            InvalidMessage("did not receive a valid HTTP response"),
            Trouble("the server hung up during the handshake"),
        ),
        (
            InvalidHeader("Upgrade", "h2c"),
            Trouble("no WebSocket there: invalid Upgrade header: h2c", final=True),
        ),
        (TimeoutError(), Trouble("no answer in time")),
        (ConnectionRefusedError(111, "refused"), Trouble("nobody listens there")),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1)"),
            Trouble("nobody listens there"),
        ),
        (OSError(101, "Network is unreachable"), Trouble("[Errno 101] Network is unreachable")),
        (OSError(), Trouble("OSError")),
    ],
    ids=str,
)
def test_an_error_becomes_a_phrase_and_a_verdict(error: Exception, trouble: Trouble) -> None:
    assert of_connection(error) == trouble


def test_a_certificate_nobody_trusts_does_not_get_better() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    trouble = of_connection(error)
    assert trouble == Trouble("certificate not trusted: self-signed certificate", final=True)


def test_a_refused_handshake_speaks_with_its_status() -> None:
    response = Response(429, "Too Many Requests", Headers({"Retry-After": "3"}), b"")
    assert of_connection(InvalidStatus(response)) == Trouble("429 Too Many Requests", False, 3.0)


@pytest.mark.parametrize(
    ("status", "final"),
    [(400, True), (401, True), (403, True), (404, True), (408, False), (425, False), (429, False),
     (500, False), (503, False), (302, False)],
)  # fmt: skip
def test_which_statuses_mean_no(status: int, final: bool) -> None:
    assert of_status(status, {}, b"").final is final


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"error":"token unknown"}', "403 token unknown"),
        (b'{"error":{"no":"string"}}', "403 Forbidden"),
        (b'{"message":"?"}', "403 Forbidden"),
        (b"[]", "403 Forbidden"),
        (b"\xff", "403 Forbidden"),
    ],
)
def test_the_servers_own_words_are_taken_if_it_has_any(body: bytes, says: str) -> None:
    assert of_status(403, {}, body).reason == says


def test_an_unheard_of_status() -> None:
    assert of_status(599, {}, b"").reason == "599"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0", 0.0), ("-1", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("٣", 0.0)],
)
def test_retry_after_is_seconds_or_nothing(value: str, seconds: float) -> None:
    assert of_status(503, {"Retry-After": value}, b"").retry_after == seconds
