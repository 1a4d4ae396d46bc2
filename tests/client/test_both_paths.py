from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.chat.session import Delivery, Link, Transport
from labchat.client import connect

if TYPE_CHECKING:
    from conftest import FakeServer


async def test_a_post_takes_both_paths_under_one_id(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1") as chat:
        post_id = chat.post("Hello!", "user-2")
        bubble = await chat.stored(post_id)
        await fake.script.until(lambda: fake.script.posts)
    (said,) = fake.script.said("message")
    (posted,) = fake.script.posts
    assert said["id"] == posted["id"] == post_id
    assert said["createdAt"] == posted["createdAt"]
    assert (bubble.delivery, bubble.seq, bubble.text) == (Delivery.STORED, 1, "Hello!")


async def test_the_other_hears_it_once(fake: FakeServer) -> None:
    async with (
        connect(fake.url, user="user-1") as alice,
        connect(fake.url, user="user-2") as bob,
    ):
        post_id = alice.post("Hello!", "user-2")
        (bubble,) = await bob.received()
        await alice.drained()
        assert bubble.id == post_id
        assert bubble.delivery is Delivery.RECEIVED
        assert [b.id for b in bob.snapshot().bubbles] == [post_id]
        assert [b.id for b in alice.snapshot().bubbles] == [post_id]


async def test_each_transport_keeps_to_its_path(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1", transport=Transport.POST) as chat:
        await chat.stored(chat.post("by POST", "user-2"))
        chat.set_transport(Transport.WEBSOCKET)
        assert chat.snapshot().transport is Transport.WEBSOCKET
        await chat.stored(chat.post("by WebSocket", "user-2"))
    assert [event["text"] for event in fake.script.said("message")] == ["by WebSocket"]
    assert [body["text"] for body in fake.script.posts] == ["by POST"]


async def test_the_link_is_connected_and_then_closed(fake: FakeServer) -> None:
    async with connect(fake.url, user="user-1") as chat:
        assert chat.snapshot().link is Link.CONNECTED
    assert chat.snapshot().link is Link.CLOSED
