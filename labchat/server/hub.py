"""What happens to an event, whichever way it came: the rules of the chat, over store and rooms."""

from __future__ import annotations

import asyncio
import itertools
from functools import partial
from typing import TYPE_CHECKING

from labchat.chat import events
from labchat.chat.events import BadEvent, ErrorCode, Post
from labchat.chat.rooms import Routing
from labchat.errors import ChatError, IdConflict, LabchatError, Refused, StoreUnavailable, TooLong
from labchat.server.auth import NotYours, Unknown, identify
from labchat.server.clock import rfc3339
from labchat.server.company import Company, Link, Session, outgoing
from labchat.server.history import Page
from labchat.server.limits import Buckets
from labchat.server.metrics import Metrics
from labchat.server.news import News
from labchat.server.settings import Auth, Delivery, Ids, PostPolicy
from labchat.server.writer import joint

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from labchat.server.clock import Clock
    from labchat.server.settings import Settings
    from labchat.server.store import Store, Stored


UNHEARD = 4096
"""Posts that are stored and not relayed, of which so many are remembered."""


class TooFast(ChatError):
    """More posts a second than the limit; ``seconds`` says when there is room again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"That is too fast; try again in {seconds:.1f} s.")
        self.seconds = seconds


class Crowded(ChatError):
    """As many connections of one user as there may be; one fewer, and there is room again."""


class Hub:
    """All that is shared by the connections of one server.

    Attributes:
        metrics: what Prometheus is told.
        news: tells who waits of each commit.
        links: every open WebSocket.
        company: the sessions of the chat, and who is behind them.
        draining: the server is about to stop; no new connections.
    """

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.company = Company(settings, clock)
        self.links: set[Link] = set()
        self.news = News()
        self.metrics = Metrics()
        self.metrics.watch(self)
        self.draining = False
        self._empty = asyncio.Event()
        rate = settings.limits.posts_per_second
        self._buckets = Buckets(rate, 2 * rate)
        self._relaying: list[Post] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._unheard: dict[str, bool] = {}
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

    def sweep(self) -> None:
        """Let lapse what is overdue; called every half second or so."""
        self.company.sweep()
        self._buckets.sweep(self.clock.monotonic())

    # Posts.

    def stamp(self, say: events.Say) -> Post:
        """What a client said, as a post: id and time filled in where they are the server's."""
        post_id = say.id if self.settings.ids is Ids.CLIENT else None
        now = self.clock.now()
        if post_id is None:
            post_id = f"msg-{int(now.timestamp() * 1000)}-{next(self._names)}"
        created_at = say.created_at or rfc3339(now)
        return Post(post_id, say.text, say.sender_id, say.receiver_id, created_at)

    async def caller(self, token: str | None) -> str | None:
        """Whose token this is, in open mode nobody's. Raises Unknown."""
        return await identify(self.store, token) if self.settings.auth is Auth.TOKEN else None

    def say(self, session: Session, said: events.Say) -> asyncio.Future[Stored]:
        """A post by WebSocket: relayed, stored, acknowledged, in the order of the settings.

        Raises Unknown, NotYours, TooLong, TooFast.
        """
        self._may(self.company.members.user(session), said)
        post = self.stamp(said)
        if self.settings.delivery is Delivery.RELAY_FIRST:
            self._relay(post)
        self.company.stopped(post.sender_id, post.receiver_id)
        storing = self.store.add(post)
        name, began = said.id or post.id, self.clock.monotonic()
        storing.add_done_callback(partial(self._said, session, name, began))
        return storing

    async def post(self, caller: str | None, said: events.Say) -> Stored:
        """A post by POST. Raises as ``say`` does, and IdConflict, StoreUnavailable."""
        self._may(caller, said)
        began = self.clock.monotonic()
        stored = await self.store.add(self.stamp(said))
        self._count("post", stored, began)
        if stored.new:
            if self.settings.post is PostPolicy.RELAYS:
                self._relay(stored.post)
            else:
                self._not_heard(stored.post.id)
            self.news.tell()
        return stored

    def _may(self, caller: str | None, said: events.Say) -> None:
        """Whether the caller may say this, now."""
        self.check_sender(caller, said.sender_id)
        limits = self.settings.limits
        if len(said.text) > limits.text:
            raise TooLong(
                f"A message may have {limits.text} characters; this one has {len(said.text)}."
            )
        seconds = self._buckets.take(said.sender_id, self.clock.monotonic())
        if seconds:
            raise TooFast(seconds)

    def check_sender(self, caller: str | None, sender: str) -> None:
        """With ``auth`` one speaks as oneself. Raises Unknown, NotYours."""
        if self.settings.auth is Auth.OFF:
            return
        if caller is None:
            raise Unknown("Register with a token first.")
        if caller != sender:
            raise NotYours(f"You are {caller}, and may not speak as {sender}.")

    def join(self, session: Session, user: str) -> asyncio.Future[int]:
        """The session is that user's from now on; gives the ``seq`` up to which it has missed.

        All in one turn: what was said before is below that seq, what is said after is heard.
        """
        self.relay_now()
        self.company.join(session, user)
        return self.store.settled()

    def typing(self, session: Session, event: events.Typing) -> None:
        """Somebody is writing, or has stopped. Raises Unknown, NotYours."""
        self.check_sender(self.company.members.user(session), event.sender_id)
        self.company.typing(event)

    def _count(self, path: str, stored: Stored, began: float) -> None:
        self.metrics.posts.labels(path, "stored" if stored.new else "known").inc()
        self.metrics.commit.observe(self.clock.monotonic() - began)

    def _said(
        self, session: Session, name: str, began: float, storing: asyncio.Future[Stored]
    ) -> None:
        """Tell the author, who knows the post by the name it gave, if it gave one."""
        error = storing.exception()
        if isinstance(error, LabchatError):
            session.send(outgoing(events.Error(code(error), str(error), name)))
            return
        stored = storing.result()
        self._count("websocket", stored, began)
        session.send(outgoing(events.Ack(name, stored.post.seq or 0)))
        unheard = self._unheard.pop(stored.post.id, False) or stored.new
        if unheard and self.settings.delivery is Delivery.COMMIT_FIRST:
            self._relay(stored.post)
        if stored.new:
            self.news.tell()

    def _not_heard(self, post_id: str) -> None:
        """Only stored so far: its copy by WebSocket, if one comes, is the first to be relayed."""
        self._unheard[post_id] = True
        if len(self._unheard) > UNHEARD:
            del self._unheard[next(iter(self._unheard))]

    def _relay(self, post: Post) -> None:
        """Send a post at the end of this turn of the loop, with all else that came in it.

        A crowd of posts then costs each receiver one write, not one each.
        """
        if not self._relaying:
            asyncio.get_running_loop().call_soon(self.relay_now)
        self._relaying.append(post)

    def relay_now(self) -> None:
        """Send what is to be sent; also before a session joins, so that it hears none of it."""
        posts, self._relaying = self._relaying, []
        for sessions, group in self.company.groups(posts):
            told = [(outgoing(events.Told(post)), post) for post in group]
            joined = joint([message for message, _ in told])
            for session in sessions:
                session.show(joined, told)
            self.metrics.deliveries.inc(len(sessions) * len(group))

    # Running and stopping.

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Run something that nobody awaits; it is held until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def drain(self) -> None:
        """No new connections; whoever waits for news is let go."""
        self.draining = True
        self.news.tell()

    # Catching up.

    async def missed(self, user: str, after: int, up_to: int) -> list[Post]:
        """One page of what a session may see and has not seen; empty when there is no more."""
        mine = user if self.settings.routing is Routing.DIRECT else None
        page = Page(limit=self.settings.limits.page, after=after, user=mine, up_to=up_to)
        return await self.store.read(page)


def code(error: LabchatError) -> ErrorCode:
    """The code of an ``error`` event. What is no business of a peer is raised again."""
    if isinstance(error, BadEvent):
        return error.code
    for kind, meaning in _CODES:
        if isinstance(error, kind):
            return meaning
    raise error


_CODES: tuple[tuple[type[LabchatError], ErrorCode], ...] = (
    (Unknown, ErrorCode.UNAUTHORIZED),
    (NotYours, ErrorCode.FORBIDDEN),
    (Refused, ErrorCode.FORBIDDEN),
    (TooLong, ErrorCode.TOO_LONG),
    (TooFast, ErrorCode.RATE_LIMITED),
    (IdConflict, ErrorCode.CONFLICT),
    (StoreUnavailable, ErrorCode.UNAVAILABLE),
)
