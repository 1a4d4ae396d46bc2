"""What lesson 8 does to a server: visits from another site, posts, words over TLS."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import closing, suppress
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from labchat.lessons.plain import TIMEOUT, of_connection, opening
from labchat.wire import frames
from labchat.wire.fields import Direction
from labchat.wire.http1 import Response

if TYPE_CHECKING:
    from labchat.capture.capture import Captured
    from labchat.lessons.lesson import Lab

EVIL = "https://evil.example"
MASK = bytes(4)
CLOSE = frames.build(8, b"\x03\xe8", mask=MASK)


def post(
    lab: Lab,
    text: str,
    *,
    sender: str = "user-1",
    token: str | None = None,
    times: int = 1,
) -> list[int]:
    """POST a message through the tap, on one connection; the status of each answer.

    Args:
        lab: whose tap to go through.
        text: the message.
        sender: who it says it is.
        token: sent as ``Authorization: Bearer``.
        times: how often, one right after the other.
    """
    body = json.dumps({"text": text, "senderId": sender, "receiverId": "user-2"})
    fields = {"Content-Type": "application/json"}
    fields |= {"Authorization": f"Bearer {token}"} if token is not None else {}
    host, port = lab.relay.address
    statuses = []
    with closing(HTTPConnection(host, port, timeout=TIMEOUT)) as http:
        for _ in range(times):
            http.request("POST", "/api/messages", body.encode(), fields)
            response = http.getresponse()
            response.read()
            statuses.append(response.status)
    return statuses


def answers(found: list[Captured]) -> list[Response]:
    """The HTTP responses among units."""
    return [each.unit for each in found if isinstance(each.unit, Response)]


def converse(lab: Lab, request: bytes, said: bytes) -> list[Captured]:
    """Open a WebSocket and, if the server agrees, say something that ends it; what crossed."""
    number = len(lab.capture.connections) + 1
    with socket.create_connection(lab.relay.address, timeout=TIMEOUT) as plain:
        plain.sendall(request)
        if b" 101 " in plain.recv(65536):
            plain.sendall(said)
            while plain.recv(65536):
                pass
    return of_connection(lab, number)


def evil_page(lab: Lab, user: str = "user-2") -> list[str]:
    """What a page of :data:`EVIL` does in a visitor's browser: open, say it is Bob, listen.

    Returns:
        What it heard, one line each.
    """
    event = json.dumps({"type": "register", "userId": user, "lastSeq": 0}).encode()
    register = frames.build(1, event, mask=MASK)
    found = converse(lab, opening("/", Origin=EVIL), register + CLOSE)
    return [each.row.summary for each in found if each.row.direction is Direction.S2C]


def say_by_wss(lab: Lab, text: str, trusting: ssl.SSLContext | None = None) -> str:
    """Open a WebSocket over TLS through the tap, and send one message; what came of it.

    Args:
        lab: one whose server speaks TLS.
        text: the message.
        trusting: says whom to trust; the system's own authorities when None.
    """
    from websockets.sync.client import connect

    context = trusting or ssl.create_default_context()
    host, port = lab.relay.address
    message = {"id": "wss-1", "text": text, "senderId": "user-1", "receiverId": "user-2"}
    plain = socket.create_connection((host, port), timeout=TIMEOUT)
    try:
        with connect(f"wss://localhost:{port}/", sock=plain, ssl=context) as ws:
            ws.send(json.dumps({"type": "register", "userId": "user-1"}))
            ws.send(json.dumps({"type": "message", **message}))
            while json.loads(heard := ws.recv(TIMEOUT))["type"] != "ack":
                pass
            return str(heard)
    except ssl.SSLCertVerificationError as error:
        return f"refused: {error.verify_message}"
    finally:
        plain.close()


def posted(text: str) -> bytes:
    """A POST of that text from Alice to Bob, as bytes."""
    body = json.dumps({"text": text, "senderId": "user-1", "receiverId": "user-2"}).encode()
    head = "POST /api/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def client_hello() -> bytes:
    """The first bytes a TLS client says to chat.example; nothing is sent."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(
        incoming, outgoing, server_hostname="chat.example"
    )
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()
