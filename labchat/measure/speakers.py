"""Plain blocking senders: the least that stands between a clock and the wire.

HTTP is the standard library's ``http.client``, WebSocket the threaded client of ``websockets``.
All times are ``time.monotonic_ns`` of this process. Nothing here knows the tap: emulated delay is
the wire's affair, but for one thing: a tap cannot delay the TCP handshake, so a sender that opens
a connection under an emulated RTT waits that RTT itself before it speaks, as it would have to.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from time import monotonic_ns
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from websockets.sync.client import connect

from labchat.errors import ChatError
from labchat.measure.sealed import Sealed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.client import ClientConnection

TIMEOUT = 30.0
"""Seconds after which a message counts as lost."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Where and how to speak.

    Attributes:
        url: "http://HOST:PORT".
        rtt_s: emulated round trip, waited once for each new TCP connection.
        nodelay: TCP_NODELAY of the sockets made here.
        compression: whether to offer permessage-deflate.
        tls: speaks TLS by this context; None: in the clear.
    """

    url: str
    rtt_s: float = 0.0
    nodelay: bool = True
    compression: bool = False
    tls: ssl.SSLContext | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, always IPv4 loopback: no name look-up is measured."""
        return "127.0.0.1", urlsplit(self.url).port or 80

    def _dial(self) -> socket.socket:
        """A TCP connection; with an emulated RTT, its handshake takes one."""
        plain = socket.create_connection(self.address, timeout=TIMEOUT)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(self.nodelay))
        pause(self.rtt_s)
        return plain

    def connection(self) -> HTTPConnection:
        """A fresh HTTP connection, open.

        Raises:
            OSError: nobody listens there, or TLS fails (an ``ssl.SSLError``).
        """
        host, port = self.address
        http = HTTPConnection(host, port, timeout=TIMEOUT)
        http.sock = self._socket()
        return http

    def _socket(self) -> socket.socket:
        """Connected, and with TLS if that is spoken."""
        plain = self._dial()
        if self.tls is None:
            return plain
        try:
            return self.tls.wrap_socket(plain, server_hostname=self.address[0])
        except OSError:
            plain.close()
            raise

    @contextmanager
    def websocket(self, user: str) -> Iterator[ClientConnection]:
        """A fresh WebSocket on which ``user`` has registered; closed at the end.

        Raises:
            OSError: nobody listens there, or TLS fails (an ``ssl.SSLError``).
        """
        host, port = self.address
        sock = self._socket()
        with connect(
            f"ws://{host}:{port}/",
            sock=Sealed(sock) if isinstance(sock, ssl.SSLSocket) else sock,  # type: ignore[arg-type]
            compression="deflate" if self.compression else None,
            max_size=None,
            max_queue=None,
            ping_interval=None,
        ) as ws:
            ws.send(json.dumps({"type": "register", "userId": user}))
            while json.loads(ws.recv(TIMEOUT))["type"] != "registered":
                pass
            yield ws


def pause(seconds: float) -> None:
    """Do nothing for a while."""
    if seconds > 0:
        threading.Event().wait(seconds)


def message(post_id: str, text: str) -> dict[str, str]:
    """The text's message, from one user to the other."""
    return {"id": post_id, "text": text, "senderId": "user-1", "receiverId": "user-2"}


class Sender(Protocol):
    """Sends one message and waits for the server's word on it."""

    def send(self, post_id: str, text: str) -> tuple[int, int]:
        """When it was handed to the socket, and when the server's answer to it was here (ns).

        Raises:
            ChatError: the server refused it.
        """
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class WebSocketSender:
    """Over one open WebSocket; the answer is the ``ack``."""

    def __init__(self, wire: Wire) -> None:
        self._stack = ExitStack()
        self._ws = self._stack.enter_context(wire.websocket("user-1"))

    def fire(self, post_id: str, text: str) -> int:
        """Send and do not wait; when it was handed to the socket (ns)."""
        event = {"type": "message", **message(post_id, text), "createdAt": "2025-11-03T15:30:00Z"}
        data = json.dumps(event)
        sent = monotonic_ns()
        self._ws.send(data)
        return sent

    def send(self, post_id: str, text: str) -> tuple[int, int]:
        """See :class:`Sender`. Raises ChatError for a refusal, TimeoutError without an answer."""
        sent = self.fire(post_id, text)
        while True:
            heard = json.loads(self._ws.recv(TIMEOUT))
            if heard["type"] == "ack" and heard["id"] == post_id:
                return sent, monotonic_ns()
            if heard["type"] == "error":
                raise ChatError(heard["message"])

    def close(self) -> None:
        """Hang up."""
        self._stack.close()


class PostSender:
    """By POST: on one connection that is kept, or on a new one each time."""

    def __init__(self, wire: Wire, *, keep: bool) -> None:
        self._wire = wire
        self._keep = keep
        self._http = wire.connection() if keep else None

    def send(self, post_id: str, text: str) -> tuple[int, int]:
        """See :class:`Sender`; a new connection's making is part of the time.

        Raises:
            ChatError: the status was not 200.
            OSError: nobody listens there, or the connection broke.
        """
        body = json.dumps(message(post_id, text)).encode()
        sent = monotonic_ns()
        http = self._http or self._wire.connection()
        fields = {"Content-Type": "application/json"}
        if not self._keep:
            fields["Connection"] = "close"
        http.request("POST", "/api/messages", body, fields)
        response = http.getresponse()
        answer = response.read()
        answered = monotonic_ns()
        if not self._keep:
            http.close()
        if response.status != 200:
            raise ChatError(f"the server said {response.status}: {answer[:200]!r}")
        return sent, answered

    def close(self) -> None:
        """Hang up."""
        if self._http is not None:
            self._http.close()
