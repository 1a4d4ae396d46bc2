"""What the crash tests share: a server to kill, a crowd that talks, a verdict."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest

from labchat.chat import backoff
from labchat.chat.events import Post
from labchat.chat.session import Transport
from labchat.client import Chat, Limits, Settings, connect
from labchat.client.checker import Finding, judge
from labchat.client.journal import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

USERS = ("user-1", "user-2", "user-3")
CLIENT = Settings(
    policy=backoff.constant(0.03),
    heartbeat=None,
    close_timeout=0.2,
    since=0,
    limits=Limits(bubbles=1_000_000),
)

NURSERY = """
import asyncio, os, signal, sys
from pathlib import Path
from labchat.server.serve import serve
from labchat.server.settings import Delivery, PostPolicy, Settings
port, db, delivery, post = sys.argv[1:]
settings = Settings(
    port=int(port), db=Path(db), delivery=Delivery(delivery), post=PostPolicy(post)
)
child = 0
for word in sys.stdin:
    if child:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    child = os.fork()
    if not child:
        asyncio.run(serve(settings))
        os._exit(0)
    print(child, flush=True)
if child:
    os.kill(child, signal.SIGKILL)
"""
"""Forks a server for each line it reads, so that 100 of them need not import 100 times."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rounds", type=int, default=100, help="how often the server is killed")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How often the server is killed."""
    return int(request.config.getoption("--rounds", 100))


def kept_port() -> socket.socket:
    """A socket that keeps a port: servers may listen there, and nobody else is given it."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept


@dataclass
class Victim:
    """A server that is killed and comes back on the same port with the same database."""

    db: Path
    delivery: str
    post: str
    kept: socket.socket = field(default_factory=kept_port)
    _nursery: asyncio.subprocess.Process | None = None
    _pid: int = 0

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.kept.getsockname()
        return host, port

    async def start(self) -> None:
        """Serve; the server before, killed or not, is gone then."""
        if self._nursery is None:
            self._nursery = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", NURSERY, str(self.address[1]), str(self.db)),
                *(self.delivery, self.post),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        self._nursery.stdin.write(b"next\n")
        told = {await self._nursery.stdout.readline() for _ in ("process id", "ready line")}
        (ready,) = (line for line in told if line.startswith(b"labchat: serving on"))
        (self._pid,) = (int(line) for line in told - {ready})

    def kill(self) -> None:
        """SIGKILL: no goodbye, nothing flushed."""
        os.kill(self._pid, signal.SIGKILL)

    async def stop(self) -> None:
        self._nursery.stdin.close()
        await self._nursery.wait()
        self.kept.close()


@dataclass
class Crowd:
    """Users who never stop talking to each other, and what each of them wrote down."""

    seed: int
    on_entry: Callable[[Entry], None] = lambda _entry: None
    journals: dict[str, list[Entry]] = field(default_factory=dict)
    chats: dict[str, Chat] = field(default_factory=dict)
    transports: tuple[Transport, ...] = tuple(Transport)
    settings: Settings = CLIENT
    talking: bool = True
    backlog: int = 30

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    @asynccontextmanager
    async def talk(self, url: str) -> AsyncIterator[Crowd]:
        async with AsyncExitStack() as stack:
            for user, transport in zip(USERS, cycle(self.transports), strict=False):
                self.journals[user] = []
                chat = connect(
                    url,
                    user=user,
                    transport=transport,
                    settings=self.settings,
                    rng=random.Random(f"{self.seed} {user}"),
                    journal=self._write,
                )
                self.chats[user] = await stack.enter_async_context(chat)
                for _ in range(self.backlog):
                    self._say(user)
            yield self

    def _write(self, entry: Entry) -> None:
        self.journals[entry.user].append(entry)
        self.on_entry(entry)
        if entry.kind is Kind.SETTLED and self.talking:
            asyncio.get_running_loop().call_soon(self._say, entry.user)

    def _say(self, user: str) -> None:
        other = self.rng.choice([each for each in USERS if each != user])
        text = f"{user} says {self.rng.getrandbits(64)} " + "x" * self.rng.choice((0, 10, 300))
        self.chats[user].post(text, other)

    async def fall_silent(self, patience: float = 60.0, *, broadcast: bool = True) -> None:
        """Say nothing more, and give what was said the time to arrive; the judge says if it did."""
        self.talking = False
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                for chat in self.chats.values():
                    await chat.drained()
                for user, chat in self.chats.items():
                    await chat.received(self.due(user, broadcast))

    def due(self, user: str, broadcast: bool) -> int:
        """How many posts a user should have heard."""
        return sum(
            1
            for author, chat in self.chats.items()
            for bubble in chat.snapshot().bubbles
            if author == bubble.sender != user and (broadcast or bubble.receiver == user)
        )

    async def until(self, settled: int) -> None:
        """Return when so many posts have settled."""
        while self.count(Kind.SETTLED) < settled:
            await next(iter(self.chats.values())).received(self.heard(0) + 1)

    def heard(self, index: int) -> int:
        """How many posts a user has received."""
        journal = self.journals[USERS[index]]
        return sum(1 for entry in journal if entry.kind is Kind.RECEIVED)

    def said(self) -> Iterator[Entry]:
        for journal in self.journals.values():
            yield from (entry for entry in journal if entry.kind is Kind.POSTED)

    def count(self, kind: Kind) -> int:
        return sum(1 for journal in self.journals.values() for e in journal if e.kind is kind)

    def verdict(self, history: list[Post], *, broadcast: bool = True) -> list[Finding]:
        assert len(history) == sum(1 for _ in self.said())
        return judge(self.journals, history, broadcast=broadcast)


async def history(address: tuple[str, int]) -> list[Post]:
    """All that is stored, page by page."""
    posts: list[Post] = []
    async with httpx.AsyncClient(
        base_url="http://{}:{}".format(*address), trust_env=False, timeout=50
    ) as client:
        while True:
            after = posts[-1].seq if posts else 0
            reply = await client.get("/api/messages", params={"after": after})
            page = msgspec.json.decode(reply.content, type=list[Post])
            if not page:
                return posts
            posts += page


@pytest.fixture
async def victim(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Victim]:
    delivery, post = request.param
    victim = Victim(tmp_path / "chat.db", delivery, post)
    await victim.start()
    yield victim
    await victim.stop()


@pytest.fixture
def crowd_of() -> type[Crowd]:
    return Crowd


@pytest.fixture
def stored() -> Callable[[tuple[str, int]], object]:
    return history
