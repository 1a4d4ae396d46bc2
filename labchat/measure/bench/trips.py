"""Round trips and posts over raw sockets: a generator that costs as little as Python can."""

from __future__ import annotations

import json
import selectors
import socket
import time
from contextlib import ExitStack
from itertools import count
from statistics import median

from labchat.errors import LabchatError

SIZE = 100
"""Bytes of payload in a round trip."""
FRAME = bytes([0x82, 0x80 | SIZE]) + b"abcd" + bytes(SIZE)
ANSWER = 2 + SIZE
END = b"\r\n\r\n"
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n"
)
DONE = b'"createdAt"'
"""Stands once in each answer to a POST."""


def connect(port: int) -> socket.socket:
    """A TCP connection to loopback, TCP_NODELAY set, that gives up after 60 s of silence."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=60)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def round_trips(port: int, many: int, path: str = "/ws") -> float:
    """The median of ``many`` round trips of 100 bytes on one WebSocket, in microseconds.

    Raises:
        LabchatError: there is no WebSocket at ``path``, or it hung up.
    """
    with connect(port) as sock:
        sock.sendall(HANDSHAKE.format(path=path, port=port).encode())
        head = b""
        while END not in head:
            head += heard(sock, 65536)
        if b" 101 " not in head:
            raise LabchatError(f"no WebSocket at {path}: {head.splitlines()[0]!r}")
        return median(_trip(sock) for _ in range(many)) / 1000


def _trip(sock: socket.socket) -> int:
    begun = time.perf_counter_ns()
    sock.sendall(FRAME)
    left = ANSWER
    while left:
        left -= len(heard(sock, left))
    return time.perf_counter_ns() - begun


def heard(sock: socket.socket, most: int) -> bytes:
    """What came next. Raises LabchatError at the end of the connection."""
    data = sock.recv(most)
    if not data:
        raise LabchatError("the connection ended in the middle of a measurement")
    return data


def posts(port: int, seconds: float, connections: int = 16, *, first: int = 0) -> float:
    """Committed POSTs a second on kept connections, each with one post under way.

    Args:
        port: the server's, on loopback.
        seconds: how long; longer if nothing is answered by then.
        connections: how many post at once.
        first: number of the first post; a number that was posted before is not stored again.

    Raises:
        LabchatError: the server hung up, or did not take a post.
    """
    numbers = count(first)
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for _ in range(connections):
            sock = stack.enter_context(connect(port))
            selector.register(sock, selectors.EVENT_READ)
            sock.sendall(request(next(numbers), port))
        done, began = 0, time.perf_counter()
        while (now := time.perf_counter()) - began < seconds or not done:
            for key, _ in selector.select(0.1):
                assert isinstance(key.fileobj, socket.socket)
                done += _answered(key.fileobj)
                key.fileobj.sendall(request(next(numbers), port))
    return done / (now - began)


def _answered(sock: socket.socket) -> int:
    """Wait for the whole answer; 1."""
    data = heard(sock, 65536)
    while DONE not in data:
        if not data.startswith(b"HTTP/1.1 200"):
            raise LabchatError(f"the server did not take a post: {data[:200]!r}")
        data += heard(sock, 65536)
    return 1


def request(number: int, port: int) -> bytes:
    """A POST of the text's message."""
    body = json.dumps(
        {
            "text": "Hello, how is the weather on your side of the wire today?",
            "senderId": "user-1",
            "receiverId": "user-2",
            "id": f"bench-{number:09}",
        }
    ).encode()
    return (
        f"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
