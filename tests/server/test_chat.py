"""The chat over WebSockets: the text's contract, and what was added so that it can be trusted."""

from __future__ import annotations

import asyncio

import pytest

from labchat.chat.rooms import Routing
from labchat.errors import StoreUnavailable
from labchat.server.settings import Delivery, Ids, PostPolicy
from tests.server.test_reader import masked


async def test_a_message_goes_to_everybody_the_sender_too(house):
    server = await house()
    alice, bob = await server.talker("alice", "/"), await server.talker("bob")
    eve = await server.talker()
    await alice.post("m1")
    told = {
        "type": "message",
        "data": {
            "id": "m1",
            "text": "Hello",
            "senderId": "alice",
            "receiverId": "bob",
            "createdAt": "2025-11-03T15:30:00Z",
        },
    }
    for everybody in (alice, bob, eve):
        assert await everybody.hear("message") == told
    assert await alice.hear("ack") == {"type": "ack", "id": "m1", "seq": 1}


async def test_a_crowd_of_posts_reaches_everybody_in_order(house):
    """They go out in few writes, to a receiver with permessage-deflate too."""
    server = await house(compression=True)
    plain, deflated = await server.talker("bob"), await server.talker(compression="deflate")
    _, writer, _ = await server.upgraded("/ws")
    said = '{"type":"message","text":"%d","senderId":"alice","receiverId":"bob","id":"m%d"}'
    writer.write(b"".join(masked(0x81, (said % (n, n)).encode()) for n in range(50)))
    for receiver in (plain, deflated):
        texts = [(await receiver.hear("message"))["data"]["text"] for _ in range(50)]
        assert texts == [str(number) for number in range(50)]


async def test_direct_routing_reaches_two_users_only(house):
    server = await house(routing=Routing.DIRECT)
    alice, other_alice = await server.talker("alice"), await server.talker("alice")
    bob, eve = await server.talker("bob"), await server.talker("eve")
    await alice.post("m1")
    for concerned in (alice, other_alice, bob):
        assert (await concerned.hear("message"))["data"]["id"] == "m1"
    await eve.settle()
    assert eve.texts() == []


async def test_commit_first_tells_what_is_stored(house):
    server = await house(delivery=Delivery.COMMIT_FIRST)
    alice, bob = await server.talker("alice"), await server.talker("bob")
    await alice.post("m1")
    assert (await bob.hear("message"))["data"]["seq"] == 1
    await alice.post("m1")
    await alice.hear("ack")
    assert (await alice.hear("ack"))["seq"] == 1
    await bob.settle()
    assert bob.texts() == []


async def test_commit_first_relays_what_a_post_stored_before(house):
    server = await house(delivery=Delivery.COMMIT_FIRST)
    alice, bob = await server.talker("alice"), await server.talker("bob")
    await server.post("m1")
    for _ in range(2):
        await alice.post("m1")
        await alice.hear("ack")
    assert (await bob.hear("message"))["data"]["id"] == "m1"
    await bob.settle()
    assert bob.texts() == []


async def test_only_so_many_unheard_posts_are_remembered(house, monkeypatch):
    monkeypatch.setattr("labchat.server.hub.UNHEARD", 1)
    server = await house(delivery=Delivery.COMMIT_FIRST)
    alice, bob = await server.talker("alice"), await server.talker("bob")
    for post_id in ("m1", "m2"):
        await server.post(post_id)
    for post_id in ("m1", "m2"):
        await alice.post(post_id)
    assert (await bob.hear("message"))["data"]["id"] == "m2"


async def test_the_same_id_is_acknowledged_again_and_another_text_is_a_conflict(house):
    server = await house()
    alice = await server.talker("alice")
    await alice.post("m1")
    await alice.post("m1")
    await alice.post("m1", text="Other")
    assert (await alice.hear("ack"))["seq"] == 1
    assert (await alice.hear("ack"))["seq"] == 1
    error = await alice.hear("error")
    assert (error["code"], error["id"]) == ("conflict", "m1")
    assert len((await server.http.get("/api/messages")).json()) == 1


async def test_one_id_names_the_message_on_both_paths(house):
    server = await house()
    alice = await server.talker("alice")
    await alice.post("m1")
    assert (await server.post("m1")).json()["seq"] == 1
    assert (await server.post("m1", text="Other")).status_code == 409
    assert len((await server.http.get("/api/messages")).json()) == 1


async def test_the_server_names_what_nobody_named(house):
    server = await house()
    alice = await server.talker("alice")
    await alice.say("message", text="Hello", senderId="alice", receiverId="bob")
    told = (await alice.hear("message"))["data"]
    assert told["id"].startswith("msg-1762183800000")
    assert told["createdAt"] == "2025-11-03T15:30:00.000Z"
    assert (await alice.hear("ack"))["id"] == told["id"]


async def test_server_ids_make_a_retry_a_second_message(house):
    server = await house(ids=Ids.SERVER)
    first, second = await server.post("m1"), await server.post("m1")
    assert first.json()["id"] != second.json()["id"]
    assert [first.json()["seq"], second.json()["seq"]] == [1, 2]


async def test_an_ack_goes_by_the_name_its_author_gave(house):
    server = await house(ids=Ids.SERVER)
    alice = await server.talker("alice")
    await alice.post("mine")
    told = (await alice.hear("message"))["data"]
    assert told["id"] != "mine"
    assert await alice.hear("ack") == {"type": "ack", "id": "mine", "seq": 1}


@pytest.mark.parametrize(
    ("policy", "hears"), [(PostPolicy.STORES, []), (PostPolicy.RELAYS, ["Hello"])]
)
async def test_what_post_does(house, policy, hears):
    server = await house(post=policy)
    bob = await server.talker("bob")
    await server.post("m1")
    await server.post("m1")
    await bob.settle()
    assert bob.texts() == hears


@pytest.mark.parametrize(
    ("wire", "code", "event_id"),
    [
        ("not json", "malformed", None),
        ('{"type":"shout","id":"x"}', "unknown-type", "x"),
        ('{"type":"message","id":"x"}', "invalid", "x"),
        (b"\x00\x01", "binary", None),
        (
            '{"type":"message","text":"TOO LONG","senderId":"a","receiverId":"b","id":"x"}',
            "too-long",
            "x",
        ),
    ],
)
async def test_a_bad_event_gets_an_error_and_the_connection_lives(house, wire, code, event_id):
    server = await house(limits={"text": 5})
    alice = await server.talker("alice")
    await alice.socket.send(wire)
    error = await alice.hear("error")
    assert (error["code"], error.get("id")) == (code, event_id)
    assert error["message"].endswith(".")
    await alice.post("m1")
    assert (await alice.hear("ack"))["seq"] == 1


async def test_a_message_over_the_frame_limit_closes_with_1009(house):
    server = await house(limits={"frame": 1000})
    alice, bob = await server.talker("alice"), await server.talker("bob")
    await alice.socket.send("x" * 1001)
    assert (await alice.closed())[0] == 1009
    await bob.post("m1", sender="bob", receiver="alice")
    assert (await bob.hear("ack"))["seq"] == 1


async def test_typing_is_told_once_and_lapses(house):
    server = await house(typing=5)
    alice, bob = await server.talker("alice"), await server.talker("bob")
    for _ in range(3):
        await alice.say("typing", senderId="alice", receiverId="bob")
    assert (await bob.hear("typing-update"))["typingUsers"] == ["alice"]
    await alice.settle()
    server.clock.move(5)
    server.hub.sweep()
    assert (await bob.hear("typing-update"))["typingUsers"] == []
    assert [event["type"] for event in bob.heard] == ["presence"]


@pytest.mark.parametrize("ending", ["stop", "post", "leave"])
async def test_typing_ends_with_the_message_and_with_the_writer(house, ending):
    server = await house(routing=Routing.DIRECT)
    alice, bob = await server.talker("alice"), await server.talker("bob")
    await alice.say("typing", senderId="alice", receiverId="bob")
    assert (await bob.hear("typing-update"))["typingUsers"] == ["alice"]
    if ending == "stop":
        await alice.say("typing", senderId="alice", receiverId="bob", isTyping=False)
    elif ending == "post":
        await alice.post("m1")
    else:
        await alice.socket.close()
    assert (await bob.hear("typing-update"))["typingUsers"] == []


async def test_presence_is_a_lease(house):
    server = await house(lease=5)
    alice = await server.talker("alice")
    assert (await alice.hear("presence"))["online"] == ["alice"]
    bob = await server.talker("bob")
    assert (await bob.hear("presence"))["online"] == ["alice", "bob"]
    assert (await alice.hear("presence"))["online"] == ["bob"]
    server.clock.move(100)
    server.hub.sweep()
    await bob.socket.close()
    await server.talker("carol")
    assert await alice.hear("presence") == {"type": "presence", "online": ["carol"]}
    server.clock.move(5)
    server.hub.sweep()
    assert await alice.hear("presence") == {"type": "presence", "offline": ["bob"]}
    users = (await server.http.get("/api/users")).json()
    assert {"userId": "alice", "online": True} in users


async def test_catching_up_gives_what_was_missed_and_nothing_twice(house):
    server = await house(delivery=Delivery.COMMIT_FIRST, limits={"page": 3})
    for number in range(1, 9):
        await server.post(f"m{number}", text=str(number))
    alice = await server.talker()
    assert (await alice.register("alice", lastSeq=2))["seq"] == 8
    await alice.settle()
    assert alice.texts() == ["3", "4", "5", "6", "7", "8"]


@pytest.mark.parametrize("routing", list(Routing))
@pytest.mark.parametrize("delivery", list(Delivery))
async def test_catching_up_under_fire_has_no_gap_and_no_duplicate(house, delivery, routing):
    """Posts keep coming while a session registers, again and again."""
    server = await house(delivery=delivery, routing=routing, limits={"page": 7})
    writer = await server.talker("bob")

    async def write():
        for number in range(1, 301):
            await writer.post(f"m{number}", text=str(number), sender="bob", receiver="alice")
            if number % 10 == 0:
                await writer.hear("ack")

    writing = asyncio.get_running_loop().create_task(write())
    readers = []
    while not writing.done():
        reader = await server.talker()
        await reader.register("alice", lastSeq=0)
        readers.append(reader)
    await writing
    await writer.settle()
    await server.hub.store.settled()
    expected = [str(number) for number in range(1, 301)]
    for reader in readers:
        await reader.settle()
        assert sorted(reader.texts(), key=int) == expected


async def test_catching_up_across_a_restart(house):
    first = await house()
    alice = await first.talker("alice")
    await alice.post("m1", text="before")
    await alice.hear("ack")
    await first.stop()
    second = await house()
    await second.post("m2", text="after")
    again = await second.talker()
    await again.register("alice", lastSeq=1)
    await again.settle()
    assert again.texts() == ["after"]


async def test_direct_catching_up_shows_ones_own_only(house):
    server = await house(routing=Routing.DIRECT)
    await server.post("m1", text="to bob")
    await server.post("m2", text="secret", sender="dan", receiver="carol")
    bob = await server.talker()
    await bob.register("bob", lastSeq=0)
    await bob.settle()
    assert bob.texts() == ["to bob"]


async def test_too_many_connections_of_one_user_are_closed_with_1013(house):
    server = await house(limits={"per_user": 2})
    first, _ = await server.talker("alice"), await server.talker("alice")
    third = await server.talker()
    await third.say("register", userId="alice")
    assert await third.closed() == (1013, "The connections of one user are limited to 2.")
    await first.register("alice")
    await server.talker("bob")
    await first.socket.close()
    await server.talker("alice")


async def test_a_session_that_catches_up_too_slowly_is_closed_with_1013(house, monkeypatch):
    monkeypatch.setattr("labchat.server.websocket.HELD", 2)
    server = await house()
    slow = await server.talker()
    ready = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(server.hub.store, "settled", lambda: ready)
    await slow.say("register", userId="slow")
    alice = await server.talker()
    while not any(server.hub.company.members.sessions("slow")):
        await alice.settle()
    for number in range(3):
        await alice.post(f"m{number}")
        await alice.hear("ack")
    ready.set_result(0)
    assert await slow.closed() == (1013, "you catch up too slowly")


async def test_registering_while_the_store_fails_may_be_tried_again(house, monkeypatch):
    server = await house()
    alice = await server.talker()
    settled = server.hub.store.settled

    def fail():
        ready = asyncio.get_running_loop().create_future()
        ready.set_exception(StoreUnavailable("The database cannot be used now."))
        return ready

    monkeypatch.setattr(server.hub.store, "settled", fail)
    await alice.say("register", userId="alice")
    assert (await alice.hear("error"))["code"] == "unavailable"
    assert not server.hub.company.members.sessions("alice")
    monkeypatch.setattr(server.hub.store, "settled", settled)
    assert (await alice.register("alice"))["seq"] == 0


async def test_too_fast_is_told_and_passes(house):
    server = await house(limits={"posts_per_second": 1.0})
    alice = await server.talker("alice")
    for number in range(3):
        await alice.post(f"m{number}")
    assert (await alice.hear("error"))["code"] == "rate-limited"
    answer = await server.post("m3")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    server.clock.move(1)
    assert (await server.post("m3")).status_code == 200


async def test_the_server_says_goodbye_with_1001(house):
    server = await house()
    alice, echo = await server.talker("alice"), await server.talker(path="/echo")
    await server.stop()
    assert await alice.closed() == (1001, "the server stops")
    assert await echo.closed() == (1001, "the server stops")
