"""A TLS connection for two threads: one that reads, one that writes.

OpenSSL forbids two threads in one connection at a time, and Python 3.11 does not keep them
apart: while the reading thread takes the server's session tickets (RFC 8446 section 4.6.1), what
another writes is lost about once in six hundred connections, without an error. So here a thread
holds the connection only while it has something to do, never while it waits.
"""

from __future__ import annotations

import selectors
import socket
import ssl
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Sealed:
    """As much of a socket as the threaded client of ``websockets`` uses; the rest is passed on.

    Args:
        sock: a TLS connection whose handshake is done.
    """

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self._sock = sock
        self._lock = Lock()
        self._timeout = sock.gettimeout()
        self._waiting = 0
        self._closed = False
        sock.setblocking(False)

    def settimeout(self, seconds: float | None) -> None:
        """How long to wait for the peer; None: for ever."""
        self._timeout = seconds

    def recv(self, size: int) -> bytes:
        """Up to ``size`` bytes, b"" at the end.

        Raises:
            TimeoutError: nothing came.
            OSError: the connection broke.
        """
        return self._in_turn(lambda: b"" if self._closed else self._sock.recv(size))

    def sendall(self, data: bytes) -> None:
        """All of ``data``. Raises what :meth:`recv` raises."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._in_turn(partial(self._sock.send, rest)) :]

    def close(self) -> None:
        """Hang up; a thread that waits in :meth:`recv` hears of the end."""
        with self._lock:
            self._closed = True
            with suppress(OSError):  # the peer was first
                self._sock.shutdown(socket.SHUT_RDWR)
            self._let_go()

    def _in_turn(self, act: Callable[[], T]) -> T:
        """Do something as soon as TLS can, with the connection to oneself meanwhile."""
        while True:
            with self._lock:
                try:
                    return act()
                except ssl.SSLWantReadError:
                    awaited = READ
                except ssl.SSLWantWriteError:
                    awaited = WRITE
            self._wait(awaited)

    def _wait(self, event: int) -> None:
        with self._lock:
            if self._closed:
                return
            self._waiting += 1
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._sock, event)
                if not selector.select(self._timeout):
                    raise TimeoutError("the peer took too long")
        finally:
            with self._lock:
                self._waiting -= 1
                self._let_go()

    def _let_go(self) -> None:
        """Close what nobody waits for: who waits for a closed descriptor is never woken."""
        if self._closed and not self._waiting:
            self._sock.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)
