"""The client against the real server, over real sockets."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from labchat.chat.session import Delivery, Link, Transport
from labchat.client import Settings, connect
from labchat.server.serve import running
from labchat.server.settings import Delivery as Order
from labchat.server.settings import PostPolicy
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
