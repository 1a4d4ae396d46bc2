"""What a measurement needs around it: labs by server options, raw requests, and the capture."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol

from labchat.measure.speakers import TIMEOUT, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from http.client import HTTPConnection

    from labchat.capture.capture import Capture, Row


class Pending(Protocol):
    """Something that ends later."""

    def result(self, timeout: float | None = 30.0) -> Any:
        """Wait for it."""
        ...


class Bench(Protocol):
    """A running lab without users of its own."""

    capture: Capture

    @property
    def url(self) -> str:
        """Through the tap."""
        ...

    @property
    def faults(self) -> Any:
        """The tap's switchboard."""
        ...

    def narrow(self, kbit_per_s: float) -> object:
        """Let each direction carry so much and no more."""
        ...

    def unit(self, fits: Callable[[Row], bool]) -> Pending:
        """Ends when such a unit has crossed the tap."""
        ...

    def stamps(self, ids: Collection[str]) -> list[dict[str, Any]]:
        """What the store did with these posts, once they are committed."""
        ...


class Stage:
    """Labs by the options of their servers, each started when it is first asked for.

    Args:
        make: starts a lab with these options of ``labchat serve``; stopped by its owner.
        quick: measure less.
        progress: told what is measured now.
    """

    def __init__(
        self,
        make: Callable[[Sequence[str]], Bench],
        *,
        quick: bool = False,
        progress: Callable[[str], None] = lambda doing: None,
    ) -> None:
        self._make = make
        self._benches: dict[tuple[str, ...], Bench] = {}
        self.quick = quick
        self.progress = progress

    def bench(self, *options: str) -> Bench:
        """The lab whose server has these options."""
        if options not in self._benches:
            self._benches[options] = self._make(options)
        return self._benches[options]

    def wire(self, *options: str) -> Wire:
        """The way to that lab."""
        return Wire(self.bench(*options).url)


def request(
    http: HTTPConnection,
    method: str,
    target: str,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Any]:
    """One exchange; the status and the JSON that came back (None for an empty body).

    Raises:
        OSError: the connection broke.
        http.client.HTTPException: what came back was no HTTP.
        ValueError: the body was no JSON.
    """
    data = None if body is None else json.dumps(body).encode()
    kind = {} if body is None else {"Content-Type": "application/json"}
    http.request(method, target, data, {**kind, **(headers or {})})
    response = http.getresponse()
    return response.status, json.loads(response.read() or b"null")


def posts(wire: Wire, *, after: int = 0) -> list[dict[str, Any]]:
    """All stored messages with a larger seq, oldest first. Raises what :func:`request` does."""
    found: list[dict[str, Any]] = []
    with closing(wire.connection()) as http:
        while page := request(http, "GET", f"/api/messages?after={after}")[1]:
            found += page
            after = page[-1]["seq"]
    return found


def raw(wire: Wire, data: bytes, *, until: bytes = b"") -> bytes:
    """Send bytes as they are; what comes back until ``until``, or the end, is seen.

    Raises:
        OSError: nobody listens there, or nothing came for :data:`TIMEOUT` seconds.
    """
    with socket.create_connection(wire.address, timeout=TIMEOUT) as plain:
        plain.sendall(data)
        heard = b""
        while not until or until not in heard:
            more = plain.recv(65536)
            if not more:
                break
            heard += more
        return heard


def handshake(origin: str | None = None) -> bytes:
    """The text's opening request, with an ``Origin`` if one is given."""
    lines = [
        "GET / HTTP/1.1",
        "Host: localhost:3000",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==",
        "Sec-WebSocket-Version: 13",
    ]
    if origin is not None:
        lines.append(f"Origin: {origin}")
    return "\r\n".join([*lines, "", ""]).encode()
