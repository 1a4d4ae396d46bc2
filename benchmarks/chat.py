"""The server against its peers, in one run: ``python benchmarks/chat.py``.

Each peer implements the same contract (benchmarks/peers/chat), commits each post with
``synchronous=FULL`` before it acknowledges it, and runs as a process of its own. The load comes
from this process, over raw sockets, so that the generator costs as little as it can; its share of
a core is printed beside each figure (near 1.0 means the generator was the bottleneck, and the
figure is a lower bound). Rounds are interleaved and the median is taken. The server's own CPU
time is printed too: it says what the work costs even when the machine is busy with other things.
The database is in memory (/dev/shm) where the disk is not what is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import resource
import selectors
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent / "peers" / "chat"
SERVE = [sys.executable, "-m", "labchat", "serve", "--port", "0", "--heartbeat", "0"]
PEERS: dict[str, Callable[[str], list[str]]] = {
    "node": lambda db: ["node", str(HERE / "node.mjs"), db],
    "labchat": lambda db: [*SERVE, "--db", db],
    "tornado": lambda db: [sys.executable, str(HERE / "plain_tornado.py"), db],
    "websockets": lambda db: [sys.executable, str(HERE / "python_websockets.py"), db],
}
NO_POST = {"websockets"}


@dataclass
class Server:
    name: str
    pid: int
    port: int

    def memory(self) -> int:
        """Resident bytes."""
        pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def cpu(self) -> float:
        """CPU seconds used so far, by all its threads."""
        stat = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(name: str, where: Path | None) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(dir=where) as folder:
        command = PEERS[name](f"{folder}/chat.db")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            yield Server(name, process.pid, int(process.stdout.readline().rpartition(":")[2]))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def masked(payload: bytes, opcode: int = 1) -> bytes:
    """A client's frame; the key is zero, which masks with nothing and costs nothing."""
    size = len(payload)
    head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else bytes((0x80 | opcode, 0xFE))
    return head + (size.to_bytes(2, "big") if size >= 126 else b"") + bytes(4) + payload


def upgraded(port: int, path: str = "/ws") -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += sock.recv(4096)
    assert b" 101 " in head, head
    return sock


def said(number: int) -> dict[str, str]:
    """A post of constant size, so that deliveries can be counted by bytes."""
    return {
        "text": "Hello, how is the weather on your side of the wire today?",
        "senderId": "user-1",
        "receiverId": "user-2",
        "id": f"msg-{number:09}",
        "createdAt": "2025-11-03T15:30:00.000Z",
    }


def say(number: int) -> bytes:
    return masked(json.dumps({"type": "message", **said(number)}).encode())


def request(number: int, port: int) -> bytes:
    body = json.dumps(said(number)).encode()
    return (
        f"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@dataclass
class Counter:
    """Counts what comes on one socket by a mark that each thing of interest has once."""

    sock: socket.socket
    mark: bytes
    count: int = 0
    _rest: bytes = b""

    def read(self) -> int:
        data = self._rest + self.sock.recv(1 << 18)
        found = data.count(self.mark)
        self._rest = data[-(len(self.mark) - 1) :]
        self.count += found
        return found


@dataclass
class Load:
    """A selector loop over senders that keep a window open, and receivers that count."""

    seconds: float
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def add(self, counter: Counter, refill: Callable[[int], None] | None = None) -> Counter:
        counter.sock.setblocking(True)
        self.selector.register(counter.sock, selectors.EVENT_READ, (counter, refill))
        return counter

    def run(self) -> tuple[float, float]:
        """Seconds it ran, and the share of a core that this process used."""
        began, used = time.perf_counter(), time.process_time()
        while (now := time.perf_counter()) - began < self.seconds:
            for key, _ in self.selector.select(0.1):
                counter, refill = key.data
                found = counter.read()
                if refill is not None and found:
                    refill(found)
        return now - began, (time.process_time() - used) / (now - began)


def sender(sock: socket.socket, make: Callable[[int], bytes], window: int, first: int) -> Callable:
    """Sends ``window`` at once, then one for each that came back."""
    numbers = iter(range(first, first + 10_000_000))

    def refill(found: int) -> None:
        sock.sendall(b"".join(make(next(numbers)) for _ in range(found)))

    refill(window)
    return refill


DELIVERY = b'"createdAt"'
"""Once in each message delivered, and in each response to a POST."""


Figures = dict[str, float]


def fan_out(server: Server, seconds: float) -> Figures:
    """Messages delivered per second to 200 receivers, 8 posts on the way."""
    load = Load(seconds)
    receivers = [load.add(Counter(upgraded(server.port), DELIVERY)) for _ in range(199)]
    sock = upgraded(server.port)
    receivers.append(load.add(Counter(sock, DELIVERY), sender(sock, say, 8, 0)))
    used = server.cpu()
    took, share = load.run()
    delivered = _total(receivers)
    each = (server.cpu() - used) / delivered * 1e6
    figures = {"fan-out to 200, deliveries/s": delivered / took, "  server CPU, us each": each}
    return {**figures, "  generator": share}


def durable_posts(server: Server, seconds: float) -> Figures:
    """Committed POSTs per second over 16 keep-alive connections."""
    load = Load(seconds)
    posters = _posters(load, server, 16)
    used = server.cpu()
    took, share = load.run()
    each = (server.cpu() - used) / _total(posters) * 1e6
    figures = {"durable POST, posts/s": _total(posters) / took, "  server CPU, us each": each}
    return {**figures, "  generator": share}


def both_at_once(server: Server, seconds: float) -> Figures:
    """Deliveries per second to 10 receivers, and POSTs per second of 4 posters meanwhile."""
    load = Load(seconds)
    receivers = [load.add(Counter(upgraded(server.port), DELIVERY)) for _ in range(10)]
    sock = upgraded(server.port)
    load.add(Counter(sock, DELIVERY), sender(sock, say, 64, 0))
    posters = _posters(load, server, 4)
    took, share = load.run()
    return {
        "streaming, deliveries/s": _total(receivers) / took,
        "posting meanwhile, posts/s": _total(posters) / took,
        "  generator": share,
    }


def round_trip(server: Server, seconds: float) -> Figures:
    """Microseconds from a binary message to its echo, one at a time."""
    sock = upgraded(server.port, "/echo" if server.name == "labchat" else "/ws")
    message, size = masked(b"x" * 100, 2), 102
    took, until, used = [], time.perf_counter() + seconds, server.cpu()
    while (began := time.perf_counter()) < until:
        sock.sendall(message)
        got = 0
        while got < size:
            got += len(sock.recv(4096))
        took.append((time.perf_counter() - began) * 1e6)
    each = (server.cpu() - used) / len(took) * 1e6
    return {"round trip p50, us": statistics.median(took), "  server CPU, us each": each}


def busy_round_trip(server: Server, seconds: float) -> Figures:
    """Milliseconds to an echo and to a post's ack, while 16 posters write and history is read.

    Only labchat has a history to read. An ack waits for the disk, so what a commit by itself
    takes on this disk is measured too.
    """
    load = Load(seconds)
    posters = _posters(load, server, 16)
    if server.name == "labchat":
        reader = socket.create_connection(("127.0.0.1", server.port))
        page = f"GET /api/messages?limit=100 HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
        load.add(Counter(reader, b"HTTP/1.1 200"), lambda _n: reader.sendall(page.encode()))
        reader.sendall(page.encode())
    numbers = iter(range(1_000_000))
    acks = _timed(load, upgraded(server.port), b'"ack"', lambda: say(next(numbers)))
    echo = upgraded(server.port, "/echo" if server.name == "labchat" else "/ws")
    echoes = _timed(load, echo, b"\x82\x64", lambda: masked(b"x" * 100, 2))
    load.run()
    return {
        "echo p50 under load, ms": _percentile(echoes, 0.5),
        "echo p99 under load, ms": _percentile(echoes, 0.99),
        "ack p50 under load, ms": _percentile(acks, 0.5),
        "ack p99 under load, ms": _percentile(acks, 0.99),
        "  a commit by itself p99, ms": _percentile(commits(seconds / 4), 0.99),
        "posts meanwhile, posts/s": _total(posters) / seconds,
    }


def commits(seconds: float) -> list[float]:
    """Milliseconds of each durable commit of one row, on the disk that the servers use."""
    took, until = [], time.perf_counter() + seconds
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(sqlite3.connect(f"{folder}/chat.db", isolation_level=None)) as db,
    ):
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE messages (seq INTEGER PRIMARY KEY, text TEXT)")
        while (began := time.perf_counter()) < until:
            db.execute("INSERT INTO messages (text) VALUES (?)", ("x" * 150,))
            took.append((time.perf_counter() - began) * 1e3)
    return took


def idle(server: Server, _seconds: float) -> Figures:
    """Bytes of memory per idle connection."""
    before = server.memory()
    kept = [upgraded(server.port) for _ in range(IDLE)]
    return {
        f"memory of {IDLE} idle connections, KiB each": (server.memory() - before)
        / len(kept)
        / 1024
    }


def _timed(load: Load, sock: socket.socket, mark: bytes, make: Callable[[], bytes]) -> list[float]:
    """Sends one, and the next when it came back; milliseconds of each, as they come."""
    took: list[float] = []
    began = time.perf_counter()

    def back(_found: int) -> None:
        nonlocal began
        took.append((time.perf_counter() - began) * 1e3)
        began = time.perf_counter()
        sock.sendall(make())

    load.add(Counter(sock, mark), back)
    sock.sendall(make())
    return took


def _percentile(took: list[float], share: float) -> float:
    return sorted(took)[int(len(took) * share)]


def _total(counters: list[Counter]) -> int:
    return sum(counter.count for counter in counters)


def _posters(load: Load, server: Server, many: int) -> list[Counter]:
    """Connections that each post one message at a time."""
    counters = []
    for number in range(1, many + 1):
        sock = socket.create_connection(("127.0.0.1", server.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        make = functools.partial(request, port=server.port)
        refill = sender(sock, make, 1, number * 10_000_000)
        counters.append(load.add(Counter(sock, DELIVERY), refill))
    return counters


IDLE = 5000
SHM = Path("/dev/shm")
ON_DISK = (durable_posts, both_at_once, busy_round_trip)
WITH_POST = ON_DISK
MEASURES = (fan_out, durable_posts, both_at_once, round_trip, busy_round_trip, idle)


def measure(name: str, what: Callable[[Server, float], Figures], seconds: float) -> Figures:
    where = None if what in ON_DISK or not SHM.exists() else SHM
    with serving(name, where) as server:
        return what(server, seconds)


def install() -> None:
    """The Node peers, once."""
    if not (HERE / "node_modules").exists():
        subprocess.run(
            ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"], cwd=HERE, check=True
        )


def compare(names: list[str], what: Callable, seconds: float, rounds: int) -> dict[str, Figures]:
    """Medians of interleaved rounds."""
    runs: dict[str, list[Figures]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            runs[name].append(measure(name, what, seconds))
    return {
        name: {key: statistics.median(run[key] for run in done) for key in done[0]}
        for name, done in runs.items()
    }


def show(results: dict[str, Figures]) -> None:
    base = results.get("node") or next(iter(results.values()))
    for key in base:
        cells = [
            f"{name} {figures[key]:,.1f} ({figures[key] / (base[key] or 1):.2f})"
            if not key.startswith(" ")
            else f"{name} {figures[key]:.2f}"
            for name, figures in results.items()
        ]
        print(f"{key:45} {'   '.join(cells)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    install()
    for what in MEASURES:
        if given.only in what.__name__:
            names = [
                name
                for name in given.peers.split(",")
                if name not in NO_POST or what not in WITH_POST
            ]
            show(compare(names, what, given.seconds, given.rounds))


if __name__ == "__main__":
    main()
