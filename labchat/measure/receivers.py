"""Those who wait for messages in a measurement, each in a thread, each noting when it hears an id.

The other side of :mod:`labchat.measure.speakers`; the same clock, the same libraries.
"""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Self

from websockets.exceptions import ConnectionClosed

from labchat.measure.speakers import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.client import HTTPConnection

    from websockets.sync.client import ClientConnection

    from labchat.measure.speakers import Wire


class Receiver:
    """A thread that notes when each message id is first heard.

    Args:
        listen: yields the ids it hears, until the connection ends.
        hang_up: makes ``listen`` end.
    """

    def __init__(self, listen: Iterator[str], hang_up: Callable[[], None]) -> None:
        self._listen = listen
        self._hang_up = hang_up
        self._heard: dict[str, int] = {}
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for post_id in self._listen:
            now = monotonic_ns()
            with self._news:
                self._heard.setdefault(post_id, now)
                self._news.notify_all()

    def wait(self, post_id: str) -> int | None:
        """When it was heard (ns), or None if it was not within :data:`TIMEOUT`."""
        with self._news:
            self._news.wait_for(lambda: post_id in self._heard, TIMEOUT)
            return self._heard.get(post_id)

    def close(self) -> None:
        """Hang up and end the thread."""
        self._hang_up()
        self._thread.join(TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def push(wire: Wire) -> Receiver:
    """Over a WebSocket: the server speaks when it likes. Raises OSError as ``Wire`` does."""
    stack = ExitStack()
    ws = stack.enter_context(wire.websocket("user-2"))

    def listen() -> Iterator[str]:
        while True:
            try:
                heard = json.loads(ws.recv())
            except ConnectionClosed:
                return
            if heard["type"] == "message":
                yield heard["data"]["id"]

    return Receiver(listen(), stack.close)


@contextmanager
def audience(wire: Wire, count: int) -> Iterator[None]:
    """``count`` more users on WebSockets of their own, who listen and say nothing.

    Raises:
        OSError: one of them cannot connect.
    """
    over = threading.Event()
    with ExitStack() as stack:
        sockets = [stack.enter_context(wire.websocket(f"listener-{n}")) for n in range(count)]
        threads = [threading.Thread(target=_drain, args=(ws, over), daemon=True) for ws in sockets]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()


def _drain(ws: ClientConnection, over: threading.Event) -> None:
    while not over.is_set():
        try:
            ws.recv()
        except ConnectionClosed:
            return


def poll(wire: Wire, *, interval_s: float = 0.0, wait_s: int = 0) -> Receiver:
    """By GET, again and again.

    Args:
        wire: where.
        interval_s: seconds between an answer and the next request.
        wait_s: seconds the server may hold a request until there is news (a long poll).

    Raises:
        OSError: nobody listens there.
    """
    http = wire.connection()
    over = threading.Event()
    last = _last_seq(http)

    def listen() -> Iterator[str]:
        seq = last
        while not over.is_set():
            for post in _get(http, f"/api/messages?after={seq}&wait={wait_s}"):
                seq = max(seq, post["seq"])
                yield post["id"]
            over.wait(interval_s)

    def hang_up() -> None:
        over.set()
        _cut(http.sock)

    return Receiver(_until_closed(listen(), http), hang_up)


def stream(wire: Wire) -> Receiver:
    """By server-sent events: one response that does not end. Raises OSError as ``Wire`` does."""
    http = wire.connection()
    last = _last_seq(http)
    plain = http.sock
    http.request("GET", f"/api/events?after={last}")
    response = http.getresponse()

    def listen() -> Iterator[str]:
        while line := response.readline():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])["id"]

    return Receiver(_until_closed(listen(), http), lambda: _cut(plain))


def _last_seq(http: HTTPConnection) -> int:
    seq = 0
    while page := _get(http, f"/api/messages?after={seq}"):
        seq = max(post["seq"] for post in page)
    return seq


def _get(http: HTTPConnection, target: str) -> list[dict[str, Any]]:
    http.request("GET", target)
    posts: list[dict[str, Any]] = json.loads(http.getresponse().read())
    return posts


def _until_closed(listen: Iterator[str], http: HTTPConnection) -> Iterator[str]:
    """The same, ending in peace when the connection is cut under it."""
    try:
        yield from listen
    except (OSError, ValueError, HTTPException):
        return
    finally:
        http.close()


def _cut(plain: socket.socket | None) -> None:
    if plain is not None:
        try:
            plain.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
