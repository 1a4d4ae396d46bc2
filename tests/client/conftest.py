"""A small server that speaks the contract and misbehaves on request."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Script:
    """What the fake server does, beside the contract.

    Attributes:
        refuse: status of the handshake, if not 101.
        registers: whether it answers ``register``.
        acks: whether it stores and acknowledges what comes by WebSocket.
        post_statuses: statuses of the next POSTs, then 200.
        events: all that clients said by WebSocket.
        posts: all bodies of POSTs.
        requests: the handshake requests' headers.
        store: stored messages, in order of ``seq``.
    """

    refuse: int = 0
    refuse_body: bytes = b""
    registers: bool = True
    acks: bool = True
    post_statuses: list[int] = field(default_factory=list)
    retry_after: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    store: list[dict[str, Any]] = field(default_factory=list)
    sockets: list[Socket] = field(default_factory=list)
    gone: asyncio.Task[None] | None = None
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    def keep(self, post: dict[str, Any]) -> dict[str, Any]:
        """Store under the id, once."""
        for row in self.store:
            if row["id"] == post["id"]:
                return row
        names = ("id", "text", "senderId", "receiverId", "createdAt")
        row = {name: post[name] for name in names} | {"seq": len(self.store) + 1}
        self.store.append(row)
        return row

    async def until(self, predicate: Any) -> None:
        async with self.heard:
            await self.heard.wait_for(predicate)

    async def note(self) -> None:
        async with self.heard:
            self.heard.notify_all()

    def said(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def tell(self, event: dict[str, Any]) -> None:
        """Say something to everybody."""
        for socket in self.sockets:
            socket.write_message(json.dumps(event))


class Socket(WebSocketHandler):
    def initialize(self, script: Script) -> None:
        self.script = script

    async def get(self, *args: Any, **kwargs: Any) -> None:
        self.script.requests.append(dict(self.request.headers))
        if self.script.refuse:
            self.set_status(self.script.refuse)
            if self.script.retry_after:
                self.set_header("Retry-After", self.script.retry_after)
            await self.finish(self.script.refuse_body)
            await self.script.note()
            return
        await super().get(*args, **kwargs)

    def open(self) -> None:
        self.set_nodelay(True)

    async def on_message(self, message: str | bytes) -> None:
        event = json.loads(message)
        self.script.events.append(event)
        if event["type"] == "register" and self.script.registers:
            self._register(event)
        elif event["type"] == "message" and self.script.acks:
            row = self.script.keep(event)
            for socket in self.script.sockets:
                socket.say({"type": "message", "data": row})
            self.say({"type": "ack", "id": row["id"], "seq": row["seq"]})
        await self.script.note()

    def _register(self, event: dict[str, Any]) -> None:
        self.say({"type": "registered", "sessionId": "s1", "seq": len(self.script.store)})
        if "lastSeq" in event:
            for row in self.script.store[event["lastSeq"] :]:
                self.say({"type": "message", "data": row})
        self.script.sockets.append(self)

    def say(self, event: dict[str, Any]) -> None:
        try:
            self.write_message(json.dumps(event))
        except WebSocketClosedError:
            return

    def on_close(self) -> None:
        if self in self.script.sockets:
            self.script.sockets.remove(self)
        self.script.gone = asyncio.get_running_loop().create_task(self.script.note())


class Messages(RequestHandler):
    def initialize(self, script: Script) -> None:
        self.script = script

    async def post(self) -> None:
        body = json.loads(self.request.body)
        self.script.posts.append(
            body | {"authorization": self.request.headers.get("Authorization")}
        )
        status = self.script.post_statuses.pop(0) if self.script.post_statuses else 200
        if status == 200:
            self.write(self.script.keep(body))
        else:
            self.set_status(status)
            self.write({"error": "Failed to save message"})
        await self.script.note()

    async def get(self) -> None:
        after, limit = int(self.get_query_argument("after")), int(self.get_query_argument("limit"))
        status = self.script.post_statuses.pop(0) if self.script.post_statuses else 200
        self.set_status(status)
        pair = {self.get_query_argument("user"), self.get_query_argument("peer")}
        rows = [r for r in self.script.store if {r["senderId"], r["receiverId"]} == pair]
        self.finish(json.dumps([r for r in rows if r["seq"] > after][:limit]))


@dataclass
class FakeServer:
    script: Script
    port: int
    http: HTTPServer

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    async def stop(self) -> None:
        """Go away: no more connections, those that are open are cut."""
        self.http.stop()
        for socket in tuple(self.script.sockets):
            socket.ws_connection.stream.close()
        await self.http.close_all_connections()


def serve(script: Script, port: int | None = None) -> FakeServer:
    app = Application(
        [(r"/api/messages", Messages, {"script": script}), (r"/.*", Socket, {"script": script})]
    )
    http = HTTPServer(app)
    if port is None:
        socket, port = bind_unused_port()
        http.add_socket(socket)
    else:
        http.listen(port, "127.0.0.1")
    return FakeServer(script, port, http)


@pytest.fixture
async def fake() -> AsyncIterator[FakeServer]:
    server = serve(Script())
    yield server
    await server.stop()


class FakeClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._changed = asyncio.Condition()
        self._awake = asyncio.Event()

    def now_ns(self) -> int:
        return round(self.seconds * 1e9)

    def wall(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        entry = (self.seconds + seconds, future)
        self._sleepers.append(entry)
        self._awake.clear()
        async with self._changed:
            self._changed.notify_all()
        try:
            await future
        finally:
            self._sleepers.remove(entry)
            if not self._sleepers:
                self._awake.set()

    def sleeping(self) -> list[float]:
        """How long each sleeper still has, shortest first."""
        return sorted(at - self.seconds for at, future in self._sleepers if not future.done())

    async def until_asleep(self, seconds: float) -> None:
        """Return when somebody sleeps for exactly so long."""
        async with self._changed:
            await self._changed.wait_for(lambda: seconds in self.sleeping())

    async def until_awake(self) -> None:
        """Return when nobody sleeps."""
        if self._sleepers:
            await self._awake.wait()

    def advance(self, seconds: float) -> None:
        """Move the hands; who has slept enough wakes."""
        self.seconds += seconds
        for at, future in tuple(self._sleepers):
            if at <= self.seconds and not future.done():
                future.set_result(None)


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock()
