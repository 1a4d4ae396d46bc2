"""With ``auth``: who may speak, as whom, and what they may read."""

from __future__ import annotations

import asyncio

import pytest
import websockets

from labchat.errors import Refused, SettingsError
from labchat.server import admin
from labchat.server.auth import bearer, digest, identify, new_token, offered
from labchat.server.settings import guarded
from labchat.server.store import Store


@pytest.fixture
async def guarded_house(house, tmp_path):
    """A server with auth, and the tokens of alice, bob and eve."""
    tokens = {user: admin.add_user(tmp_path / "chat.db", user) for user in ("alice", "bob", "eve")}
    return await house(base=guarded()), tokens


def bear(token):
    return {"Authorization": f"Bearer {token}"}


async def test_tokens_are_kept_as_hashes_only(tmp_path):
    token = admin.add_user(tmp_path / "chat.db", "alice")
    store = Store(tmp_path / "chat.db")
    assert await identify(store, token) == "alice"
    for wrong in (None, "", "guess", token[:-1], "\ud800"):
        with pytest.raises(Refused):
            await identify(store, wrong)
    await store.close()
    assert token.encode() not in (tmp_path / "chat.db").read_bytes()
    assert digest(token) in (tmp_path / "chat.db").read_bytes()


def test_every_token_is_new_and_fits_a_subprotocol():
    assert len({new_token() for _ in range(100)}) == 100
    assert set(new_token()) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    )


@pytest.mark.parametrize(
    ("field", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("", None),
    ],
)
def test_bearer(field, token):
    assert bearer({"Authorization": field}) == token


def test_a_token_among_subprotocols():
    assert offered(["labchat", "labchat.token.abc"]) == "abc"
    assert offered(["chat"]) is None


async def test_rest_wants_a_token_and_only_ones_own(guarded_house):
    server, tokens = guarded_house
    answer = await server.post("m1")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    said = {"text": "Hello", "senderId": "alice", "receiverId": "bob", "id": "m1"}
    as_eve = await server.http.post("/api/messages", json=said, headers=bear(tokens["eve"]))
    assert as_eve.status_code == 403
    as_alice = await server.http.post("/api/messages", json=said, headers=bear(tokens["alice"]))
    assert as_alice.status_code == 200

    async def reads(user, query=""):
        return await server.http.get(f"/api/messages{query}", headers=bear(tokens[user]))

    assert [one["id"] for one in (await reads("bob")).json()] == ["m1"]
    assert (await reads("eve")).json() == []
    assert (await reads("eve", "?user=bob")).status_code == 403
    assert (await reads("bob", "?user=bob&peer=alice")).status_code == 200


@pytest.mark.parametrize("path", ["/api/messages", "/api/events", "/api/users", "/metrics"])
async def test_nothing_is_told_without_a_token(guarded_house, path):
    server, tokens = guarded_house
    assert (await server.http.get(path)).status_code == 401
    assert (await server.http.get(path, headers=bear("guess"))).status_code == 401
    if path != "/api/events":
        assert (await server.http.get(path, headers=bear(tokens["eve"]))).status_code == 200


async def test_health_and_the_page_need_none(guarded_house):
    server, _ = guarded_house
    for path in ("/", "/api/health", "/api/openapi.json"):
        assert (await server.http.get(path)).status_code == 200
    assert (await server.http.get("/echo")).status_code == 404


async def register(server, tokens, way, user="alice"):
    """Register in one of the three ways."""
    if way == "event":
        talker = await server.talker()
        await talker.register(user, token=tokens[user])
        return talker
    if way == "header":
        talker = await server.talker(additional_headers=bear(tokens[user]))
    else:
        talker = await server.talker(subprotocols=["labchat", f"labchat.token.{tokens[user]}"])
        assert talker.socket.subprotocol == "labchat"
    await talker.register(user)
    return talker


@pytest.mark.parametrize("way", ["event", "header", "subprotocol"])
async def test_three_ways_to_bring_a_token(guarded_house, way):
    server, tokens = guarded_house
    alice = await register(server, tokens, way)
    await alice.post("m1")
    assert (await alice.hear("ack"))["seq"] == 1


async def test_a_bad_token_in_the_handshake_is_a_401(guarded_house):
    server, _ = guarded_house
    with pytest.raises(websockets.InvalidStatus) as caught:
        await server.talker(additional_headers=bear("guess"))
    assert caught.value.response.status_code == 401


@pytest.mark.parametrize(("user", "code"), [("alice", "unauthorized"), ("bob", "forbidden")])
async def test_a_bad_registration_is_closed_with_1008(guarded_house, user, code):
    server, tokens = guarded_house
    talker = await server.talker()
    token = "guess" if user == "alice" else tokens["eve"]
    await talker.say("register", userId=user, token=token)
    assert (await talker.hear("error"))["code"] == code
    assert (await talker.closed())[0] == 1008


async def test_one_speaks_as_oneself_after_registering(guarded_house):
    server, tokens = guarded_house
    talker = await server.talker()
    await talker.post("m1")
    error = await talker.hear("error")
    assert (error["code"], error["id"]) == ("unauthorized", "m1")
    await talker.register("eve", token=tokens["eve"])
    await talker.post("m1")
    assert (await talker.hear("error"))["code"] == "forbidden"
    await talker.say("typing", senderId="alice", receiverId="bob")
    assert (await talker.hear("error"))["code"] == "forbidden"


async def test_a_stranger_hears_nothing(guarded_house):
    server, tokens = guarded_house
    stranger = await server.talker()
    alice, eve = (
        await register(server, tokens, "event"),
        await register(server, tokens, "event", "eve"),
    )
    await alice.post("m1")
    await alice.say("typing", senderId="alice", receiverId="bob")
    await alice.hear("ack")
    await eve.settle()
    await stranger.settle()
    assert stranger.heard == []
    assert {event["type"] for event in eve.heard} == {"presence"}


async def test_who_does_not_register_in_time_is_closed(house, flying):
    server = await house(base=guarded(), limits={"header_seconds": 60})
    stranger = await server.talker(ping_interval=None)
    await flying(asyncio.sleep(60))
    assert await stranger.closed() == (1008, "register first")


async def test_a_removed_user_is_unknown_at_once(guarded_house, tmp_path):
    server, tokens = guarded_house
    assert admin.remove_user(tmp_path / "chat.db", "eve")
    assert not admin.remove_user(tmp_path / "chat.db", "eve")
    assert (await server.http.get("/api/users", headers=bear(tokens["eve"]))).status_code == 401
    assert admin.list_users(tmp_path / "chat.db") == ["alice", "bob"]


def test_a_new_token_replaces_the_old_one(tmp_path):
    assert admin.add_user(tmp_path / "chat.db", "alice") != admin.add_user(
        tmp_path / "chat.db", "alice"
    )
    assert admin.list_users(tmp_path / "chat.db") == ["alice"]


@pytest.mark.parametrize("user", ["", "x" * 129])
def test_a_user_id_has_its_bounds(tmp_path, user):
    with pytest.raises(SettingsError):
        admin.add_user(tmp_path / "chat.db", user)
