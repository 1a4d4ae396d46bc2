"""The client against the real server, over real sockets."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from labchat.chat.backoff import constant
from labchat.chat.session import Delivery, Link, Transport
from labchat.client import Settings, connect
from labchat.client.journal import Entry, Kind
from labchat.errors import ChatError, Refused
from labchat.server.admin import add_user
from labchat.server.serve import running
from labchat.server.settings import Auth, Ids, PostPolicy
from labchat.server.settings import Delivery as Order
from labchat.server.settings import Limits as ServerLimits
from labchat.server.settings import Settings as ServerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from labchat.server.serve import Running


@pytest.fixture(params=[Order.RELAY_FIRST, Order.COMMIT_FIRST])
async def server(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    settings = ServerSettings(
        port=0, db=tmp_path / "chat.db", delivery=request.param, post=PostPolicy.RELAYS
    )
    async with running(settings) as server:
        yield server


@pytest.mark.parametrize("transport", list(Transport))
async def test_what_one_posts_the_other_receives_once(
    server: Running, transport: Transport
) -> None:
    async with (
        connect(server.url, user="user-1", transport=transport) as alice,
        connect(server.url, user="user-2") as bob,
    ):
        ids = [alice.post(f"number {n}", "user-2") for n in range(50)]
        await alice.drained()
        await bob.received(50)
        assert [bubble.id for bubble in bob.snapshot().bubbles] == ids
        stored = alice.snapshot().bubbles
        assert [bubble.id for bubble in stored] == ids
        assert [bubble.seq for bubble in stored] == list(range(1, 51))
        assert {bubble.delivery for bubble in stored} == {Delivery.STORED}


async def test_what_was_missed_is_caught_up(server: Running) -> None:
    async with connect(server.url, user="user-1") as alice:
        async with connect(server.url, user="user-2") as bob:
            alice.post("before", "user-2")
            await bob.received(1)
            bob.go_offline()
            await bob.until(lambda now: now.link is Link.OFFLINE)
            alice.post("meanwhile", "user-2")
            await alice.drained()
            bob.go_online()
            await bob.received(2)
            alice.post("after", "user-2")
            await bob.received(3)
            texts = [bubble.text for bubble in bob.snapshot().bubbles]
        assert texts == ["before", "meanwhile", "after"]


async def test_what_is_sent_again_on_resuming_shows_once(server: Running) -> None:
    journal: list[Entry] = []
    async with (
        connect(server.url, user="user-1") as alice,
        connect(server.url, user="user-2", journal=journal.append) as bob,
    ):
        ids = [alice.post(f"number {n}", "user-2") for n in range(5)]
        await alice.drained()
        await bob.received(5)
        bob.go_offline()
        await bob.until(lambda now: now.link is Link.OFFLINE)
        bob.go_online()
        ids.append(alice.post("after", "user-2"))
        await bob.received(6)
        assert [bubble.id for bubble in bob.snapshot().bubbles] == ids
    received = [entry.id for entry in journal if entry.kind is Kind.RECEIVED]
    assert received == ids


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("transport", list(Transport))
async def test_nothing_is_left_waiting_where_the_server_names_messages(
    tmp_path: Path, order: Order, transport: Transport
) -> None:
    settings = ServerSettings(port=0, db=tmp_path / "chat.db", ids=Ids.SERVER, delivery=order)
    async with (
        running(settings) as server,
        connect(server.url, user="user-1", transport=transport) as alice,
    ):
        ids = [alice.post(f"number {n}", "user-2") for n in range(5)]
        await alice.drained()
        mine = {bubble.id: bubble.delivery for bubble in alice.snapshot().bubbles}
        assert {mine[post_id] for post_id in ids} == {Delivery.STORED}


async def test_one_connection_too_many_comes_in_once_there_is_room(tmp_path: Path) -> None:
    limits = ServerLimits(per_user=1)
    settings = ServerSettings(port=0, db=tmp_path / "chat.db", limits=limits)
    again = Settings(policy=constant(0.01))
    async with running(settings) as server:
        first = connect(server.url, user="user-1")
        await first.start()
        async with connect(server.url, user="user-1", settings=again) as second:
            now = await second.until(lambda now: now.link is Link.RECONNECTING)
            assert now.detail == "1013 The connections of one user are limited to 1."
            await first.close()
            await second.connected()


async def test_typing_and_presence_show(server: Running) -> None:
    async with (
        connect(server.url, user="user-1") as alice,
        connect(server.url, user="user-2") as bob,
    ):
        await alice.until(lambda now: "user-2" in now.online)
        bob.type_to("user-1")
        await alice.until(lambda now: now.typing == ("user-2",))
        bob.post("done typing", "user-1")
        await alice.until(lambda now: now.typing == ())
        assert alice.snapshot().peers == ("user-2",)


async def test_history_comes_in_pages(server: Running) -> None:
    async with connect(server.url, user="user-1") as alice:
        ids = [alice.post(f"number {n}", "user-2") for n in range(25)]
        await alice.drained()
    async with connect(server.url, user="user-2", rng=random.Random(1)) as bob:
        assert await bob.history("user-1", page=10) == 25
        assert [bubble.id for bubble in bob.snapshot().bubbles] == ids


async def test_all_that_was_ever_said_can_be_asked_for(server: Running) -> None:
    async with connect(server.url, user="user-1") as alice:
        ids = [alice.post(f"number {n}", "user-2") for n in range(5)]
        await alice.drained()
    async with connect(server.url, user="user-2", settings=Settings(since=0)) as bob:
        await bob.received(5)
        assert [bubble.id for bubble in bob.snapshot().bubbles] == ids


@pytest.fixture
async def private(tmp_path: Path) -> AsyncIterator[tuple[Running, str]]:
    """A server that wants tokens and counts posts, and user-1's token."""
    settings = ServerSettings(
        port=0,
        db=tmp_path / "chat.db",
        auth=Auth.TOKEN,
        limits=ServerLimits(posts_per_second=20.0),
    )
    token = add_user(settings.db, "user-1")
    async with running(settings) as server:
        yield server, token


async def test_who_has_the_token_is_let_in(private: tuple[Running, str]) -> None:
    server, token = private
    async with connect(server.url, user="user-1", settings=Settings(token=token)) as chat:
        bubble = await chat.stored(chat.post("hi", "user-2"))
        await chat.drained()
        assert bubble.seq == 1
        assert await chat.history("user-2") == 1


@pytest.mark.parametrize(
    ("user", "token"), [("user-1", None), ("user-1", "wrong"), ("user-2", "theirs")]
)
async def test_who_has_not_is_refused_and_asks_no_more(
    private: tuple[Running, str], user: str, token: str | None
) -> None:
    server, theirs = private
    settings = Settings(token=theirs if token == "theirs" else token, policy=constant(0))
    journal: list[Entry] = []
    async with connect(server.url, user=user, settings=settings, journal=journal.append) as chat:
        with pytest.raises(Refused, match=r"token|may not speak"):
            await chat.connected()
        with pytest.raises(ChatError, match=r"401|403"):
            await chat.stored(chat.post("hi", "user-2"))
    assert [entry.detail for entry in journal if entry.kind is Kind.LINK] == [
        "connecting",
        "refused",
        "closed",
    ]


async def test_too_many_posts_a_second_all_arrive_in_the_end(private: tuple[Running, str]) -> None:
    server, token = private
    settings = Settings(token=token, policy=constant(0.1))
    async with connect(
        server.url, user="user-1", settings=settings, transport=Transport.WEBSOCKET
    ) as chat:
        ids = [chat.post(f"number {n}", "user-2") for n in range(60)]
        await chat.drained()
        bubbles = {bubble.id: bubble for bubble in chat.snapshot().bubbles}
        assert {bubbles[post_id].delivery for post_id in ids} == {Delivery.STORED}


async def test_a_page_from_elsewhere_is_refused(server: Running) -> None:
    settings = Settings(origin="http://evil.example")
    async with connect(server.url, user="user-1", settings=settings) as chat:
        with pytest.raises(Refused, match="403"):
            await chat.connected()
