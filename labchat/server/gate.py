"""The HTTP server in front of the application: how many may come in, and TLS.

A TLS port that is spoken to in plain HTTP answers with a redirect to https, as far as a person
can be helped there; nothing else is served in plain.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, StreamClosedError, UnsatisfiableReadError

from labchat.errors import SettingsError

if TYPE_CHECKING:
    from labchat.server.app import ChatApplication
    from labchat.server.settings import Settings

TLS_HANDSHAKE = 0x16
"""The first byte of a TLS connection (RFC 8446 §5.1: content type handshake)."""
FACTOR = 4
"""A request head may be so many times the limit, and is answered with 431; a longer one is cut."""
SPARE = 256
"""TCP connections beyond the WebSocket limit, for requests."""


class Gate(HTTPServer):
    """Tornado's server, with a bound on open connections, and TLS that tells plain HTTP apart."""

    def guard(self, app: ChatApplication, settings: Settings, tls: ssl.SSLContext | None) -> None:
        """Set the bounds; once, before listening."""
        self._app = app
        self._room = settings.limits.connections + SPARE
        self._seconds = settings.limits.header_seconds
        self._tls = tls
        self._greeting = 0

    def handle_stream(self, stream: IOStream, address: tuple[str, int]) -> None:
        """Called by Tornado for each connection."""
        if len(self._connections) + self._greeting >= self._room:
            stream.close()
        elif self._tls is None:
            super().handle_stream(stream, address)
        else:
            self._greeting += 1
            self._app.hub.start(self._secure(stream, self._tls, address))

    async def _secure(
        self, stream: IOStream, tls: ssl.SSLContext, address: tuple[str, int]
    ) -> None:
        """Look at the first byte; speak TLS, or show the way to it."""
        try:
            async with asyncio.timeout(self._seconds):
                if await _first_byte(stream.socket) == TLS_HANDSHAKE:
                    secured = await stream.start_tls(True, tls)
                else:
                    await _redirect(stream)
                    return
        except (OSError, ssl.SSLError, StreamClosedError, TimeoutError, UnsatisfiableReadError):
            if stream.socket is not None:  # else start_tls took it, and has closed it
                stream.close()
            return
        finally:
            self._greeting -= 1
        super().handle_stream(secured, address)


def make_gate(app: ChatApplication, settings: Settings) -> Gate:
    """The server for an application. Raises SettingsError."""
    limits = settings.limits
    tls = _context(settings)
    gate = Gate(
        app,
        max_header_size=FACTOR * limits.headers,  # Tornado cuts; the door answers before
        max_body_size=limits.body,
        idle_connection_timeout=limits.header_seconds,
        body_timeout=limits.body_seconds,
        protocol="https" if tls else None,
    )
    gate.guard(app, settings, tls)
    return gate


async def _first_byte(sock: socket.socket) -> int | None:
    """Wait for the first byte, and leave it there; None at the end of the stream."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()

    def ready() -> None:
        loop.remove_reader(sock.fileno())
        if not readable.done():
            readable.set_result(None)

    loop.add_reader(sock.fileno(), ready)
    try:
        await readable
    finally:
        loop.remove_reader(sock.fileno())
    first = sock.recv(1, socket.MSG_PEEK)
    return first[0] if first else None


async def _redirect(stream: IOStream) -> None:
    """Answer a plain request with the same URL in https (RFC 9110 §15.4.9)."""
    head = await stream.read_until(b"\r\n\r\n", max_bytes=8192)
    lines = head.decode("latin-1").split("\r\n")
    target = f"{lines[0]}  ".split(" ")[1]
    fields = dict(line.lower().partition(":")[::2] for line in lines[1:])
    path = target if target.startswith("/") else "/"
    where = f"https://{fields.get('host', '').strip()}{path}"
    body = f"This server speaks TLS only: {where}\n".encode("latin-1")
    answer = (
        f"HTTP/1.1 308 Permanent Redirect\r\nLocation: {where}\r\nConnection: close\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    await stream.write(answer.encode("latin-1") + body)
    stream.close()


def _context(settings: Settings) -> ssl.SSLContext | None:
    """The certificate and its key. Raises SettingsError if they cannot be used."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"The certificate or its key cannot be used: {error}.") from error
    return context
