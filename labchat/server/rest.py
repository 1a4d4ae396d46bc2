"""The REST half of the contract: messages, users, health. Handlers parse, ask the hub, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from tornado.web import HTTPError, StaticFileHandler

from labchat.chat import events
from labchat.errors import IdConflict, StoreUnavailable
from labchat.server.answers import Answers, Fault
from labchat.server.store import Page

if TYPE_CHECKING:
    from labchat.server.hub import Hub


class Draft(msgspec.Struct, rename="camel"):
    """The body of a POST, before it is looked at: anything may be missing."""

    text: str | None = None
    sender_id: str | None = None
    receiver_id: str | None = None
    id: events.Name | None = None
    created_at: events.Stamp | None = None


class Api(Answers):
    """What all API handlers share."""

    def initialize(self, hub: Hub) -> None:
        """Called by Tornado with the route's arguments."""
        self.hub = hub

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


class Nowhere(Api):
    """Everything that is not there."""

    def prepare(self) -> None:
        """Raises HTTPError 404."""
        raise HTTPError(404, "there is nothing here")


class MessagesHandler(Api):
    """``/api/messages``: store one, list many."""

    async def post(self) -> None:
        """Store a message: 200 and the message as stored."""
        said = parse(self.request.body)
        limit = self.hub.settings.limits.text
        if len(said.text) > limit:
            raise HTTPError(413, f"a message may have {limit} characters")
        try:
            stored = await self.hub.post(said)
        except IdConflict as error:
            self.answer(Fault(str(error)), 409)
        except StoreUnavailable:
            self.set_header("Retry-After", "1")
            self.answer(Fault("Failed to save message"), 503)
        else:
            self.answer(stored.post)

    async def get(self) -> None:
        """A page of history, oldest first; with ``wait``, not before there is something."""
        limits = self.hub.settings.limits
        page = Page(
            limit=self.number("limit", 1, limits.page) or limits.page,
            after=self.number("after", 0, 2**63 - 1),
            user=self.word("user"),
            peer=self.word("peer"),
        )
        wait = self.number("wait", 0, int(limits.wait)) or 0
        if page.peer is not None and page.user is None:
            raise HTTPError(400, "peer needs a user")
        self.answer(await self._read(page, wait))

    async def _read(self, page: Page, wait: int) -> list[events.Post]:
        deadline = self.hub.clock.monotonic() + wait
        while True:
            news = self.hub.news(deadline - self.hub.clock.monotonic())
            posts = await self.hub.store.read(page)
            if posts or self.hub.clock.monotonic() >= deadline or self.hub.draining:
                news.close()
                return posts
            await news


class UsersHandler(Api):
    """``/api/users``: who is known, and who is here."""

    async def get(self) -> None:
        """All known users, sorted, each with whether it is present."""
        here = set(self.hub.here())
        users = sorted(here | set(await self.hub.store.users()))
        self.answer([{"userId": user, "online": user in here} for user in users])


class HealthHandler(Api):
    """``/api/health``: whether to send this server work."""

    def get(self) -> None:
        """200 ``ready``, or 503 ``draining``."""
        draining = self.hub.draining
        self.answer({"status": "draining" if draining else "ready"}, 503 if draining else 200)


class Files(Answers, StaticFileHandler):
    """The page's own files, under ``/web/``."""

    def set_extra_headers(self, _path: str) -> None:
        """Called by Tornado before each answer; the browser asks whether its copy is current."""
        self.set_header("Cache-Control", "no-cache")


def parse(body: bytes) -> events.Say:
    """The body of a POST. Raises HTTPError 400."""
    try:
        draft = _draft.decode(body)
    except msgspec.ValidationError as error:
        raise HTTPError(400, f"The message is wrong: {error}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise HTTPError(400, "The body is not JSON") from None
    if not (draft.text and draft.sender_id and draft.receiver_id):
        raise HTTPError(400, "Missing required fields")
    if max(len(draft.sender_id), len(draft.receiver_id)) > 128:
        raise HTTPError(400, "A user id has at most 128 characters")
    return events.Say(draft.text, draft.sender_id, draft.receiver_id, draft.id, draft.created_at)


_draft = msgspec.json.Decoder(Draft)
