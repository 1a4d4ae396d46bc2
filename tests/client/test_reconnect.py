"""Losing the connection and coming back, under a clock that obeys."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from labchat.chat import backoff
from labchat.chat.session import Delivery, Link, Transport
from labchat.client import Chat, Heartbeat, Settings, connect
from labchat.client.journal import Entry, Kind
from labchat.errors import ChatError, Refused

if TYPE_CHECKING:
    from conftest import FakeClock, FakeServer

QUIET = Settings(policy=backoff.fixed(1.0, 2.0, 4.0), heartbeat=None, close_timeout=0.5)


def chat_of(fake: FakeServer, clock: FakeClock, settings: Settings = QUIET, **more: Any) -> Chat:
    return connect(fake.url, user="user-1", clock=clock, settings=settings, **more)


async def gone(chat: Chat, fake: FakeServer, link: Link = Link.RECONNECTING) -> None:
    """The server goes away, and the chat has noticed."""
    await fake.stop()
    await chat.until(lambda now: now.link is link)


async def test_it_counts_down_and_comes_back(fake: FakeServer, clock: FakeClock) -> None:
    async with chat_of(fake, clock) as chat:
        for socket in tuple(fake.script.sockets):
            socket.close(1012, "restart")
        now = await chat.until(lambda now: now.link is Link.RECONNECTING)
        assert (now.attempt, now.max_attempts, now.next_attempt_in) == (1, 3, 1.0)
        assert now.detail == "1012 restart"
        await clock.until_asleep(1.0)
        clock.advance(0.75)
        assert chat.snapshot().next_attempt_in == 0.25
        clock.advance(0.25)
        await chat.connected()
        now = chat.snapshot()
        assert (now.attempt, now.next_attempt_in, now.detail) == (0, None, "")


async def test_it_gives_up_when_the_policy_does(fake: FakeServer, clock: FakeClock) -> None:
    async with chat_of(fake, clock) as chat:
        await gone(chat, fake)
        for delay in (1.0, 2.0, 4.0):
            await clock.until_asleep(delay)
            clock.advance(delay)
        now = await chat.until(lambda now: now.link is Link.OFFLINE)
        assert now.detail == "gave up after 3 attempts: nobody listens there"
        assert clock.sleeping() == []


async def test_going_online_after_giving_up_starts_anew(fake: FakeServer, clock: FakeClock) -> None:
    settings = Settings(policy=backoff.fixed(), heartbeat=None)
    async with chat_of(fake, clock, settings=settings) as chat:
        for socket in tuple(fake.script.sockets):
            socket.close(1012)
        await chat.until(lambda now: now.link is Link.OFFLINE)
        chat.go_online()
        await chat.connected()


async def test_the_user_need_not_wait_for_the_countdown(fake: FakeServer, clock: FakeClock) -> None:
    async with chat_of(fake, clock) as chat:
        for socket in tuple(fake.script.sockets):
            socket.close(1001)
        await chat.until(lambda now: now.next_attempt_in == 1.0)
        chat.go_online()
        await chat.connected()


async def test_a_connection_that_stood_counts_as_a_fresh_start(
    fake: FakeServer, clock: FakeClock
) -> None:
    async with chat_of(fake, clock) as chat:
        for stood, attempt in ((0.0, 1), (1.0, 2), (60.0, 1)):
            clock.advance(stood)
            for socket in tuple(fake.script.sockets):
                socket.close(1012)
            now = await chat.until(lambda now: now.next_attempt_in is not None)
            assert now.attempt == attempt
            assert now.next_attempt_in is not None
            await clock.until_asleep(now.next_attempt_in)
            clock.advance(now.next_attempt_in)
            await chat.until(lambda now: now.link is Link.CONNECTED)


async def test_offline_is_offline_until_told(fake: FakeServer, clock: FakeClock) -> None:
    async with chat_of(fake, clock) as chat:
        chat.go_offline()
        assert chat.snapshot().link is Link.OFFLINE
        chat.post("later", "user-2")
        chat.go_offline()
        assert chat.snapshot().bubbles[0].delivery is Delivery.PENDING
        assert fake.script.posts == []
        chat.go_online()
        await chat.drained()
    assert len(fake.script.said("register")) == 2
    assert len(fake.script.store) == 1


async def test_offline_ends_a_countdown(fake: FakeServer, clock: FakeClock) -> None:
    async with chat_of(fake, clock) as chat:
        await gone(chat, fake)
        await clock.until_asleep(1.0)
        chat.go_offline()
        now = await chat.until(lambda now: now.link is Link.OFFLINE)
        assert (now.detail, now.next_attempt_in) == ("offline", None)
        await clock.until_awake()


async def test_it_registers_with_what_it_has(fake: FakeServer, clock: FakeClock) -> None:
    async with chat_of(fake, clock) as chat:
        await chat.stored(chat.post("one", "user-2"))
        chat.go_offline()
        chat.go_online()
        await chat.until(lambda now: now.link is not Link.OFFLINE)
        await chat.connected()
    first, second = fake.script.said("register")
    assert "lastSeq" not in first
    assert second["lastSeq"] == 1


async def test_what_was_not_acknowledged_goes_again_under_its_id(
    fake: FakeServer, clock: FakeClock
) -> None:
    async with chat_of(fake, clock, transport=Transport.WEBSOCKET) as chat:
        fake.script.acks = False
        ids = [chat.post(text, "user-2") for text in ("one", "two", "three")]
        await fake.script.until(lambda: len(fake.script.said("message")) == 3)
        fake.script.acks = True
        for socket in tuple(fake.script.sockets):
            socket.close(1011)
        await chat.until(lambda now: now.link is Link.RECONNECTING)
        waiting = chat.snapshot().bubbles
        assert {bubble.delivery for bubble in waiting} == {Delivery.PENDING}
        assert {bubble.reason for bubble in waiting} == {"waiting for the connection"}
        await clock.until_asleep(1.0)
        clock.advance(1.0)
        await chat.drained()
    assert [event["id"] for event in fake.script.said("message")] == ids * 2
    assert [row["id"] for row in fake.script.store] == ids


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, b'{"error":"token unknown"}', "401 token unknown"),
        (403, b"", "403 Forbidden"),
        (404, b"<html>", "404 Not Found"),
    ],
)
async def test_a_refused_handshake_is_not_repeated(
    fake: FakeServer, clock: FakeClock, status: int, body: bytes, says: str
) -> None:
    fake.script.refuse, fake.script.refuse_body = status, body
    async with chat_of(fake, clock) as chat:
        now = chat.snapshot()
        assert (now.link, now.detail) == (Link.REFUSED, says)
        with pytest.raises(Refused, match=says):
            await chat.connected()
        assert clock.sleeping() == []
        assert len(fake.script.requests) == 1
        fake.script.refuse = 0
        chat.go_online()
        await chat.until(lambda now: now.link is Link.CONNECTED)


async def test_busy_is_no_refusal_and_says_when(fake: FakeServer, clock: FakeClock) -> None:
    fake.script.refuse, fake.script.retry_after = 503, "7"
    async with chat_of(fake, clock) as chat:
        now = chat.snapshot()
        assert (now.link, now.next_attempt_in) == (Link.RECONNECTING, 7.0)
        assert now.detail == "503 Service Unavailable"


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009, 4000, 4401, 4999])
async def test_a_close_code_that_says_no_is_taken_as_one(
    fake: FakeServer, clock: FakeClock, code: int
) -> None:
    async with chat_of(fake, clock) as chat:
        fake.script.sockets[0].close(code, "not like this")
        now = await chat.until(lambda now: now.link is Link.REFUSED)
        assert now.detail == f"{code} not like this"
        assert clock.sleeping() == []


async def test_refused_and_then_offline(fake: FakeServer, clock: FakeClock) -> None:
    fake.script.refuse = 403
    async with chat_of(fake, clock) as chat:
        chat.go_offline()
        await chat.until(lambda now: now.link is Link.OFFLINE)


async def test_an_unwelcome_user_is_refused(fake: FakeServer, clock: FakeClock) -> None:
    async with chat_of(fake, clock) as chat:
        fake.script.tell({"type": "error", "code": "unauthorized", "message": "Who are you?"})
        now = await chat.until(lambda now: now.link is Link.REFUSED)
        assert now.detail == "Who are you?"


async def test_a_server_that_does_not_register_is_left(fake: FakeServer, clock: FakeClock) -> None:
    fake.script.registers = False
    chat = chat_of(fake, clock)
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(chat.start())
        await clock.until_asleep(10.0)
        clock.advance(10.0)
        await starting
    now = chat.snapshot()
    assert (now.link, now.detail) == (Link.RECONNECTING, "no answer to register")
    await chat.close()


async def test_a_server_that_never_answers_is_given_up(fake: FakeServer, clock: FakeClock) -> None:
    fake.script.registers = False
    chat = chat_of(fake, clock)
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(chat.start())
        for delay in (1.0, 2.0, 4.0):
            await clock.until_asleep(10.0)
            clock.advance(10.0)
            await clock.until_asleep(delay)
            clock.advance(delay)
        await clock.until_asleep(10.0)
        clock.advance(10.0)
        await starting
    now = await chat.until(lambda now: now.link is Link.OFFLINE)
    assert now.detail == "gave up after 3 attempts: no answer to register"
    await chat.close()


async def test_a_dead_connection_is_found_by_silence(fake: FakeServer, clock: FakeClock) -> None:
    settings = Settings(policy=backoff.fixed(1.0), heartbeat=Heartbeat(20.0, 5.0))
    async with chat_of(fake, clock, settings=settings) as chat:
        await clock.until_asleep(20.0)
        fake.script.sockets[0].ws_connection._handle_message = lambda *_: None
        clock.advance(20.0)
        await clock.until_asleep(5.0)
        clock.advance(5.0)
        now = await chat.until(lambda now: now.link is Link.RECONNECTING)
        assert now.detail == "no pong within 5 s"


async def test_a_living_connection_is_pinged_on_and_on(fake: FakeServer, clock: FakeClock) -> None:
    settings = Settings(heartbeat=Heartbeat(20.0, 5.0))
    async with chat_of(fake, clock, settings=settings) as chat:
        for _ in range(3):
            await clock.until_asleep(20.0)
            clock.advance(20.0)
        await clock.until_asleep(20.0)
        assert chat.snapshot().link is Link.CONNECTED


async def test_nonsense_from_the_server_is_left_aside(fake: FakeServer, clock: FakeClock) -> None:
    journal: list[Entry] = []
    async with chat_of(fake, clock, journal=journal.append) as chat:
        fake.script.sockets[0].write_message("{not json")
        fake.script.sockets[0].write_message(b"\xff\xfe", binary=True)
        fake.script.tell({"type": "news"})
        await chat.stored(chat.post("still here", "user-2"))
    garbled = [entry.detail for entry in journal if entry.kind is Kind.GARBLED]
    assert len(garbled) == 3
    assert "'news' is unknown" in garbled[2]


async def test_not_now_is_tried_again_after_a_pause(fake: FakeServer, clock: FakeClock) -> None:
    async with chat_of(fake, clock, transport=Transport.WEBSOCKET) as chat:
        fake.script.acks = False
        post_id = chat.post("hi", "user-2")
        await fake.script.until(lambda: fake.script.said("message"))
        await chat.sent(post_id)
        fake.script.acks = True
        fake.script.tell(
            {"type": "error", "code": "unavailable", "message": "Disk full.", "id": post_id}
        )
        now = await chat.until(lambda now: now.bubbles[0].reason == "Disk full.")
        assert now.bubbles[0].delivery is Delivery.PENDING
        await clock.until_asleep(1.0)
        clock.advance(1.0)
        await chat.stored(post_id)


async def test_the_jitter_is_the_given_generators(fake: FakeServer, clock: FakeClock) -> None:
    settings = Settings(heartbeat=None)
    expected = next(backoff.DEFAULT.delays(random.Random(3)))
    async with chat_of(fake, clock, settings=settings, rng=random.Random(3)) as chat:
        fake.script.sockets[0].close(1001)
        now = await chat.until(lambda now: now.next_attempt_in is not None)
        assert now.next_attempt_in == pytest.approx(expected, abs=1e-6)


async def test_a_port_nobody_listens_on(fake: FakeServer, clock: FakeClock) -> None:
    await fake.stop()
    async with chat_of(fake, clock) as chat:
        now = chat.snapshot()
        assert (now.link, now.detail, now.attempt) == (
            Link.RECONNECTING,
            "nobody listens there",
            1,
        )


async def test_waiting_ends_when_the_chat_does(fake: FakeServer, clock: FakeClock) -> None:
    await fake.stop()
    chat = chat_of(fake, clock)
    await chat.start()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(expect_closed(chat))
        await asyncio.sleep(0)
        await chat.close()
        await waiting
    await chat.close()
    assert chat.snapshot().link is Link.CLOSED


async def expect_closed(chat: Chat) -> None:
    with pytest.raises(ChatError, match="the chat is closed"):
        await chat.connected()


async def test_a_chat_is_started_once(fake: FakeServer, clock: FakeClock) -> None:
    async with chat_of(fake, clock) as chat:
        with pytest.raises(ChatError, match="started already"):
            await chat.start()


async def test_the_last_words_are_heard(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1") as chat:
        chat.post("bye", "user-2")
    assert [row["text"] for row in fake.script.store] == ["bye"]
    assert len(fake.script.posts) == 1


async def test_last_words_do_not_hold_a_close_up(fake: FakeServer, clock: FakeClock) -> None:
    fake.script.acks = False
    async with asyncio.TaskGroup() as group:

        async def speak() -> None:
            async with chat_of(fake, clock, transport=Transport.WEBSOCKET) as chat:
                chat.post("bye", "user-2")

        speaking = group.create_task(speak())
        await clock.until_asleep(0.5)
        clock.advance(0.5)
        await speaking
    assert json.dumps(fake.script.said("message")[0]["text"]) == '"bye"'
