"""`Lab`: one server process, one tap, one client per user, one capture of what they say."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import tempfile
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from labchat.capture.capture import Capture
from labchat.client import connect
from labchat.client.settings import Settings
from labchat.errors import LabError, PortInUse, ServerFailed
from labchat.lab.background import Background, Job, until
from labchat.lab.control import Control
from labchat.lab.labels import Labeller
from labchat.lab.ports import TEXT_PORT, is_free
from labchat.lab.server import ServerProcess
from labchat.lab.timers import timers
from labchat.lab.users import User
from labchat.lab.views import Views
from labchat.tap.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from labchat.capture.capture import Row

NAMES = {"user-1": "Alice", "user-2": "Bob"}
"""The text's two users, by the names the panels give them."""

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_running: list[Lab] = []


def start(
    *,
    port: int | None = None,
    names: Mapping[str, str] = NAMES,
    database: str | Path | None = None,
    options: Sequence[str] = (),
) -> Lab:
    """Start a lab and wait until its users are connected.

    A lab this process started before is stopped first, so that a cell may be run again.

    Args:
        port: where the tap listens, on loopback. None: the text's 3000 when free, else any.
        names: user id to name, one connected user each.
        database: SQLite file to keep; None: a fresh one that goes with the lab.
        options: further options of ``labchat serve``, such as ``["--delivery", "commit-first"]``.

    Raises:
        PortInUse: somebody listens on ``port``.
        ServerFailed: the server did not come up; says why.
    """
    while _running:
        _running[-1].stop()
    return Lab(port=port, names=names, database=database, options=options).start()


class Lab(Control, Views):
    """A chat that can be watched: server ─ tap ─ users, and the capture of it all.

    Attributes:
        capture: every byte that crossed the tap, dissected when looked at.
        server: the server process.
        relay: the tap.
        users: user id to user; ``lab.alice`` and ``lab.bob`` are the text's two.
        trace: what the server's store did: ``{"at_ns", "event", "id", "seq"}``, oldest first.
    """

    server: ServerProcess
    relay: Relay

    def __init__(
        self,
        *,
        port: int | None = None,
        names: Mapping[str, str] = NAMES,
        database: str | Path | None = None,
        options: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.names = dict(names)
        self.users: dict[str, User] = {}
        self.trace: list[dict[str, Any]] = []
        self.capture = Capture(epoch_ns=time.monotonic_ns(), started_at=datetime.now(UTC))
        self._labeller = Labeller(self.capture, self.names)
        self._port = port
        self._database = Path(database) if database is not None else None
        self._options = tuple(options)
        self._background: Background | None = None
        self._life: Job[None] | None = None
        self._stopping: asyncio.Event | None = None

    def __repr__(self) -> str:
        if self._background is None:
            return "<Lab, stopped>"
        names = ", ".join(self.names.values()) or "nobody"
        return f"<Lab {self.url}: {names}; {len(self.capture)} units so far>"

    def start(self) -> Self:
        """Bring server, tap and users up; returns the lab itself.

        Raises:
            PortInUse, ServerFailed: see :func:`start`.
            LabError: it runs already, or did not come up in time.
        """
        if self._background is not None:
            raise LabError("this lab runs already")
        self._background = Background()
        ready: Future[None] = Future()
        self._life = self._background.submit(self._live(ready))
        try:
            Job(ready).result(_START_SECONDS)
        except BaseException:
            self.stop()
            raise
        _running.append(self)
        atexit.register(self.stop)
        return self

    async def _live(self, ready: Future[None]) -> None:
        """The whole life of the lab, in one task: what is entered here is left here."""
        self._stopping = asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            try:
                await self._compose(stack)
            except BaseException as error:
                ready.set_exception(error)
                return
            ready.set_result(None)
            async with self._labeller:
                await self._stopping.wait()

    async def _compose(self, stack: contextlib.AsyncExitStack) -> None:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="labchat-"))
        database = self._database or Path(folder, "chat.db")
        self.server = ServerProcess(database, options=self._options, traced=self._traced)
        stack.push_async_callback(self.server.stop)
        await self.server.start()
        self.relay = Relay(self.server.address, self.capture)
        self.relay.gate.know(*timers(Settings(), self._options))
        self._labeller.watch(self.relay.gate, self.relay.name)
        stack.push_async_callback(self.relay.stop)
        await self._listen()
        for user_id, name in self.names.items():
            chat = await stack.enter_async_context(connect(self.url, user=user_id))
            self.users[user_id] = User(chat, self.background, user_id=user_id, name=name)

    async def _listen(self) -> None:
        """On the port asked for; else on the text's, or a free one if somebody has that."""
        if self._port is not None:
            return await self.relay.start(port=self._port)
        try:
            await self.relay.start(port=TEXT_PORT if is_free(TEXT_PORT) else 0)
        except PortInUse:  # somebody was quicker
            await self.relay.start()

    def stop(self) -> None:
        """Let go what is held, close the clients, stop tap and server. Twice is fine."""
        atexit.unregister(self.stop)
        if self in _running:
            _running.remove(self)
        if self._background is None:
            return
        background, self._background = self._background, None
        if "relay" in vars(self):
            self.faults.clear()
            self.gate.clear()
        if self._stopping is not None:
            background.call(self._stopping.set)
        if self._life is not None:
            self._life.wait(_STOP_SECONDS)
        background.close()

    def __enter__(self) -> Self:
        return self if self._background is not None else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # -- holding --------------------------------------------------------------------------

    @property
    def background(self) -> Background:
        """The thread the tap and the clients live on.

        Raises:
            LabError: the lab is stopped.
        """
        if self._background is None:
            raise LabError("this lab is stopped; start one with labchat.start()")
        return self._background

    @property
    def url(self) -> str:
        """Where the chat is reached through the tap; open it in a browser to join in."""
        return f"http://localhost:{self.relay.address[1]}"

    @property
    def alice(self) -> User:
        """The text's User A."""
        return self.users["user-1"]

    @property
    def bob(self) -> User:
        """The text's User B."""
        return self.users["user-2"]

    def kill_server(self) -> None:
        """``kill -9`` the server process: what a crash looks like."""
        self.background.run(self.server.kill())

    def restart_server(self) -> None:
        """Start the server again where it was, on the same database."""
        self.background.run(self._restart())

    async def _restart(self) -> None:
        await self.server.stop()
        try:
            await self.server.start(port=self.server.address[1])
        except PortInUse:  # somebody was given it meanwhile
            await self.server.start()
            self.relay.target = self.server.address

    def read_labels(self) -> None:
        """Name the connections of all that has been captured by now, without waiting."""
        self._labeller.update()

    def unit(self, fits: Callable[[Row], bool]) -> Job[Row]:
        """The job ends when a unit that ``fits`` has crossed the tap (or had done so before)."""
        seen = 0

        def look() -> Row | None:
            nonlocal seen
            rows = self.capture.rows(seen + 1)
            seen += len(rows)
            return next(filter(fits, rows), None)

        return self.background.submit(until(self.capture.subscribe, look))

    def raise_if_failed(self) -> None:
        """End a lesson's cell with this: what failed in the background fails here.

        Raises:
            LabError: the lab is stopped, or something it runs has failed; says what.
            ServerFailed: the server process has ended by itself.
        """
        _ = self.background
        if self._life is not None and self._life.done:
            self._life.result()
            raise LabError("the lab has ended by itself")
        if self.server.died:
            raise ServerFailed(f"the server has ended by itself: {self.server.last_words}")
