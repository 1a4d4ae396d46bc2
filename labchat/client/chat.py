"""One user's chat over two paths: what a user calls, and what may be awaited."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Self, overload

from labchat.chat.session import Bubble, Delivery, Link, Snapshot, Transport
from labchat.client.checks import check_name
from labchat.client.clock import Clock, SystemClock, stamp
from labchat.client.core import Core
from labchat.client.expect import Expectations
from labchat.client.journal import Entry, Journal, Kind
from labchat.client.keeper import Keeper, Order
from labchat.client.link import Turn
from labchat.client.poster import Poster
from labchat.client.race import within
from labchat.client.rest import Rest
from labchat.client.settings import Address, Settings
from labchat.client.watchers import Watchers
from labchat.errors import ChatError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_ON_ITS_WAY = {Delivery.SENT, Delivery.STORED}


class Chat:
    """One user's connection; made by :func:`labchat.client.connect`.

    The methods of :class:`labchat.chat.session.ChatSource` are here, to be called from the loop
    the chat runs on, and coroutines that wait for what they bring about.

    Args:
        address: where the server is.
        user: who this is.
        transport: on which path posts go out, until :meth:`set_transport`.
        settings: how to connect, and how much to hold.
        clock: all countdowns, heartbeats and time stamps go by it.
        rng: draws ids and jitter.
        journal: called with each entry, after it took effect.
    """

    def __init__(
        self,
        address: Address,
        user: str,
        *,
        transport: Transport = Transport.BOTH,
        settings: Settings | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._settings = settings or Settings()
        self._clock = clock or SystemClock()
        self._rng = rng or random.SystemRandom()
        self._journal = journal
        self._watchers = Watchers()
        self._expect = Expectations()
        self._snapshot: Snapshot | None = None
        self._typed_ns: dict[str, int] = {}
        self._received = 0
        self._task: asyncio.Task[None] | None = None
        self._core = Core(
            user,
            limits=self._settings.limits,
            transport=transport,
            since=self._settings.since,
            journal=self._happened,
            now_ns=self._clock.now_ns,
        )
        self._rest = Rest(address, self._settings)
        self._keeper = Keeper(self._core, address, self._settings, self._clock, self._rng)
        self._poster = Poster(self._core, self._rest, self._settings, self._clock, self._rng)

    # Its life.

    async def start(self) -> None:
        """Begin to connect; returns when the first attempt succeeded or failed."""
        if self._task is not None:
            raise ChatError("this chat was started already; connect again for another")
        loop = asyncio.get_running_loop()
        self._watchers.start(loop)
        self._core.turn(Turn.ATTEMPT)
        self._task = loop.create_task(self._run(), name=f"chat {self.user}")
        self._task.add_done_callback(self._over)
        await self._expect.until(lambda: self._core.link is not Link.CONNECTING or None)

    async def close(self) -> None:
        """Close both paths for good; what is not stored by now stays as it is.

        Raises:
            Whatever ended the chat's own tasks, had they failed.
        """
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        await self._rest.close()
        if not task.cancelled():
            task.result()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None and self._core.link is Link.CONNECTED:
                await self._last_words()
        finally:
            await self.close()

    async def _last_words(self) -> None:
        """Let what is on its way arrive, for as long as a close may take."""
        try:
            await within(self._clock, self._settings.close_timeout, self.drained())
        except (TimeoutError, ChatError):
            return

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keeper.run(), name=f"keeper {self.user}")
            group.create_task(self._poster.run(), name=f"poster {self.user}")

    def _over(self, task: asyncio.Task[None]) -> None:
        self._core.turn(Turn.CLOSE, "closed")
        self._expect.finish(ChatError("the chat is closed"))

    # What a panel calls.

    @property
    def user(self) -> str:
        """Who this is."""
        return self._core.user

    def snapshot(self) -> Snapshot:
        """The state right now."""
        if self._snapshot is None:
            self._snapshot = self._core.snapshot(self._settings.policy.max_attempts)
        elif self._snapshot.next_attempt_in is not None:
            self._snapshot = replace(self._snapshot, next_attempt_in=self._core.countdown())
        return self._snapshot

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed`` after each turn of the loop with a change; returns its undoing."""
        return self._watchers.subscribe(changed)

    def post(self, text: str, receiver: str) -> str:
        """Put a post into the outbox; returns its id.

        A text over the limit, or one too many, shows as a failed bubble with the reason.

        Raises:
            InvalidEvent: no text, no receiver, or characters that UTF-8 cannot carry.
        """
        post_id = f"msg-{self._rng.getrandbits(80):020x}"
        now = stamp(self._clock.wall())
        self._core.post(Bubble(post_id, text, self.user, receiver, now, Delivery.PENDING))
        self._typed_ns.pop(receiver, None)
        self._send()
        return post_id

    def type_to(self, receiver: str) -> None:
        """Say that the user is typing; said again at most once per ``typing_every``."""
        check_name(receiver)
        now = self._clock.now_ns()
        last = self._typed_ns.get(receiver)
        if last is None or now - last >= self._settings.typing_every * 1e9:
            self._typed_ns[receiver] = now
            self._keeper.type_to(receiver)

    def retry(self, post_id: str) -> None:
        """Put a failed post back into the outbox."""
        self._core.retry(post_id)
        self._send()

    def go_offline(self) -> None:
        """Close and stay offline, as a browser's ``offline`` event does."""
        self._poster.allow(online=False)
        self._keeper.order(Order.OFFLINE)

    def go_online(self) -> None:
        """Connect now, whatever the countdown says."""
        self._poster.allow(online=True)
        self._keeper.order(Order.ONLINE)

    def set_transport(self, transport: Transport) -> None:
        """Choose the path of the posts to come."""
        self._core.transport = transport
        self._changed()

    def _send(self) -> None:
        self._keeper.wake()
        self._poster.wake()

    # What may be awaited.

    async def left(self) -> None:
        """Return when there is no connection: after :meth:`go_offline` it is yet to be closed."""
        await self._keeper.gone.wait()

    async def connected(self) -> None:
        """Return when connected. Raises Refused if the server says no, ChatError if closed."""

        def ready() -> bool | None:
            if self._core.link is Link.REFUSED:
                raise Refused(self._core.detail)
            return self._core.link is Link.CONNECTED or None

        await self._expect.until(ready)

    async def until(self, predicate: Callable[[Snapshot], bool]) -> Snapshot:
        """The first snapshot that fulfils the predicate."""

        def ready() -> Snapshot | None:
            now = self.snapshot()
            return now if predicate(now) else None

        return await self._expect.until(ready)

    async def sent(self, post_id: str) -> Bubble:
        """The post, once it was handed to a connection. Raises ChatError if it fails."""
        return await self._reached(post_id, _ON_ITS_WAY)

    async def stored(self, post_id: str) -> Bubble:
        """The post, once the server acknowledged it. Raises ChatError if it fails."""
        return await self._reached(post_id, {Delivery.STORED})

    @overload
    async def received(self, what: int = 1) -> tuple[Bubble, ...]: ...
    @overload
    async def received(self, what: Callable[[Bubble], bool]) -> Bubble: ...
    async def received(
        self, what: int | Callable[[Bubble], bool] = 1
    ) -> tuple[Bubble, ...] | Bubble:
        """The posts of others so far, once there are ``what``; or the first ``what`` is true of."""
        if callable(what):
            return await self._expect.until(lambda: next(filter(what, self._heard()), None))
        return await self._expect.until(lambda: self._heard() if self._received >= what else None)

    async def settled(self, post_id: str) -> None:
        """Return when every path that carries the post has had its answer, or given it up."""
        await self._expect.until(lambda: post_id not in self._core.outbox or None, post_id)

    async def drained(self) -> None:
        """Return when nothing is left in the outbox."""
        await self._expect.until(lambda: len(self._core.outbox) == 0 or None)

    async def history(self, peer: str, *, page: int = 100) -> int:
        """Load the stored conversation with ``peer``, page by page; returns how many posts.

        Raises:
            ChatError: the server does not give it.
        """
        count = 0
        async for post in self._rest.conversation(self.user, peer, page):
            self._core.learned(post)
            count += 1
        return count

    async def _reached(self, post_id: str, wanted: set[Delivery]) -> Bubble:
        def ready() -> Bubble | None:
            bubble = self._core.timeline.get(post_id)
            if bubble is None:
                raise ChatError(f"no post has the id {post_id!r}")
            if bubble.delivery is Delivery.FAILED:
                raise ChatError(bubble.reason or "failed")
            return bubble if bubble.delivery in wanted else None

        return await self._expect.until(ready, post_id)

    def _heard(self) -> tuple[Bubble, ...]:
        bubbles = self._core.timeline.bubbles()
        return tuple(b for b in bubbles if b.delivery is Delivery.RECEIVED)

    # What happens.

    def _happened(self, entry: Entry) -> None:
        """One entry: the link's turns reach the poster, then all who wait or watch."""
        if entry.kind is Kind.RECEIVED:
            self._received += 1
        elif entry.kind is Kind.LINK and self._core.link is Link.CONNECTED:
            self._poster.connection_is_back()
        if self._journal is not None:
            self._journal(entry)
        self._expect.happened(entry.id)
        self._changed()

    def _changed(self) -> None:
        self._snapshot = None
        self._watchers.tell()
