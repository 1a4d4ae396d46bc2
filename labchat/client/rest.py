"""The second path: ``/api/messages`` over one kept-alive HTTP/1.1 connection."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx
import msgspec

from labchat.chat import events
from labchat.client.trouble import Trouble, of_status
from labchat.errors import ChatError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from labchat.chat.session import Bubble
    from labchat.client.settings import Address, Settings

_TOLD_AT = "http11.send_request_body.complete"
"""The point at which httpcore has handed the whole request to the kernel."""

_KEPT = 10.0
"""Seconds an idle connection is kept: less than servers do, so that none is cut under a POST."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The server has the post, as number ``seq`` if it told."""

    seq: int | None


Outcome: TypeAlias = Stored | Trouble

_one = msgspec.json.Decoder(events.Post)
_many = msgspec.json.Decoder(list[events.Post])
_encoder = msgspec.json.Encoder()


class Rest:
    """Posts and history by HTTP.

    Args:
        address: where the server is.
        settings: token, time-outs, TLS.
    """

    def __init__(self, address: Address, settings: Settings) -> None:
        headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
        self._fresh = partial(
            httpx.AsyncClient,
            base_url=address.rest,
            headers=headers,
            timeout=settings.rest_timeout,
            trust_env=False,
            verify=settings.ssl or address.rest.startswith("https"),
            limits=httpx.Limits(
                max_connections=4, max_keepalive_connections=1, keepalive_expiry=_KEPT
            ),
        )
        self._client = self._fresh()
        self._limit = settings.limits.answer

    async def post(self, bubble: Bubble, sent: Callable[[], None]) -> Outcome:
        """POST one message; ``sent`` is called when the request is on its way."""

        async def trace(name: str, _info: dict[str, Any]) -> None:
            if name == _TOLD_AT:
                sent()

        request = self._client.build_request(
            "POST",
            "api/messages",
            content=_encoder.encode(body(bubble)),
            headers={"Content-Type": "application/json"},
            extensions={"trace": trace},
        )
        answer = await self._ask(request)
        if isinstance(answer, Trouble):
            return answer
        try:
            stored = _one.decode(answer)
        except msgspec.DecodeError:
            return Trouble("the server's answer is no stored message")
        if not _same(stored, bubble):
            await self._start_over()
            return Trouble("the answer belongs to another post")
        return Stored(stored.seq)

    async def _ask(self, request: httpx.Request) -> bytes | Trouble:
        """The body of a 200; it is read no further than the limit."""
        try:
            reply = await self._client.send(request, stream=True)
            try:
                content = await self._read(reply)
            finally:
                await reply.aclose()
        except httpx.RequestError as error:
            return Trouble(_reason(error))
        if content is None:
            return Trouble(f"the answer is longer than {self._limit} bytes")
        if reply.status_code != httpx.codes.OK:
            return of_status(reply.status_code, reply.headers, content)
        return content

    async def _read(self, reply: httpx.Response) -> bytes | None:
        content = bytearray()
        async for part in reply.aiter_bytes():
            content += part
            if len(content) > self._limit:
                return None
        return bytes(content)

    async def _start_over(self) -> None:
        """Leave a connection on which answers are out of step (a request was doubled)."""
        await self._client.aclose()
        self._client = self._fresh()

    async def page(self, user: str, peer: str, after: int, limit: int) -> list[events.Post]:
        """The posts between two users after a sequence number, oldest first.

        Raises:
            ChatError: no answer, a status other than 200, or an answer that is no list of posts.
        """
        query: dict[str, str | int] = {"user": user, "peer": peer, "after": after, "limit": limit}
        request = self._client.build_request("GET", "api/messages", params=query)
        answer = await self._ask(request)
        if isinstance(answer, Trouble):
            raise ChatError(f"no history: {answer.reason}")
        try:
            return _many.decode(answer)
        except msgspec.DecodeError as error:
            raise ChatError(f"no history: {error}") from error

    async def conversation(self, user: str, peer: str, size: int) -> AsyncIterator[events.Post]:
        """All posts between two users, oldest first, read page by page; raises as ``page`` does."""
        after = 0
        while True:
            posts = await self.page(user, peer, after, size)
            for post in posts:
                yield post
            last = max((post.seq or 0 for post in posts), default=0)
            if len(posts) < size or last <= after:
                return
            after = last

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()


def body(bubble: Bubble) -> dict[str, str]:
    """What a POST carries: the text's three fields, and the id and time that both paths share."""
    return {
        "text": bubble.text,
        "senderId": bubble.sender,
        "receiverId": bubble.receiver,
        "id": bubble.id,
        "createdAt": bubble.created_at,
    }


def _same(stored: events.Post, bubble: Bubble) -> bool:
    """Whether the answer is to this post: by its id, or by all the rest if the server named it."""
    return stored.id == bubble.id or (
        (stored.text, stored.sender_id, stored.receiver_id, stored.created_at)
        == (bubble.text, bubble.sender, bubble.receiver, bubble.created_at)
    )


def _reason(error: httpx.RequestError) -> str:
    match error:
        case httpx.ConnectError():
            return "nobody listens there"
        case httpx.TimeoutException():
            return "no answer in time"
        case _:
            return f"connection lost: {error}" if str(error) else "connection lost"
