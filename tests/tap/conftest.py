from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from labchat.tap.relay import Relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from labchat.capture.model import Chunk, End
    from labchat.wire.fields import Direction


@dataclass
class Recorded:
    """A sink that keeps everything, and can be awaited."""

    opened: list[dict[str, object]] = field(default_factory=list)
    chunks: list[tuple[int, Chunk]] = field(default_factory=list)
    gaps: list[tuple[int, Direction, int]] = field(default_factory=list)
    ends: list[tuple[int, Direction, End]] = field(default_factory=list)
    notes: list[tuple[int | None, str]] = field(default_factory=list)
    labels: list[tuple[int, str]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self, at_ns: int, *, client: str, server: str, label: str | None = None) -> int:
        self.opened.append({"at": at_ns, "client": client, "server": server, "label": label})
        self.changed.set()
        return len(self.opened)

    def append(self, connection: int, chunk: Chunk) -> None:
        self.chunks.append((connection, chunk))
        self.changed.set()

    def gap(self, connection: int, direction: Direction, at_ns: int, length: int) -> None:
        self.gaps.append((connection, direction, length))
        self.changed.set()

    def end(self, connection: int, direction: Direction, at_ns: int, how: End) -> None:
        self.ends.append((connection, direction, how))
        self.changed.set()

    def annotate(
        self,
        at_ns: int,
        text: str,
        *,
        connection: int | None = None,
        unit: int | Direction | None = None,
    ) -> None:
        self.notes.append((connection, text))
        self.changed.set()

    def label(self, connection: int, name: str) -> None:
        self.labels.append((connection, name))
        self.changed.set()

    def stream(self, direction: Direction, connection: int = 1) -> bytes:
        return b"".join(
            chunk.data
            for number, chunk in self.chunks
            if number == connection and chunk.direction is direction
        )

    def how(self, direction: Direction, connection: int = 1) -> End | None:
        for number, which, how in self.ends:
            if (number, which) == (connection, direction):
                return how
        return None

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until ``holds``, looking again after each thing recorded."""
        while not holds():
            self.changed.clear()
            await self.changed.wait()


Handler = "Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]"


@dataclass
class Bench:
    """A target, a relay in front of it, and what it recorded."""

    relay: Relay
    recorded: Recorded
    handling: set[asyncio.Task[None]]

    async def handled(self) -> None:
        """Wait until the target has seen all its connections end."""
        await asyncio.gather(*self.handling)

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until ``holds``, looking again after each change at the gate."""
        changed = asyncio.Event()
        leave = self.relay.gate.subscribe(changed.set)
        while not holds():
            changed.clear()
            await changed.wait()
        leave()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.relay.address)


@pytest.fixture
async def bench() -> AsyncIterator[Callable[..., Awaitable[Bench]]]:
    """Makes a target from a stream handler, and a started relay in front of it."""
    made: list[tuple[asyncio.Server, Relay]] = []
    handling: set[asyncio.Task[None]] = set()

    async def make(
        handler: Handler, *, host: str = "127.0.0.1", sink: object = None, **settings: object
    ) -> Bench:
        async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            handling.add(asyncio.current_task())
            with contextlib.closing(writer), contextlib.suppress(ConnectionError):
                await handler(reader, writer)

        server = await asyncio.start_server(handled, host, 0)
        target = server.sockets[0].getsockname()[:2]
        recorded = Recorded()
        relay = Relay(target, recorded if sink is None else sink, **settings)
        await relay.start(host)
        made.append((server, relay))
        return Bench(relay, recorded, handling)

    yield make
    for server, relay in made:
        await relay.stop()
        await settled()
        server.close()
    await asyncio.gather(*handling)


async def settled() -> None:
    """Let a server hear of whom it has accepted: Python 3.11 leaks them if it is closed before."""
    for _ in range(5):
        await asyncio.sleep(0)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back what it reads, then FIN."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture
def echoing() -> Handler:
    return echo


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def make_recorded() -> type[Recorded]:
    return Recorded
