"""A user of the lab's chat, as a notebook holds it: any thread, blocking or awaited."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from labchat.chat.session import Link

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.chat.session import Bubble, Snapshot, Transport
    from labchat.client import Chat
    from labchat.lab.background import Background, Job


class User:
    """One user's client on the background loop (a :class:`~labchat.chat.session.ChatSource`).

    Attributes:
        id: the user id, such as "user-1".
        name: what the panels call this user, such as "Alice".
    """

    def __init__(self, chat: Chat, background: Background, *, user_id: str, name: str) -> None:
        self._chat = chat
        self._background = background
        self.id = user_id
        self.name = name

    def __repr__(self) -> str:
        return f"<User {self.name} ({self.id}), {self.snapshot().link}>"

    def snapshot(self) -> Snapshot:
        """The state right now."""
        return self._background.call(self._chat.snapshot)

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed`` (on the background thread) after each change; returns its undoing."""
        undo = self._background.call(lambda: self._chat.subscribe(changed))
        return lambda: self._background.call(undo)

    def post(self, text: str, receiver: str) -> str:
        """Put a post into the outbox; returns its id. Raises TooLong, InvalidEvent."""
        return self._background.call(lambda: self._chat.post(text, receiver))

    def say(self, text: str, to: User) -> Job[Bubble]:
        """Post ``text``; the job ends when it is stored and every path has had its answer.

        ``lab.alice.say("Hello", to=lab.bob).result()`` blocks; ``await`` works as well.
        """

        async def go() -> Bubble:
            bubble = await self._chat.stored(self._chat.post(text, to.id))
            await self._chat.settled(bubble.id)
            return bubble

        return self._background.submit(go())

    def hears(self, text: str) -> Job[Bubble]:
        """The job ends when a post of that text has arrived here (or had arrived before)."""
        return self._background.submit(self._chat.received(lambda bubble: bubble.text == text))

    def type_to(self, receiver: str) -> None:
        """Say that the user is typing."""
        self._background.call(lambda: self._chat.type_to(receiver))

    def retry(self, post_id: str) -> None:
        """Put a failed post back into the outbox."""
        self._background.call(lambda: self._chat.retry(post_id))

    def go_offline(self) -> None:
        """Close and stay offline, as a browser's ``offline`` event does.

        Returns when the connection is closed, so that what others say next is missed: within two
        seconds, even if the goodbye is held up on its way.
        """
        self._background.call(self._chat.go_offline)
        if not self._background.here:
            self._background.run(self._chat.left())

    def go_online(self) -> None:
        """Connect now, whatever the countdown says."""
        self._background.call(self._chat.go_online)

    def come_back(self, within: float = 2.0) -> Job[bool]:
        """Connect again when the connection is lost, whatever the countdown says.

        The job ends with whether it was lost: now, or in ``within`` seconds (a close may be under
        way).
        """

        async def go() -> bool:
            try:
                async with asyncio.timeout(within):
                    await self._chat.until(lambda now: now.link is not Link.CONNECTED)
            except TimeoutError:
                return False
            self._chat.go_online()
            return True

        return self._background.submit(go())

    def set_transport(self, transport: Transport) -> None:
        """Choose the path of the posts to come."""
        self._background.call(lambda: self._chat.set_transport(transport))
