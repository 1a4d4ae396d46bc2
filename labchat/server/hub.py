"""What happens to an event, whichever way it came: the rules of the chat, over store and rooms."""

from __future__ import annotations

import asyncio
import itertools
from functools import partial
from typing import TYPE_CHECKING, Protocol

from labchat.chat import events
from labchat.chat.events import ErrorCode, Post
from labchat.chat.rooms import Leases, Members, Routing, TypingBoard
from labchat.errors import IdConflict, StoreUnavailable
from labchat.server.clock import rfc3339
from labchat.server.settings import Delivery, Ids, PostPolicy
from labchat.server.store import Page
from labchat.server.writer import Outgoing

if TYPE_CHECKING:
    from labchat.server.clock import Clock
    from labchat.server.settings import Settings
    from labchat.server.store import Store, Stored


class Link(Protocol):
    """One open WebSocket, of the chat or of the echo."""

    def __hash__(self) -> int:
        """By identity."""
        ...

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close with a code."""
        ...


class Session(Link, Protocol):
    """One open WebSocket of the chat."""

    id: str

    def send(self, message: Outgoing, *, matters: bool = True) -> None:
        """Write; what does not matter is left out when the peer reads too slowly."""
        ...

    def show(self, message: Outgoing, post: Post) -> None:
        """Write a live post, unless the session is catching up: then it waits its turn."""
        ...


def outgoing(event: events.Event) -> Outgoing:
    """An event, ready to be written to any number of sessions."""
    return Outgoing(events.encode(event))


class Hub:
    """All that is shared by the connections of one server.

    Attributes:
        links: every open WebSocket.
        members: the open sessions and their users.
        draining: the server is about to stop; no new connections.
    """

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.members: Members[Session] = Members()
        self.links: set[Link] = set()
        self.draining = False
        self._empty = asyncio.Event()
        self._typing = TypingBoard(settings.typing)
        self._leases = Leases(settings.lease)
        self._waiters: set[asyncio.Future[None]] = set()
        self._names = itertools.count(1)
        self._sessions = itertools.count(1)

    # Coming and going.

    def name_session(self) -> str:
        """A name for a new connection."""
        return f"s-{next(self._sessions)}"

    def linked(self, link: Link) -> None:
        """A WebSocket is open."""
        self.links.add(link)
        self._empty.clear()

    def unlinked(self, link: Link) -> None:
        """A WebSocket is gone."""
        self.links.discard(link)
        if not self.links:
            self._empty.set()

    async def emptied(self) -> None:
        """Done when no WebSocket is open."""
        if self.links:
            await self._empty.wait()

    def open(self, session: Session) -> None:
        """A connection is up."""
        self.members.open(session)

    def register(self, session: Session, user: str) -> None:
        """The session is that user's from now on, who is present."""
        self.members.register(session, user)
        self._leases.renew(user, self.clock.monotonic())
        here = events.Presence(online=self._leases.here())
        session.send(outgoing(here), matters=False)
        self._tell_presence(leave_out=session)

    def closed(self, session: Session) -> None:
        """A connection is gone; its user stays present until the lease is over."""
        user = self.members.close(session)
        if user is not None:
            self._tell_typing(self._typing.drop(user))

    def sweep(self) -> None:
        """Let lapse what is overdue; called every half second or so."""
        now = self.clock.monotonic()
        self._tell_typing(self._typing.lapse(now))
        for session in self.members:
            user = self.members.user(session)
            if user is not None:
                self._leases.renew(user, now)
        self._leases.lapse(now)
        self._tell_presence()

    def seen(self, user: str) -> None:
        """A user without a connection gave a sign of life."""
        self._leases.renew(user, self.clock.monotonic())

    def here(self) -> tuple[str, ...]:
        """The users who are present."""
        return self._leases.here()

    # Posts.

    def stamp(self, say: events.Say) -> Post:
        """What a client said, as a post: id and time filled in where they are the server's."""
        post_id = say.id if self.settings.ids is Ids.CLIENT else None
        now = self.clock.now()
        if post_id is None:
            post_id = f"msg-{int(now.timestamp() * 1000)}-{next(self._names)}"
        created_at = say.created_at or rfc3339(now)
        return Post(post_id, say.text, say.sender_id, say.receiver_id, created_at)

    def say(self, session: Session, said: events.Say) -> asyncio.Future[Stored]:
        """A post by WebSocket: relayed, stored, acknowledged, in the order of the settings."""
        post = self.stamp(said)
        if self.settings.delivery is Delivery.RELAY_FIRST:
            self._relay(post)
        self._tell_typing(self._stopped(post.sender_id, post.receiver_id))
        storing = self.store.add(post)
        storing.add_done_callback(partial(self._said, session, post))
        return storing

    async def post(self, said: events.Say) -> Stored:
        """A post by POST. Raises IdConflict, StoreUnavailable."""
        stored = await self.store.add(self.stamp(said))
        if stored.new:
            if self.settings.post is PostPolicy.RELAYS:
                self._relay(stored.post)
            self._wake()
        return stored

    def _said(self, session: Session, post: Post, storing: asyncio.Future[Stored]) -> None:
        error = storing.exception()
        if error is not None:
            session.send(outgoing(events.Error(_code(error), str(error), post.id)))
            return
        stored = storing.result()
        session.send(outgoing(events.Ack(stored.post.id, stored.post.seq or 0)))
        if stored.new:
            if self.settings.delivery is Delivery.COMMIT_FIRST:
                self._relay(stored.post)
            self._wake()

    def _relay(self, post: Post) -> None:
        message = outgoing(events.Told(post))
        routing = self.settings.routing
        for session in self.members.receivers(routing, post.sender_id, post.receiver_id):
            session.show(message, post)

    # Waiting for posts, without a WebSocket.

    async def news(self, seconds: float) -> None:
        """Done when a post was committed, or the time is over."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            return
        finally:
            self._waiters.discard(waiter)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def drain(self) -> None:
        """No new connections; whoever waits for news is let go."""
        self.draining = True
        self._wake()

    # Typing and presence.

    def typing(self, event: events.Typing) -> None:
        """Somebody is writing, or has stopped; who is concerned is told if that is news."""
        if event.is_typing:
            now = self.clock.monotonic()
            news = self._typing.start(event.sender_id, event.receiver_id, now)
            self._tell_typing([event.receiver_id] if news else [])
        else:
            self._tell_typing(self._stopped(event.sender_id, event.receiver_id))

    def _stopped(self, sender: str, receiver: str) -> list[str]:
        return [receiver] if self._typing.stop(sender, receiver) else []

    def _tell_typing(self, receivers: list[str]) -> None:
        """Send ``typing-update`` to all (broadcast) or to those to whom it was being written."""
        if receivers and self.settings.routing is Routing.BROADCAST:
            message = outgoing(events.TypingUpdate(self._typing.everybody()))
            for session in self.members:
                session.send(message, matters=False)
            return
        for receiver in dict.fromkeys(receivers):
            message = outgoing(events.TypingUpdate(self._typing.writing_to(receiver)))
            for session in self.members.sessions(receiver):
                session.send(message, matters=False)

    def _tell_presence(self, leave_out: Session | None = None) -> None:
        came, went = self._leases.changes()
        if came or went:
            message = outgoing(events.Presence(online=came, offline=went))
            for session in self.members:
                if session is not leave_out and self.members.user(session) is not None:
                    session.send(message, matters=False)

    # Catching up.

    async def missed(self, user: str, after: int, up_to: int) -> list[Post]:
        """One page of what a session may see and has not seen; empty when there is no more."""
        mine = user if self.settings.routing is Routing.DIRECT else None
        page = Page(limit=self.settings.limits.page, after=after, user=mine, up_to=up_to)
        return await self.store.read(page)


def _code(error: BaseException) -> ErrorCode:
    if isinstance(error, IdConflict):
        return ErrorCode.CONFLICT
    if isinstance(error, StoreUnavailable):
        return ErrorCode.UNAVAILABLE
    raise error
