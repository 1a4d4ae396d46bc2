"""Plain sockets through a lab's tap: bytes out, bytes in, and what the tap saw of it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labchat.capture.capture import Captured
    from labchat.lessons.lesson import Lab

TIMEOUT = 20.0
TEXTS_KEY = "x3JJHMbDL1EzLkh9GBhXDw=="
"""The key the text prints."""


def opening(path: str = "/echo", **changes: str | None) -> bytes:
    """The text's opening request; ``changes`` replace field lines, None leaves one out.

    Names are Python's: ``Sec_WebSocket_Key="…"``.
    """
    fields: dict[str, str | None] = {
        "Host": "localhost:3000",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": TEXTS_KEY,
        "Sec-WebSocket-Version": "13",
    }
    fields |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


def talk(lab: Lab, *writes: bytes, until: bytes = b"\r\n\r\n") -> list[Captured]:
    """One connection: write, read the answer, write the next; at last, read to the end.

    Args:
        lab: whose tap to go through.
        writes: what to send, one after the other.
        until: what ends an answer.

    Returns:
        The units that crossed the tap on this connection.
    """
    number = len(lab.capture.connections) + 1
    with socket.create_connection(lab.relay.address, timeout=TIMEOUT) as plain:
        for data in writes:
            plain.sendall(data)
            if data is not writes[-1] or len(writes) == 1:
                _read(plain, until)
        if len(writes) == 1:
            plain.shutdown(socket.SHUT_WR)
        _read(plain, b"")
    return of_connection(lab, number)


def _read(plain: socket.socket, until: bytes) -> None:
    """Read up to ``until``, or, when that is empty, to the end."""
    heard = b""
    while not until or until not in heard:
        more = plain.recv(65536)
        if not more:
            return
        heard += more


def of_connection(lab: Lab, number: int) -> list[Captured]:
    """All units of one connection so far, oldest first."""
    return [lab.capture.unit(row.n) for row in lab.capture.rows() if row.connection == number]
