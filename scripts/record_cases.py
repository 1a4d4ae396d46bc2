"""Record the captures of lesson 10 anew: ``python scripts/record_cases.py``.

Each is a real run of the lab's own server behind its own tap, with one fault in it. See
notebooks/data/README.md.
"""

from __future__ import annotations

import json
import socket
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from labchat.lab import Lab
from labchat.lessons.plain import opening
from labchat.measure.speakers import PostSender, Wire, pause
from labchat.measure.stage import posts
from labchat.tap.faults.latency import Latency
from labchat.wire.fields import Direction
from labchat.wire.frames import build

DATA = Path(__file__).resolve().parent.parent / "notebooks" / "data"
KEY = "37fa213d"
HELLO = {"text": "Lunch at one?", "senderId": "user-1", "receiverId": "user-2"}


def event(kind: str, **fields: str) -> bytes:
    """A chat event as JSON."""
    return json.dumps({"type": kind, **fields}).encode()


def dropped(path: Path) -> None:
    """A client of our own makes that leaves out the mask of its longer messages."""
    key = bytes.fromhex(KEY)
    with Lab(port=0, names={"user-2": "Bob"}) as lab:
        said = [
            event("register", userId="user-1"),
            event("message", id="m-1", **HELLO),
            event("typing", senderId="user-1", receiverId="user-2"),
            event("message", id="m-2", **{**HELLO, "text": "Or rather at two? " * 8}),
        ]
        with socket.create_connection(lab.relay.address, timeout=5) as plain:
            plain.sendall(opening("/"))
            for data in said:
                plain.recv(65536)
                plain.sendall(build(1, data, mask=key if len(data) < 126 else None))
                pause(0.2)
            while plain.recv(65536):
                pass
        lab.save(path)


def twice(path: Path) -> None:
    """A client gives up waiting after 0.3 s and posts again, without an id; answers take 0.6 s."""
    body = json.dumps(HELLO).encode()
    with Lab(port=0, names={"user-2": "Bob"}, options=["--post", "relays"]) as lab:
        ask(lab, 5.0, "POST", "/api/messages", json.dumps({**HELLO, "text": "Hi Bob"}).encode())
        number = lab.faults.add(Latency(delay_ms=600), direction=Direction.S2C)
        with suppress(TimeoutError):
            ask(lab, 0.3, "POST", "/api/messages", body)
        ask(lab, 5.0, "POST", "/api/messages", body)
        lab.faults.remove(number)
        ask(lab, 5.0, "GET", "/api/messages?after=0")
        lab.save(path)
        assert len(posts(Wire(lab.url))) == 3


def ask(lab: Lab, timeout: float, method: str, target: str, body: bytes | None = None) -> None:
    """One request on a connection of its own."""
    host, port = lab.relay.address
    fields = {"Content-Type": "application/json"} if body else {}
    with closing(HTTPConnection(host, port, timeout=timeout)) as http:
        http.request(method, target, body, fields)
        http.getresponse().read()


def silent(path: Path) -> None:
    """Two listeners answer a ping each second, until the program of one of them hangs."""
    with Lab(port=0, names={}, options=["--heartbeat", "1", "--post", "relays"]) as lab:
        host, port = lab.relay.address
        url = f"ws://{host}:{port}/"
        with (
            connect(url, ping_interval=None, compression=None) as bob,
            socket.create_connection((host, port), timeout=5) as alice,
        ):
            bob.send(event("register", userId="user-2").decode())
            Thread(target=drain, args=(bob,), daemon=True).start()
            alice.sendall(opening("/"))
            alice.recv(65536)
            alice.sendall(build(1, event("register", userId="user-1"), mask=bytes.fromhex(KEY)))
            lab.unit(lambda row: row.connection == 2 and row.opcode == 9).result()
            alice.sendall(build(10, b"", mask=bytes.fromhex(KEY)))
            with closing(PostSender(Wire(lab.url), keep=True)) as sender:
                sender.send("m-1", "Are you there?")
            lab.unit(lambda row: row.connection == 2 and row.opcode == 8).result()
        lab.save(path)


def drain(ws: ClientConnection) -> None:
    """Listen until it ends; the client's library answers the pings."""
    with suppress(ConnectionClosed):
        for _message in ws:
            pass


def main() -> None:
    """Record all of them."""
    DATA.mkdir(exist_ok=True)
    for record in (dropped, twice, silent):
        path = DATA / f"{record.__name__}.pcapng"
        record(path)
        print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
