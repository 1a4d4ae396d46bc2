"""What a panel or a notebook calls."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.server import serve as serve_websockets
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from labchat.chat.session import Delivery, Link, Transport
from labchat.client import Limits, Settings, connect
from labchat.client.expect import Expectations
from labchat.client.journal import Entry, Kind
from labchat.client.settings import Address
from labchat.client.socket import dial, receive
from labchat.errors import ChatError, InvalidEvent

if TYPE_CHECKING:
    from conftest import FakeClock, FakeServer
    from websockets.asyncio.server import ServerConnection


async def test_who_subscribes_is_told_until_he_is_not(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1") as chat:
        seen: list[Delivery] = []
        undo = chat.subscribe(lambda: seen.append(chat.snapshot().bubbles[0].delivery))
        await chat.stored(chat.post("hi", "user-2"))
        await chat.drained()
        assert seen[-1] is Delivery.STORED
        undo()
        undo()
        told = len(seen)
        chat.set_transport(Transport.POST)
        await asyncio.sleep(0)
        assert len(seen) == told


async def test_changes_of_one_turn_are_told_once(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1", transport=Transport.WEBSOCKET) as chat:
        told: list[int] = []
        heard = asyncio.Event()

        def changed() -> None:
            told.append(len(chat.snapshot().bubbles))
            heard.set()

        chat.subscribe(changed)
        for text in ("one", "two", "three"):
            chat.post(text, "user-2")
        assert told == []
        await heard.wait()
        assert told == [3]


async def test_a_listener_that_fails_is_reported_and_does_no_harm(fake: FakeServer) -> None:
    reports: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: reports.append(context))
    async with connect(fake.url, user="user-1") as chat:

        def fail() -> None:
            raise LookupError("the panel is broken")

        chat.subscribe(fail)
        await chat.stored(chat.post("hi", "user-2"))
    assert isinstance(reports[0]["exception"], LookupError)
    assert chat.snapshot().link is Link.CLOSED


async def test_a_journal_that_fails_ends_the_chat_and_says_why(fake: FakeServer) -> None:
    def fail(entry: Entry) -> None:
        if entry.kind is Kind.PEERS:
            raise LookupError("the journal is full")

    chat = connect(fake.url, user="user-1", journal=fail)
    await chat.start()
    fake.script.tell({"type": "typing-update", "typingUsers": ["user-2"]})
    await chat.until(lambda now: now.link is Link.CLOSED)
    with pytest.RaisesGroup(LookupError):
        await chat.close()


async def test_the_same_state_is_the_same_snapshot(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1") as chat:
        assert chat.snapshot() is chat.snapshot()


async def test_what_cannot_be_posted_raises_and_leaves_no_trace(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1") as chat:
        with pytest.raises(InvalidEvent):
            chat.post("", "user-2")
        with pytest.raises(InvalidEvent):
            chat.type_to("")
        assert chat.snapshot().bubbles == ()


async def test_typing_is_said_at_most_once_a_second(fake: FakeServer, clock: FakeClock) -> None:
    async with connect(fake.url, user="user-1", clock=clock) as chat:
        for wait in (0.0, 0.5, 0.5):
            clock.advance(wait)
            chat.type_to("user-2")
            chat.type_to("user-3")
            said = 2 if clock.seconds < 1_001 else 4
            await fake.script.until(lambda said=said: len(fake.script.said("typing")) == said)
        await chat.stored(chat.post("done", "user-2"))
        chat.type_to("user-2")
        await fake.script.until(lambda: len(fake.script.said("typing")) == 5)
    assert fake.script.said("typing")[0] == {
        "type": "typing",
        "senderId": "user-1",
        "receiverId": "user-3",
    }


async def test_typing_without_a_connection_is_not_said_later(fake: FakeServer) -> None:
    chat = connect(fake.url, user="user-1")
    chat.type_to("user-2")
    async with chat:
        await chat.stored(chat.post("hi", "user-2"))
    assert fake.script.said("typing") == []


async def test_sent_comes_before_stored(fake: FakeServer) -> None:
    fake.script.acks = False
    async with connect(fake.url, user="user-1", transport=Transport.WEBSOCKET) as chat:
        post_id = chat.post("hi", "user-2")
        assert (await chat.sent(post_id)).delivery is Delivery.SENT
        fake.script.acks = True
        fake.script.tell({"type": "ack", "id": post_id, "seq": 1})
        assert (await chat.sent(post_id)).delivery in {Delivery.SENT, Delivery.STORED}
        await chat.stored(post_id)
        await chat.settled(post_id)


async def test_an_unknown_post_cannot_be_waited_for(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1") as chat:
        with pytest.raises(ChatError, match="no post has the id 'msg-x'"):
            await chat.stored("msg-x")


async def test_received_waits_for_a_number_or_for_a_certain_one(fake: FakeServer) -> None:
    async with (
        connect(fake.url, user="user-1") as alice,
        connect(fake.url, user="user-2") as bob,
    ):
        for text in ("one", "two", "three"):
            alice.post(text, "user-2")
        assert (await bob.received(lambda bubble: bubble.text == "two")).text == "two"
        assert [bubble.text for bubble in await bob.received(3)] == ["one", "two", "three"]


async def test_a_text_too_long_fails_visibly(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1") as chat:
        post_id = chat.post("x" * 65_537, "user-2")
        with pytest.raises(ChatError, match="too long: 65 536 at most"):
            await chat.stored(post_id)
        assert chat.snapshot().bubbles[0].delivery is Delivery.FAILED
        assert chat.snapshot().link is Link.CONNECTED


async def test_a_seed_names_the_same_posts(fake: FakeServer) -> None:
    names = []
    for _ in range(2):
        async with connect(fake.url, user="user-1", rng=random.Random(5)) as chat:
            names.append(chat.post("hi", "user-2"))
    assert names[0] == names[1]


async def test_a_thousand_posts_at_once_have_a_thousand_names(fake: FakeServer) -> None:
    chat = connect(fake.url, user="user-1")
    assert len({chat.post("hi", "user-2") for _ in range(1000)}) == 1000


async def test_a_chat_never_started_closes_quietly(fake: FakeServer) -> None:
    await connect(fake.url, user="user-1").close()


async def test_all_who_wait_hear_of_the_end() -> None:
    expect = Expectations()
    async with asyncio.TaskGroup() as group:

        async def wait(about: str) -> None:
            with pytest.raises(ChatError, match="closed"):
                await expect.until(lambda: None, about)

        group.create_task(wait(""))
        group.create_task(wait("m"))
        await asyncio.sleep(0)
        expect.finish(ChatError("closed"))


async def test_the_journal_tells_the_whole_story(fake: FakeServer, clock: FakeClock) -> None:
    journal: list[Entry] = []
    chat = connect(
        fake.url,
        user="user-1",
        clock=clock,
        journal=journal.append,
        transport=Transport.WEBSOCKET,
    )
    async with chat:
        await chat.stored(chat.post("hi", "user-2"))
    story = [(entry.kind, entry.detail) for entry in journal]
    assert story == [
        (Kind.LINK, "connecting"),
        (Kind.LINK, "connected"),
        (Kind.POSTED, "hi"),
        (Kind.SENT, "hi"),
        (Kind.STORED, "hi"),
        (Kind.SETTLED, ""),
        (Kind.LINK, "closed"),
    ]
    assert {entry.at_ns for entry in journal} == {clock.now_ns()}


# Reading messages that come in pieces.


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (["one"], "one"),
        (["", "o", "", "ne"], "one"),
        (["", ""], ""),
        ([b"", b"o", b"ne"], b"one"),
        ([b"", b""], b""),
    ],
)
async def test_fragments_make_one_message(
    pieces: list[str] | list[bytes], whole: str | bytes
) -> None:
    async def speak(connection: ServerConnection) -> None:
        await connection.send(iter(pieces) if len(pieces) > 1 else pieces[0])

    async with serve_websockets(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with dial(Address(f"ws://127.0.0.1:{port}/", ""), Settings()) as socket:
            assert await receive(socket) == whole


async def test_text_that_is_no_utf8_is_refused_with_1007() -> None:
    codes: list[int | None] = []

    async def speak(connection: ServerConnection) -> None:
        await connection.send(b"half \xf0\x9f", text=True)
        await connection.wait_closed()
        codes.append(connection.close_code)

    async with serve_websockets(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with dial(Address(f"ws://127.0.0.1:{port}/", ""), Settings()) as socket:
            with pytest.raises(ConnectionClosedError):
                await receive(socket)
    assert codes == [1007]


@pytest.mark.parametrize("compression", [False, True])
async def test_compression_is_offered_only_on_request(compression: bool) -> None:
    offers: list[str | None] = []

    async def listen(connection: ServerConnection) -> None:
        offers.append(connection.request.headers.get("Sec-WebSocket-Extensions"))

    async with serve_websockets(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = Settings(compression=compression)
        async with dial(Address(f"ws://127.0.0.1:{port}/", ""), settings):
            pass
    (offer,) = offers
    assert (offer is not None and "permessage-deflate" in offer) is compression


async def test_what_is_not_read_does_not_pile_up() -> None:
    async def flood(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await connection.send("x" * 65_536)

    async with serve_websockets(flood, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        async with dial(Address(f"ws://127.0.0.1:{port}/", ""), Settings()) as socket:
            for _ in range(100_000):
                if not socket.transport.is_reading():
                    break
                await asyncio.sleep(0)
            assert not socket.transport.is_reading()
            assert Limits().queue < len(socket.recv_messages.frames) < 2 * Limits().queue
            for _ in range(2 * Limits().queue):
                assert len(await receive(socket)) == 65_536
            socket.transport.abort()
