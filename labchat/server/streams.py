"""``/api/events``: the posts as server-sent events (WHATWG HTML §9.2), without a WebSocket.

Each event's id is the post's ``seq``; a client that comes back with ``Last-Event-ID`` goes on
where it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from labchat.chat import events
from labchat.server.history import Page
from labchat.server.rest import Api

if TYPE_CHECKING:
    from labchat.chat.events import Post

KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is sent, so that proxies keep the connection."""


class EventsHandler(Api):
    """A stream that ends when the client goes, or the server stops."""

    async def get(self) -> None:
        """Posts after ``Last-Event-ID`` (or ``after``), and then each as it is committed."""
        user = await self.reader()
        seq = self._last_event_id()
        if seq is None:
            seq = self.number("after", 0, 2**63 - 1)
        if seq is None:
            seq = self.hub.store.last_seq
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")
        try:
            await self._stream(user, seq)
        except StreamClosedError:
            return

    def head(self, *_args: str, **_kwargs: str) -> None:
        """A stream has no end to be measured. Raises HTTPError 405."""
        raise HTTPError(405)

    async def _stream(self, user: str | None, seq: int) -> None:
        self.write(b"retry: 1000\n\n")
        await self.flush()
        while not self.hub.draining:
            with self.hub.news.waiting() as news:
                posts = await self.hub.store.read(self._page(user, seq))
                if not posts:
                    fresh = await news.within(KEEP_ALIVE)
                    await self._send(b"" if fresh else b": still here\n\n")
            for post in posts:
                await self._send(event(post))
                seq = post.seq or seq

    async def _send(self, data: bytes) -> None:
        if data:
            self.write(data)
            await self.flush()

    def _page(self, user: str | None, seq: int) -> Page:
        return Page(limit=self.hub.settings.limits.page, after=seq, user=user)

    def _last_event_id(self) -> int | None:
        text = self.request.headers.get("Last-Event-ID")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise HTTPError(400, "Last-Event-ID is the seq of a message")
        return int(text)


def event(post: Post) -> bytes:
    """One server-sent event; JSON has no bare line break, so ``data`` is one line."""
    return b"id: %d\nevent: message\ndata: %s\n\n" % (post.seq or 0, events.encode(post))
