"""The WebSocket endpoints: the chat at ``/`` and ``/ws``, the echo at ``/echo``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tornado.websocket import WebSocketHandler, _WebSocketParams

from labchat.chat import events
from labchat.chat.events import BadEvent, ErrorCode, Post, Register, Say
from labchat.errors import LabchatError, Refused, StoreUnavailable
from labchat.server.answers import Full, Resource, WantsUpgrade
from labchat.server.auth import SUBPROTOCOL, bearer, offered
from labchat.server.company import outgoing
from labchat.server.hub import Crowded, code
from labchat.server.protocol import Rfc6455
from labchat.server.reader import BINARY, TEXT, Code
from labchat.server.settings import Auth
from labchat.server.writer import Outgoing

if TYPE_CHECKING:
    from collections.abc import Awaitable


PAGE = Path(__file__).parent / "web" / "index.html"
HELD = 10_000
"""So many live posts wait for a session that catches up; beyond, it is closed with 1013."""
EARLY = 1000
"""So many posts seen before registering are remembered, so that catching up leaves them out."""


class Socket(Resource, WebSocketHandler):
    """What both endpoints share: who may connect, and our protocol class."""

    def initialize(self) -> None:
        """Called by Tornado before anything else."""
        self.link: Rfc6455 | None = None

    def get_websocket_protocol(self) -> Rfc6455 | None:
        """Ours, or None (426) if the client speaks another version than 13."""
        if self.request.headers.get("Sec-WebSocket-Version") != "13":
            return None
        self.link = self.new_link()
        return self.link

    def new_link(self) -> Rfc6455:
        """The chat's own protocol: its limit, compression as the setting says."""
        settings = self.hub.settings
        return self.speak(settings.limits.frame, compression=settings.compression)

    def speak(self, limit: int, *, compression: bool) -> Rfc6455:
        """Our protocol, with at most ``limit`` bytes in one message."""
        beat, queue = self.hub.settings.heartbeat, self.hub.settings.limits.queue
        params = _WebSocketParams(beat, beat, limit)
        return Rfc6455(self, params, compression=compression, room=queue)

    def check_origin(self, _origin: str) -> bool:
        """Called by Tornado; ``prepare`` has judged the origin already."""
        return True

    def upgrading(self) -> bool:
        """Whether the client asks for a WebSocket."""
        asked = self.request.headers.get("Upgrade", "").lower() == "websocket"
        return asked and self.request.method == "GET"

    def prepare(self) -> None:
        """Turn away whom the server has no room for. Raises Forbidden, Full."""
        super().prepare()
        full = len(self.hub.links) >= self.hub.settings.limits.connections
        if self.upgrading() and (full or self.hub.draining):
            raise Full("There is no room for another connection now.")

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Called by Tornado after the handshake."""
        self.set_nodelay(True)
        self.hub.linked(self)

    def on_close(self) -> None:
        """Called by Tornado when the connection is gone."""
        self.hub.unlinked(self)

    def send(self, message: Outgoing, *, matters: bool = True) -> None:
        """Write; what does not matter is left out when the peer reads too slowly."""
        if self.link is not None:
            self.link.send(message, matters=matters)


class EchoSocket(Socket):
    """Sends back what it gets, text as text and binary as binary; for conformance suites."""

    def new_link(self) -> Rfc6455:
        """Large enough for Autobahn's largest; compressed if offered: a suite chooses so."""
        return self.speak(self.hub.settings.limits.echo, compression=True)

    def on_text(self, data: bytes) -> Awaitable[None] | None:
        """Echo a text message."""
        return self._echo(Outgoing(data, TEXT))

    def on_binary(self, data: bytes) -> Awaitable[None] | None:
        """Echo a binary message."""
        return self._echo(Outgoing(data, BINARY))

    def _echo(self, message: Outgoing) -> Awaitable[None] | None:
        """Nothing more is read from a peer that does not take what it is sent."""
        return self.link.send_all(message) if self.link is not None else None


class ChatSocket(Socket):
    """One session of the chat.

    While it catches up (``lastSeq``), live posts wait in ``_held``; what was seen live before it
    registered is in ``_early``. So it misses nothing and gets nothing twice.
    """

    def initialize(self) -> None:
        """Called by Tornado before anything else."""
        super().initialize()
        self.id = self.hub.name_session()
        self._held: list[tuple[Outgoing, Post]] | None = None
        self._early: dict[str, None] | None = {}
        self._token_user: str | None = None
        self._unstored = 0
        self._room: asyncio.Event | None = None
        self._deadline: asyncio.TimerHandle | None = None

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """A WebSocket if the client asks for one, else the page. Raises Unknown, WantsUpgrade."""
        if self.upgrading():
            await self._recognise()
            await super().get(*args, **kwargs)
        elif self.request.path == "/" and PAGE.exists():
            self.set_header("Content-Type", "text/html; charset=UTF-8")
            self.as_page()
            await self.finish(PAGE.read_bytes())
        else:
            raise WantsUpgrade("This is a WebSocket endpoint.")

    async def _recognise(self) -> None:
        """A token in a header or a subprotocol is looked at before the handshake is answered."""
        protocols = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        token = bearer(self.request.headers) or offered([name.strip() for name in protocols])
        if token is not None:
            self._token_user = await self.hub.caller(token)

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Called by Tornado; the token itself is never sent back."""
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Called by Tornado after the handshake."""
        super().open()
        self.hub.company.open(self)
        if self.hub.settings.auth is Auth.TOKEN:
            seconds = self.hub.settings.limits.header_seconds
            self._deadline = asyncio.get_running_loop().call_later(seconds, self._too_late)

    def on_close(self) -> None:
        """Called by Tornado when the connection is gone."""
        super().on_close()
        self.hub.company.closed(self)
        if self._deadline is not None:
            self._deadline.cancel()

    def _too_late(self) -> None:
        """Nobody has said who this is: with ``auth`` a connection is not kept for that."""
        if self.hub.company.members.user(self) is None:
            self.close(Code.POLICY, "register first")

    def on_binary(self, _data: bytes) -> None:
        """The chat speaks JSON text."""
        message = "The chat speaks JSON text; this was a binary message."
        self._refuse(BadEvent(ErrorCode.BINARY, message))

    def on_text(self, data: bytes) -> Awaitable[None] | None:
        """One event."""
        event_id = None
        try:
            event = events.decode_client(data)
            if isinstance(event, Say):
                event_id = event.id
                return self._say(event)
            if isinstance(event, Register):
                return self._register(event)
            self.hub.typing(self, event)
        except LabchatError as error:
            self._refuse(error, event_id)
        return None

    def show(self, joined: Outgoing, told: list[tuple[Outgoing, Post]]) -> None:
        """Write live posts, or keep them until the session has caught up."""
        if self._held is not None:
            for message, post in told:
                self._hold(message, post)
        elif self.link is not None:
            if self._early is not None:
                self._remember(told)
            self.link.send(joined)

    def _hold(self, message: Outgoing, post: Post) -> None:
        held = self._held if self._held is not None else []
        held.append((message, post))
        if len(held) > HELD:
            self.close(Code.TRY_AGAIN_LATER, "you catch up too slowly")

    def _remember(self, told: list[tuple[Outgoing, Post]]) -> None:
        early = self._early if self._early is not None else {}
        for _, post in told:
            early[post.id] = None
        while len(early) > EARLY:
            del early[next(iter(early))]

    def _refuse(self, error: LabchatError, event_id: str | None = None) -> None:
        if isinstance(error, BadEvent):
            event_id = error.id
        self.send(outgoing(events.Error(code(error), str(error), event_id)))

    # Posts: as many may wait for the disk as the limit says, then reading pauses.

    def _say(self, said: Say) -> Awaitable[None] | None:
        storing = self.hub.say(self, said)
        self._unstored += 1
        storing.add_done_callback(self._settled)
        full = self._unstored >= self.hub.settings.limits.pending
        return self._wait_for_room() if full else None

    def _settled(self, _storing: asyncio.Future[Any]) -> None:
        self._unstored -= 1
        if self._room is not None:
            self._room.set()

    async def _wait_for_room(self) -> None:
        self._room = asyncio.Event()
        await self._room.wait()
        self._room = None

    # Registering and catching up.

    async def _register(self, event: Register) -> None:
        """Let the user in, and bring the session up to date; else say why not, and close."""
        try:
            await self._admit(event)
            joining = self.hub.join(self, event.user_id)
            self._held = []
            seq = await joining
        except StoreUnavailable as error:
            self.hub.company.leave(self)
            self._refuse(error)
            self._release(0)
        except Refused as error:
            self._refuse(error)
            self.close(Code.POLICY, str(error))
        except Crowded as error:
            self.close(Code.TRY_AGAIN_LATER, str(error))
        else:
            await self._welcome(event, seq)

    async def _admit(self, event: Register) -> None:
        """Raises Refused for a token or a name, Crowded for a number that may be smaller soon."""
        if event.token is not None or self._token_user is None:
            self._token_user = await self.hub.caller(event.token)
        self.hub.check_sender(self._token_user, event.user_id)
        mine = self.hub.company.members.sessions(event.user_id) - {self}
        limit = self.hub.settings.limits.per_user
        if len(mine) >= limit:
            raise Crowded(f"The connections of one user are limited to {limit}.")

    async def _welcome(self, event: Register, seq: int) -> None:
        self.send(outgoing(events.Registered(self.id, seq)))
        self.hub.company.announce(self, event.user_id)
        if event.last_seq is not None:
            await self._catch_up(event.user_id, event.last_seq, seq)
        self._release(seq)

    async def _catch_up(self, user: str, after: int, up_to: int) -> None:
        early = self._early or {}
        while posts := await self.hub.missed(user, after, up_to):
            for post in posts:
                if post.id not in early:
                    self.send(outgoing(events.Told(post)))
                    await self._flushed()
            after = posts[-1].seq or up_to

    async def _flushed(self) -> None:
        """Go on once the peer has taken most of what it was sent."""
        if self.link is not None and self.link.waiting() > self.hub.settings.limits.queue // 2:
            await self.link.flushed()

    def _release(self, seq: int) -> None:
        """Show what came meanwhile; what was committed up to ``seq`` has been sent already."""
        held, self._held, self._early = self._held or [], None, None
        for message, post in held:
            if post.seq is None or post.seq > seq:
                self.send(message)
