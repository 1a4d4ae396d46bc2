"""A server per test, on a port of its own, in the test's own loop, with a clock of the test's."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import websockets

from labchat.server.serve import Running, running
from labchat.server.settings import Limits, Settings


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self):
        self.at = 1000.0

    def monotonic(self):
        return self.at

    def now(self):
        return datetime(2025, 11, 3, 15, 30, tzinfo=UTC) + timedelta(seconds=self.at - 1000.0)

    def move(self, seconds):
        self.at += seconds


class Talker:
    """A WebSocket client that says and hears events."""

    def __init__(self, socket):
        self.socket = socket
        self.heard = []

    async def say(self, kind, **fields):
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def post(self, post_id, text="Hello", sender="alice", receiver="bob"):
        fields = {"senderId": sender, "receiverId": receiver, "createdAt": "2025-11-03T15:30:00Z"}
        await self.say("message", id=post_id, text=text, **fields)

    async def hear(self, kind):
        """The next event of this kind; the others are kept in ``heard``."""
        while True:
            event = json.loads(await asyncio.wait_for(self.socket.recv(), 50))
            if event["type"] == kind:
                return event
            self.heard.append(event)

    async def register(self, user, **fields):
        await self.say("register", userId=user, **fields)
        return await self.hear("registered")

    async def settle(self):
        """All that was sent to us before this is heard: an error reply is the mark."""
        await self.socket.send("mark")
        while (await self.hear("error"))["code"] != "malformed":
            continue

    def texts(self):
        return [event["data"]["text"] for event in self.heard if event["type"] == "message"]

    async def closed(self):
        """The close code and reason that the server gave."""
        await asyncio.wait_for(self.socket.wait_closed(), 50)
        return self.socket.close_code, self.socket.close_reason


@dataclass
class House:
    """A running server and the ways to it."""

    server: Running
    clock: FakeClock
    http: httpx.AsyncClient
    stack: AsyncExitStack
    running: AsyncExitStack

    async def stop(self):
        """As SIGTERM does."""
        await self.running.aclose()

    @property
    def hub(self):
        return self.server.app.hub

    @property
    def port(self):
        return self.server.port

    async def talker(self, user=None, path="/ws", **options):
        connection = websockets.connect(
            self.server.url.replace("http", "ws", 1) + path,
            **{"compression": None, "max_queue": None, "open_timeout": 50, **options},
        )
        talker = Talker(await self.stack.enter_async_context(connection))
        if user is not None:
            await talker.register(user)
        return talker

    async def waited_for(self, many):
        """Until so many polls and streams wait for news."""
        while len(self.hub.news) < many:  # noqa: ASYNC110 - the server tells nobody of it
            await asyncio.sleep(0)

    async def raw(self, *lines):
        """A TCP connection, on which these lines of a request were sent, if any."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.stack.callback(writer.close)
        if lines:
            writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        return reader, writer

    async def upgraded(self, path="/echo", *more):
        """A TCP connection that has switched to WebSocket frames, and the response's head."""
        host = f"Host: 127.0.0.1:{self.port}"
        key = "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw=="
        reader, writer = await self.raw(
            *(f"GET {path} HTTP/1.1", host, "Upgrade: websocket", "Connection: Upgrade", key),
            *("Sec-WebSocket-Version: 13", *more),
        )
        head = await reader.readuntil(b"\r\n\r\n")
        return reader, writer, head.decode()

    async def post(self, post_id, text="Hello", sender="alice", receiver="bob", **fields):
        said = {"text": text, "senderId": sender, "receiverId": receiver, "id": post_id, **fields}
        return await self.http.post("/api/messages", json=said)


@pytest.fixture
async def flying(monkeypatch):
    """``await flying(work)``: each turn of the loop takes an hour of its clock, until that is done.

    So a limit that cuts a slow peer may be generous with the requests that follow.
    """
    loop = asyncio.get_running_loop()
    ahead, time = 0.0, loop.time
    monkeypatch.setattr(loop, "time", lambda: time() + ahead)

    async def fly(work):
        nonlocal ahead
        task = loop.create_task(work)
        while not task.done():
            ahead += 3600
            await asyncio.sleep(0)
        return task.result()

    return fly


@pytest.fixture
async def house(tmp_path):
    """``await house(routing=…, limits={…})`` starts a server with these settings."""
    async with AsyncExitStack() as stack:

        async def start(limits=None, base=None, clock=None, **settings):
            base = base or Settings()
            given = {"port": 0, "db": Path(tmp_path / "chat.db"), "grace": 1.0, "heartbeat": 0.0}
            wanted = replace(base.limits if base else Limits(), **(limits or {}))
            chosen = replace(base, **{**given, **settings, "limits": wanted})
            clock = clock or FakeClock()
            own = await stack.enter_async_context(AsyncExitStack())
            server = await own.enter_async_context(running(chosen, clock=clock))
            url = server.url
            http = await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, trust_env=False, verify=False, timeout=50)
            )
            return House(server, clock, http, stack, own)

        yield start
