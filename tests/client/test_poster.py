"""POST, its failures, and the retries under one id."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from labchat.chat import backoff
from labchat.chat.session import Bubble, Delivery, Link, Transport
from labchat.client import Limits, Settings, connect
from labchat.client.rest import Rest, Stored
from labchat.client.settings import Address
from labchat.client.trouble import Trouble
from labchat.errors import ChatError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from conftest import FakeClock, FakeServer

    from labchat.client import Chat

SETTINGS = Settings(policy=backoff.fixed(1.0, 2.0), heartbeat=None, close_timeout=0.5)
POST = Bubble("m", "hi", "user-1", "user-2", "2026-01-01T00:00:00.000Z", Delivery.PENDING)


def poster(fake: FakeServer, clock: FakeClock, transport: Transport = Transport.POST) -> Chat:
    return connect(fake.url, user="user-1", transport=transport, clock=clock, settings=SETTINGS)


async def test_a_failed_post_is_pending_and_goes_again(fake: FakeServer, clock: FakeClock) -> None:
    fake.script.post_statuses = [500, 503]
    async with poster(fake, clock) as chat:
        post_id = chat.post("hi", "user-2")
        now = await chat.until(lambda now: now.bubbles[0].reason is not None)
        assert now.bubbles[0].delivery is Delivery.PENDING
        assert now.bubbles[0].reason == "500 Failed to save message"
        for pause in (1.0, 2.0):
            await clock.until_asleep(pause)
            clock.advance(pause)
        bubble = await chat.stored(post_id)
        assert (bubble.seq, bubble.reason) == (1, None)
    assert [body["id"] for body in fake.script.posts] == [post_id] * 3


async def test_the_pauses_start_anew_after_a_success(fake: FakeServer, clock: FakeClock) -> None:
    async with poster(fake, clock) as chat:
        for text in ("one", "two"):
            fake.script.post_statuses = [500]
            post_id = chat.post(text, "user-2")
            await clock.until_asleep(1.0)
            clock.advance(1.0)
            await chat.stored(post_id)


async def test_it_goes_again_when_the_connection_is_back(
    fake: FakeServer, clock: FakeClock
) -> None:
    fake.script.post_statuses = [500]
    async with poster(fake, clock) as chat:
        post_id = chat.post("hi", "user-2")
        await clock.until_asleep(1.0)
        chat.go_offline()
        await chat.until(lambda now: now.link is Link.OFFLINE)
        assert len(fake.script.posts) == 1
        chat.go_online()
        await chat.stored(post_id)


async def test_posts_go_out_in_order_even_if_one_fails(fake: FakeServer, clock: FakeClock) -> None:
    fake.script.post_statuses = [200, 500]
    async with poster(fake, clock) as chat:
        ids = [chat.post(text, "user-2") for text in ("one", "two", "three")]
        await clock.until_asleep(1.0)
        clock.advance(1.0)
        await chat.drained()
    assert [row["id"] for row in fake.script.store] == ids


@pytest.mark.parametrize("status", [400, 409, 413])
async def test_a_refused_post_has_failed_and_may_be_retried(
    fake: FakeServer, clock: FakeClock, status: int
) -> None:
    fake.script.post_statuses = [status]
    async with poster(fake, clock) as chat:
        post_id = chat.post("hi", "user-2")
        with pytest.raises(ChatError, match=f"{status} Failed to save message"):
            await chat.stored(post_id)
        assert chat.snapshot().bubbles[0].delivery is Delivery.FAILED
        chat.retry(post_id)
        await chat.stored(post_id)


async def test_a_failed_post_matters_not_once_the_websocket_stored_it(
    fake: FakeServer, clock: FakeClock
) -> None:
    fake.script.post_statuses = [500]
    async with poster(fake, clock, Transport.BOTH) as chat:
        await chat.stored(chat.post("hi", "user-2"))
        await fake.script.until(lambda: fake.script.posts)
        await chat.drained()
    assert len(fake.script.posts) == len(fake.script.said("message")) == 1


async def test_a_token_goes_along_on_both_paths(fake: FakeServer) -> None:
    settings = Settings(token="t0ken", origin="http://page.example")
    async with connect(fake.url, user="user-1", settings=settings) as chat:
        await chat.stored(chat.post("hi", "user-2"))
    assert fake.script.posts[0]["authorization"] == "Bearer t0ken"
    assert fake.script.requests[0]["Authorization"] == "Bearer t0ken"
    assert fake.script.requests[0]["Origin"] == "http://page.example"


async def test_the_history_is_what_the_server_gives(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1") as chat:
        for n in range(5):
            await chat.stored(chat.post(f"number {n}", "user-2"))
        await chat.stored(chat.post("to somebody else", "user-3"))
    async with connect(fake.url, user="user-2") as chat:
        assert await chat.history("user-1", page=2) == 5
        assert await chat.history("user-1", page=5) == 5
        assert [bubble.text for bubble in chat.snapshot().bubbles] == [
            f"number {n}" for n in range(5)
        ]
        fake.script.post_statuses = [500]
        with pytest.raises(ChatError, match="no history: 500"):
            await chat.history("user-1")
        await fake.stop()
        with pytest.raises(ChatError, match="no history: "):
            await chat.history("user-1")


# The translation of what HTTP may bring, without a server.


def rest(answer: Callable[[httpx.Request], httpx.Response]) -> Rest:
    made = Rest(Address.of("ws://server/"), Settings())
    made._client = httpx.AsyncClient(
        base_url="http://server/", transport=httpx.MockTransport(answer)
    )
    return made


def stored_as(**changes: object) -> bytes:
    row = {
        "id": POST.id,
        "text": POST.text,
        "senderId": POST.sender,
        "receiverId": POST.receiver,
        "createdAt": POST.created_at,
    }
    return json.dumps(row | changes).encode()


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (stored_as(seq=7), Stored(7)),
        (stored_as(), Stored(None)),
        (stored_as(id="msg-named-by-the-server", seq=8), Stored(8)),
        (stored_as(id="msg-0", text="other", seq=6), Trouble("the answer belongs to another post")),
        (b"<html>", Trouble("the server's answer is no stored message")),
        (b"{}", Trouble("the server's answer is no stored message")),
    ],
)
async def test_an_answer_is_read_with_care(content: bytes, outcome: object) -> None:
    client = rest(lambda _request: httpx.Response(200, content=content))
    assert await client.post(POST, lambda: None) == outcome
    await client.close()


def failing(error: httpx.TransportError) -> Callable[[httpx.Request], httpx.Response]:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectError("refused"), "nobody listens there"),
        (httpx.ReadTimeout("slow"), "no answer in time"),
        (httpx.RemoteProtocolError("cut"), "connection lost: cut"),
        (httpx.ReadError(""), "connection lost"),
    ],
)
async def test_a_failed_request_says_why(error: httpx.TransportError, reason: str) -> None:
    client = rest(failing(error))
    assert await client.post(POST, lambda: None) == Trouble(reason)
    with pytest.raises(ChatError, match=f"no history: {reason}"):
        await client.page("a", "b", 0, 10)
    await client.close()


async def test_a_history_that_is_none() -> None:
    client = rest(lambda _request: httpx.Response(200, content=b'{"not":"a list"}'))
    with pytest.raises(ChatError, match="no history: Expected `array`"):
        await client.page("a", "b", 0, 10)
    await client.close()


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1000
            yield b" " * 1000

    made = Rest(Address.of("ws://server/"), Settings(limits=Limits(answer=4_500)))
    made._client = httpx.AsyncClient(
        base_url="http://server/",
        transport=httpx.MockTransport(lambda _request: httpx.Response(200, content=endless())),
    )
    assert await made.post(POST, lambda: None) == Trouble("the answer is longer than 4500 bytes")
    assert read == 5000
    await made.close()


async def test_a_request_is_sent_when_it_is_on_its_way(fake: FakeServer) -> None:
    client = Rest(Address.of(fake.url), Settings())
    seen: list[int] = []
    outcome = await client.post(POST, lambda: seen.append(len(fake.script.posts)))
    assert outcome == Stored(1)
    assert seen == [0]
    await client.close()
    await asyncio.sleep(0)
