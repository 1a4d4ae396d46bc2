"""The REST half: statuses, bodies, history, long polls, event streams."""

from __future__ import annotations

import asyncio
import json

import pytest

from labchat.errors import StoreUnavailable
from labchat.server.settings import PostPolicy


async def test_a_post_gives_the_stored_message(house):
    server = await house()
    said = {"text": "Hello", "senderId": "user-1", "receiverId": "user-2"}
    answer = await server.http.post("/api/messages", json=said)
    assert answer.status_code == 200
    stored = answer.json()
    assert stored.pop("id").startswith("msg-1762183800000")
    assert stored == {**said, "createdAt": "2025-11-03T15:30:00.000Z", "seq": 1}
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"a":' * 10_000, "not JSON"),
        (b"[]", "The message is wrong"),
        (b'{"text":1,"senderId":"a","receiverId":"b"}', "The message is wrong"),
        (b"{}", "Missing required fields"),
        (b'{"text":"","senderId":"a","receiverId":"b"}', "Missing required fields"),
        (b'{"text":"x","senderId":"a"}', "Missing required fields"),
        (b'{"text":"x","senderId":"a","receiverId":null}', "Missing required fields"),
        (b'{"text":"x","senderId":"a","receiverId":"' + b"b" * 129 + b'"}', "128 characters"),
        (b'{"text":"x","senderId":"a","receiverId":"b","id":""}', "length >= 1"),
    ],
)
async def test_a_bad_body_is_a_400(house, body, error):
    server = await house()
    answer = await server.http.post("/api/messages", content=body)
    assert answer.status_code == 400
    assert error in answer.json()["error"]
    assert (await server.post("m1")).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_a_413_that_arrives(house, chunked):
    server = await house(limits={"body": 1000})

    async def pieces():
        for _ in range(100):
            yield b"x" * 50_000

    content = pieces() if chunked else b"x" * 5_000_000
    for path in ("/api/messages", "/api/users"):
        answer = await server.http.post(path, content=content)
        assert answer.status_code == 413
        assert answer.json() == {"error": "A body may have 1000 bytes."}
        content = pieces() if chunked else content
    assert (await server.post("m1")).status_code == 200


async def test_a_text_over_the_limit_is_a_413(house):
    server = await house(limits={"text": 5})
    assert (await server.post("m1", text="Hello")).status_code == 200
    answer = await server.post("m2", text="Hello!")
    assert answer.status_code == 413
    assert answer.json() == {"error": "A message may have 5 characters; this one has 6."}


async def test_a_store_that_fails_is_a_503_and_nothing_is_acknowledged(house, monkeypatch):
    server = await house()
    alice = await server.talker("alice")
    full = StoreUnavailable("The database cannot be used now: database or disk is full.")
    adding = server.hub.store.add

    def fail(_post):
        done = asyncio.get_running_loop().create_future()
        done.set_exception(full)
        return done

    monkeypatch.setattr(server.hub.store, "add", fail)
    answer = await server.post("m1")
    assert (answer.status_code, answer.json()) == (503, {"error": "Failed to save message"})
    assert answer.headers["Retry-After"] == "1"
    await alice.post("m2")
    assert (await alice.hear("error"))["code"] == "unavailable"
    monkeypatch.setattr(server.hub.store, "add", adding)
    await alice.post("m2")
    assert (await alice.hear("ack"))["seq"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("PUT", "/api/messages", 405),
        ("POST", "/api/users", 405),
        ("GET", "/ws", 426),
        ("GET", "/web/nothing.js", 404),
        ("GET", "/web/../serve.py", 404),
        ("GET", "/web/%2e%2e/serve.py", 403),
        ("GET", "/api/messages?limit=0", 400),
        ("GET", "/api/messages?limit=501", 400),
        ("GET", "/api/messages?after=-1", 400),
        ("GET", "/api/messages?after=99999999999999999999999", 400),
        ("GET", "/api/messages?after=x", 400),
        ("GET", "/api/messages?wait=31", 400),
        ("GET", "/api/messages?user=", 400),
        ("GET", "/api/messages?peer=bob", 400),
        ("GET", f"/api/messages?user={'x' * 129}", 400),
    ],
)
async def test_what_is_refused_is_refused_in_json(house, method, path, status):
    server = await house()
    answer = await server.http.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}


async def test_history_in_pages(house):
    server = await house()
    for number in range(1, 6):
        await server.post(f"m{number}", text=str(number), receiver="bob" if number < 4 else "eve")

    async def texts(query):
        return [one["text"] for one in (await server.http.get(f"/api/messages{query}")).json()]

    assert await texts("") == ["1", "2", "3", "4", "5"]
    assert await texts("?limit=2") == ["4", "5"]
    assert await texts("?after=1&limit=2") == ["2", "3"]
    assert await texts("?user=eve") == ["4", "5"]
    assert await texts("?user=bob&peer=alice") == ["1", "2", "3"]


async def test_a_long_poll_ends_with_the_next_message(house):
    server = await house()
    polling = asyncio.get_running_loop().create_task(
        server.http.get("/api/messages?after=0&wait=30&user=bob")
    )
    await server.waited_for(1)
    assert {"userId": "bob", "online": True} in (await server.http.get("/api/users")).json()
    await server.post("m1")
    assert [one["id"] for one in (await polling).json()] == ["m1"]


async def test_a_long_poll_is_not_ended_by_others_messages(house):
    server = await house()
    polling = asyncio.get_running_loop().create_task(
        server.http.get("/api/messages?after=0&wait=30&user=carol")
    )
    await server.waited_for(1)
    await server.post("m1")
    await server.post("m2", receiver="carol")
    assert [one["id"] for one in (await polling).json()] == ["m2"]


async def test_a_long_poll_ends_when_the_server_stops(house):
    server = await house()
    polling = asyncio.get_running_loop().create_task(
        server.http.get("/api/messages?after=0&wait=30")
    )
    await server.waited_for(1)
    server.hub.drain()
    assert (await polling).json() == []
    assert (await server.http.get("/api/health")).status_code == 503


async def test_a_long_poll_without_news_ends_empty(house, monkeypatch):
    server = await house()

    async def nothing(_self, seconds):
        server.clock.move(seconds)
        return False

    monkeypatch.setattr("labchat.server.news.Waiter.within", nothing)
    assert (await server.http.get("/api/messages?after=0&wait=3")).json() == []


async def test_health(house):
    server = await house()
    answer = await server.http.get("/api/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


class Stream:
    """Reads server-sent events."""

    def __init__(self, answer):
        self.lines = answer.aiter_lines()

    async def event(self):
        fields = {}
        while True:
            line = await asyncio.wait_for(anext(self.lines), 50)
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return int(fields["id"]), json.loads(fields["data"])["text"]
            else:
                fields.clear()


async def test_events_resume_and_follow(house):
    server = await house()
    for number in (1, 2, 3):
        await server.post(f"m{number}", text=f"line\n{number}")
    async with server.http.stream("GET", "/api/events", headers={"Last-Event-ID": "1"}) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        stream = Stream(answer)
        assert await stream.event() == (2, "line\n2")
        assert await stream.event() == (3, "line\n3")
        await server.post("m4", text="live")
        assert await stream.event() == (4, "live")


async def test_events_begin_where_they_are_told_to(house):
    server = await house()
    await server.post("m1", text="old")
    async with (
        server.http.stream("GET", "/api/events?after=0") as all_of_them,
        server.http.stream("GET", "/api/events?user=carol") as carols,
    ):
        assert await Stream(all_of_them).event() == (1, "old")
        await server.waited_for(2)
        await server.post("m2", text="for bob")
        await server.post("m3", text="for carol", receiver="carol")
        assert await Stream(carols).event() == (3, "for carol")
        await server.stop()


async def test_silence_on_a_stream_is_filled_with_comments(house, monkeypatch):
    monkeypatch.setattr("labchat.server.streams.KEEP_ALIVE", 0.01)
    server = await house()
    async with server.http.stream("GET", "/api/events") as answer:
        lines = answer.aiter_lines()
        while await anext(lines) != ": still here":
            continue


@pytest.mark.parametrize("seq", ["x", "-1", "9" * 30])
async def test_a_last_event_id_that_is_none(house, seq):
    server = await house()
    answer = await server.http.get("/api/events", headers={"Last-Event-ID": seq})
    assert answer.status_code == 400


async def test_metrics(house):
    server = await house(post=PostPolicy.RELAYS)
    alice = await server.talker("alice")
    await server.post("m1")
    await server.post("m1")
    await alice.post("m2")
    await alice.hear("ack")
    text = (await server.http.get("/metrics")).text
    assert 'labchat_posts_total{path="post",result="stored"} 1.0' in text
    assert 'labchat_posts_total{path="post",result="known"} 1.0' in text
    assert 'labchat_posts_total{path="websocket",result="stored"} 1.0' in text
    assert "labchat_deliveries_total 2.0" in text
    assert "labchat_connections 1.0" in text
    assert "labchat_users_present 1.0" in text
    assert "labchat_last_seq 2.0" in text
    assert "labchat_commit_seconds_count 3.0" in text


async def test_each_request_is_one_line_of_the_access_log(house, caplog):
    server = await house(limits={"body": 100})
    with caplog.at_level("INFO", logger="labchat.access"):
        await server.post("m1", text="x" * 200)
        await server.http.get("/api/messages?user=secret")
    lines = [
        json.loads(record.message) for record in caplog.records if record.name == "labchat.access"
    ]
    assert [(line["method"], line["path"], line["status"], line["peer"]) for line in lines] == [
        ("POST", "/api/messages", 413, "127.0.0.1"),
        ("GET", "/api/messages", 200, "127.0.0.1"),
    ]


async def test_the_page_and_its_files_are_guarded(house):
    server = await house()
    page = await server.http.get("/")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in page.headers


@pytest.mark.parametrize("path", ["/", "/api/messages", "/api/health", "/api/users"])
async def test_head_is_get_without_the_content(house, path):
    server = await house()
    got, head = await server.http.get(path), await server.http.head(path)
    assert head.status_code == got.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(got.content))


async def test_a_stream_has_no_head(house):
    server = await house()
    assert (await server.http.head("/api/events")).status_code == 405
