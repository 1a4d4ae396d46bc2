"""Which pages may reach the server (RFC 6455 §10.2): for WebSockets and for REST alike."""

from __future__ import annotations

import pytest
import websockets

from labchat.server.origins import objection, shared
from labchat.server.settings import Settings, guarded

HOME = "127.0.0.1:3000"


@pytest.mark.parametrize(
    ("headers", "allowed", "passes"),
    [
        ({"Host": HOME}, (), True),
        ({"Host": "localhost:3000"}, (), True),
        ({"Host": "[::1]:3000"}, (), True),
        ({"Host": HOME, "Origin": f"http://{HOME}"}, (), True),
        ({"Host": HOME, "Origin": f"https://{HOME}"}, (), True),
        ({"Host": HOME, "Origin": "http://127.0.0.1:8888"}, (), False),
        ({"Host": HOME, "Origin": "http://localhost:3000"}, (), False),
        ({"Host": HOME, "Origin": "https://evil.example"}, (), False),
        ({"Host": HOME, "Origin": "null"}, (), False),
        ({"Host": HOME, "Origin": "https://good.example"}, ("https://good.example",), True),
        ({"Host": HOME, "Origin": "https://evil.example"}, ("any",), True),
        ({"Host": "evil.example:3000", "Origin": "http://evil.example:3000"}, (), False),
        ({"Host": "evil.example:3000"}, (), False),
        ({"Host": "good.example"}, ("https://good.example",), True),
        ({"Host": "[nonsense"}, (), False),
        ({}, (), False),
    ],
)
def test_in_open_mode(headers, allowed, passes):
    assert (objection(headers, Settings(origins=allowed)) is None) is passes


def test_who_comes_through_a_proxy_is_told_what_to_do():
    reason = objection({"Host": "chat.example"}, Settings()) or ""
    assert "--origin https://chat.example" in reason
    assert objection({"Host": "chat.example"}, Settings(origins=("https://chat.example",))) is None


def test_with_auth_any_name_is_a_servers_own():
    assert objection({"Host": "chat.example", "Origin": "https://chat.example"}, guarded()) is None
    assert objection({"Host": "chat.example", "Origin": "https://evil.example"}, guarded())


def test_what_is_shared():
    settings = Settings(origins=("https://good.example",))
    assert shared("https://good.example", settings)
    assert not shared("https://evil.example", settings)
    assert not shared(None, Settings(origins=("any",)))


@pytest.mark.parametrize("path", ["/", "/ws", "/echo"])
async def test_a_foreign_page_gets_no_websocket(house, path):
    server = await house(origins=("https://good.example",))
    with pytest.raises(websockets.InvalidStatus) as caught:
        await server.talker(path=path, origin="https://evil.example")
    assert caught.value.response.status_code == 403
    await server.talker(path=path, origin="https://good.example")
    await server.talker(path=path, origin=f"http://127.0.0.1:{server.port}")


async def test_the_attack_works_when_any_origin_is_let_in(house):
    server = await house(origins=("any",))
    attacker = await server.talker("alice", origin="https://evil.example")
    await attacker.post("m1", text="not me")
    assert (await attacker.hear("ack"))["seq"] == 1


async def test_a_foreign_page_can_neither_post_nor_read(house):
    server = await house(origins=("https://good.example",))
    evil, good = {"Origin": "https://evil.example"}, {"Origin": "https://good.example"}
    said = {"text": "x", "senderId": "a", "receiverId": "b"}
    refused = await server.http.post("/api/messages", json=said, headers=evil)
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert (await server.http.get("/api/messages", headers=evil)).status_code == 403
    taken = await server.http.post("/api/messages", json=said, headers=good)
    assert taken.status_code == 200
    assert taken.headers["Access-Control-Allow-Origin"] == "https://good.example"
    assert taken.headers["Vary"] == "Origin"


async def test_a_preflight_is_answered_for_allowed_origins(house):
    server = await house(origins=("https://good.example",))
    ask = {"Access-Control-Request-Method": "POST"}
    good = await server.http.options(
        "/api/messages", headers={**ask, "Origin": "https://good.example"}
    )
    assert good.status_code == 204
    assert good.headers["Access-Control-Allow-Methods"] == "GET, POST"
    evil = await server.http.options(
        "/api/messages", headers={**ask, "Origin": "https://evil.example"}
    )
    assert evil.status_code == 403
    own = await server.http.options("/api/messages", headers=ask)
    assert own.status_code == 204
    assert "Access-Control-Allow-Methods" not in own.headers
