"""Running a server until it is told to stop: sockets, signals, the ready line, the goodbye."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tornado.netutil import bind_sockets

from labchat.errors import PortInUse, SettingsError
from labchat.server.answers import access
from labchat.server.app import ChatApplication, make_app
from labchat.server.clock import SystemClock
from labchat.server.gate import make_gate
from labchat.server.reader import Code
from labchat.server.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from labchat.server.clock import Clock
    from labchat.server.gate import Gate
    from labchat.server.settings import Settings
    from labchat.server.store import Trace

SWEEP = 0.5
"""Seconds between two looks at what is overdue."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that accepts connections.

    Attributes:
        app: the application.
        host, port: where it listens.
    """

    app: ChatApplication
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where the page is."""
        scheme = "https" if self.app.hub.settings.tls else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


@asynccontextmanager
async def running(
    settings: Settings, *, clock: Clock | None = None, trace: Trace | None = None
) -> AsyncIterator[Running]:
    """A server, from its first connection to the last goodbye (1001).

    Raises:
        PortInUse: somebody else listens there.
        SettingsError: the address cannot be listened on.
        StoreUnavailable, ForeignDatabase: the database cannot be used.
    """
    sockets = listen(settings.host, settings.port)
    async with AsyncExitStack() as undo:
        for sock in sockets:
            undo.callback(sock.close)
        store = Store(
            settings.db,
            synchronous=settings.synchronous,
            backlog=settings.limits.unstored,
            trace=trace,
        )
        undo.push_async_callback(store.close)
        app = make_app(settings, store, clock or SystemClock())
        gate = make_gate(app, settings)
        gate.add_sockets(sockets)
        undo.push_async_callback(_stop, app, gate, settings.grace)
        await undo.enter_async_context(_swept(app))
        yield Running(app, settings.host, sockets[0].getsockname()[1])


def listen(host: str, port: int) -> list[socket.socket]:
    """Listening sockets. Raises PortInUse or SettingsError."""
    try:
        return bind_sockets(port, address=host, backlog=1024, reuse_port=False)
    except socket.gaierror as error:
        raise SettingsError(f"There is no address {host}: {error.strerror}.") from error
    except PermissionError as error:
        raise SettingsError(f"Port {port} may not be used by this account.") from error
    except OSError as error:
        if "in use" in str(error).lower():
            raise PortInUse(
                f"Port {port} on {host} is in use. Choose another --port, or 0 for a free one."
            ) from error
        raise SettingsError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}."
        ) from error


@asynccontextmanager
async def _swept(app: ChatApplication) -> AsyncIterator[None]:
    """Let things lapse now and then, as long as the server runs."""

    async def sweep() -> None:
        while True:
            await asyncio.sleep(SWEEP)
            app.hub.sweep()

    async with asyncio.TaskGroup() as group:
        sweeping = group.create_task(sweep())
        try:
            yield
        finally:
            sweeping.cancel()


async def _stop(app: ChatApplication, gate: Gate, grace: float) -> None:
    """Accept nothing more, say 1001 to all, give them a moment, cut the rest."""
    app.hub.drain()
    gate.stop()
    for session in tuple(app.hub.links):
        session.close(Code.GOING_AWAY, "the server stops")
    with suppress(TimeoutError):
        async with asyncio.timeout(grace):
            await app.hub.emptied()
    await gate.close_all_connections()


def print_trace(event: str, post_id: str, seq: int) -> None:
    """One JSON line on stdout for a step of the store (``--trace``)."""
    step = {"at_ns": time.monotonic_ns(), "event": event, "id": post_id, "seq": seq}
    sys.stdout.write(json.dumps(step) + "\n")
    sys.stdout.flush()


def log_requests() -> None:
    """One JSON line on stderr for each request (``--access-log``)."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    access.addHandler(handler)
    access.setLevel(logging.INFO)
    access.propagate = False


def new_loop() -> asyncio.AbstractEventLoop:
    """The loop of uvloop where it is installed, for speed only; asyncio's elsewhere."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = importlib.import_module("uvloop").new_event_loop()
    return loop


def allow_many_files() -> None:
    """Each connection is an open file: take as many as the system gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def serve(settings: Settings, *, trace: bool = False, exit_with_parent: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; prints the ready line. Raises as ``running`` does."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    allow_many_files()
    if exit_with_parent:
        _watch_parent(loop, stop)
    async with running(settings, trace=print_trace if trace else None) as server:
        sys.stdout.write(f"labchat: serving on {server.url}\n")
        sys.stdout.flush()
        await stop.wait()


def _watch_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when stdin ends: whoever started us is gone, even if it was killed."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="labchat-parent", daemon=True).start()
