"""The REST half of the contract: history, users, health. Handlers parse, ask the hub, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tornado.web import HTTPError, StaticFileHandler

from labchat.server.answers import Answers, Resource, as_json
from labchat.server.auth import NotYours, bearer
from labchat.server.history import Page
from labchat.server.metrics import CONTENT_TYPE
from labchat.server.openapi import describe

if TYPE_CHECKING:
    from labchat.chat import events

MAX_SEQ = 2**63 - 1


class Api(Resource):
    """What all API handlers share: who asks, and what the query says."""

    async def reader(self) -> str | None:
        """Whose messages may be read: one user's with ``auth``, else (None) everybody's.

        Raises Unknown, or NotYours if the query names another user.
        """
        asked = self.word("user")
        user = await self.hub.caller(bearer(self.request.headers))
        if user is not None and asked not in {None, user}:
            raise NotYours("These messages are somebody else's.")
        user = user or asked
        if user is not None:
            self.hub.company.seen(user)
        return user

    def number(self, name: str, least: int, most: int) -> int | None:
        """A whole number from the query, or None if it is not there. Raises HTTPError 400."""
        text = self.get_query_argument(name, None)
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal() and least <= int(text[:20]) <= most):
            raise HTTPError(400, f"{name} is a whole number from {least} to {most}")
        return int(text)

    def word(self, name: str) -> str | None:
        """A name from the query, or None if it is not there. Raises HTTPError 400."""
        text = self.get_query_argument(name, None, strip=False)
        if text is not None and not 1 <= len(text) <= 128:
            raise HTTPError(400, f"{name} has 1 to 128 characters")
        return text


class Nowhere(Answers):
    """Everything that is not there."""

    def prepare(self) -> None:
        """Raises HTTPError 404."""
        super().prepare()
        raise HTTPError(404, "there is nothing here")


class MessagesHandler(Api):
    """``GET /api/messages``: a page of history. POST is at the door."""

    async def get(self) -> None:
        """The messages, oldest first; with ``wait``, not before there are some."""
        user = await self.reader()
        limits = self.hub.settings.limits
        page = Page(
            limit=self.number("limit", 1, limits.page) or limits.page,
            after=self.number("after", 0, MAX_SEQ),
            user=user,
            peer=self.word("peer"),
        )
        wait = self.number("wait", 0, int(limits.wait)) or 0
        if page.peer is not None and page.user is None:
            raise HTTPError(400, "peer needs a user")
        self.answer(as_json(await self._read(page, wait)))

    async def _read(self, page: Page, wait: int) -> list[events.Post]:
        deadline = self.hub.clock.monotonic() + wait
        while True:
            with self.hub.news.waiting() as news:
                posts = await self.hub.store.read(page)
                left = deadline - self.hub.clock.monotonic()
                if posts or left <= 0 or self.hub.draining:
                    return posts
                await news.within(left)


class UsersHandler(Api):
    """``/api/users``: who is known, and who is here."""

    async def get(self) -> None:
        """All known users, sorted, each with whether it is present."""
        await self.reader()
        here = set(self.hub.company.here())
        users = sorted(here | set(await self.hub.store.users()))
        self.answer(as_json([{"userId": user, "online": user in here} for user in users]))


class HealthHandler(Resource):
    """``/api/health``: whether to send this server work."""

    def get(self) -> None:
        """200 ``ready``, or 503 ``draining``."""
        draining = self.hub.draining
        status = "draining" if draining else "ready"
        self.answer(as_json({"status": status}, 503 if draining else 200))


class OpenapiHandler(Resource):
    """``/api/openapi.json``: this API, described."""

    def get(self) -> None:
        """The OpenAPI document, for this server's settings."""
        self.answer(as_json(describe(self.hub.settings)))


class MetricsHandler(Api):
    """``/metrics``: for Prometheus, who needs a token too where tokens are asked for."""

    async def get(self) -> None:
        """The metrics."""
        await self.hub.caller(bearer(self.request.headers))
        self.set_header("Content-Type", CONTENT_TYPE)
        await self.finish(self.hub.metrics.text())


class Files(Answers, StaticFileHandler):
    """The page's own files, under ``/web/``."""

    def set_extra_headers(self, _path: str) -> None:
        """Called by Tornado before each answer; the browser asks whether its copy is current."""
        self.as_page()
