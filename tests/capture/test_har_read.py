from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labchat
from labchat.capture import har
from labchat.errors import NotACapture
from labchat.wire.fields import Direction
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labchat.capture.capture import Capture

Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "data"


def entry(**other: Any) -> Json:
    """An exchange as Chrome writes it; ``other`` replaces or adds."""
    made: Json = {
        "_initiator": {"type": "other"},
        "_priority": "VeryHigh",
        "_resourceType": "fetch",
        "cache": {},
        "connection": "77",
        "pageref": "page_1",
        "request": {
            "method": "POST",
            "url": "http://localhost:3000/api/messages?limit=2",
            "httpVersion": "HTTP/1.1",
            "headers": [
                {"name": "Host", "value": "localhost:3000"},
                {"name": "Content-Length", "value": "16"},
                {"name": "Content-Type", "value": "application/json"},
            ],
            "queryString": [{"name": "limit", "value": "2"}],
            "cookies": [],
            "headersSize": 120,
            "bodySize": 16,
            "postData": {"mimeType": "application/json", "text": '{"text":"Hello"}'},
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "HTTP/1.1",
            "headers": [
                {"name": "Content-Length", "value": "11"},
                {"name": "Content-Type", "value": "application/json"},
            ],
            "cookies": [],
            "content": {"size": 11, "mimeType": "application/json", "text": '{"id":"m1"}'},
            "redirectURL": "",
            "headersSize": 90,
            "bodySize": 11,
            "_transferSize": 101,
            "_error": None,
        },
        "serverIPAddress": "127.0.0.1",
        "startedDateTime": "2026-11-25T12:00:00.000Z",
        "time": 12.5,
        "timings": {
            "blocked": 1,
            "dns": -1,
            "ssl": -1,
            "connect": 2,
            "send": 0.5,
            "wait": 7,
            "receive": 2,
            "_blocked_queueing": 0.5,
        },
    }
    for name, value in other.items():
        both = isinstance(made.get(name), dict) and isinstance(value, dict)
        made[name] = made[name] | value if both else value
    return made


def load(*entries: Json, creator: Json | None = None) -> Capture:
    log = {
        "version": "1.2",
        "creator": creator or {"name": "WebInspector", "version": "537.36"},
        "pages": [],
        "entries": list(entries),
    }
    return har.load(json.dumps({"log": log}).encode(), Path("x.har")).capture


def notes(capture: Capture) -> list[str]:
    return [note.text for note in capture.annotations]


def pair(capture: Capture) -> tuple[Request, Response]:
    asked, answered = capture.unit(1).unit, capture.unit(2).unit
    assert isinstance(asked, Request)
    assert isinstance(answered, Response)
    return asked, answered


def test_an_exchange_is_rebuilt() -> None:
    capture = load(entry())
    asked, answered = pair(capture)
    assert asked.data == (
        b"POST /api/messages?limit=2 HTTP/1.1\r\nHost: localhost:3000\r\nContent-Length: 16\r\n"
        b'Content-Type: application/json\r\n\r\n{"text":"Hello"}'
    )
    assert (answered.status, answered.reason, answered.body) == (200, "OK", b'{"id":"m1"}')
    assert not asked.violations + answered.violations
    times = [(row.at_ns, row.end_ns) for row in capture.rows()]
    assert times == [(3_000_000, 3_000_000), (10_500_000, 12_500_000)]
    assert capture.started_at is not None
    assert capture.started_at.isoformat() == "2026-11-25T12:00:00+00:00"
    assert capture.connections[0].server == "127.0.0.1:3000"
    assert len(notes(capture)) == 1
    assert notes(capture)[0].startswith("Rebuilt from a HAR file by WebInspector 537.36, which")


def websocket(*messages: Json, **other: Any) -> Json:
    return entry(
        _resourceType="websocket",
        _webSocketMessages=list(messages),
        request={
            "method": "GET",
            "url": "ws://localhost:3000/ws",
            "headers": [
                {"name": "Host", "value": "localhost:3000"},
                {"name": "Upgrade", "value": "websocket"},
                {"name": "Connection", "value": "Upgrade"},
                {"name": "Sec-WebSocket-Key", "value": "dGhlIHNhbXBsZSBub25jZQ=="},
                {"name": "Sec-WebSocket-Version", "value": "13"},
            ],
            "postData": None,
            "bodySize": 0,
        },
        response={
            "status": 101,
            "statusText": "Switching Protocols",
            "headers": [
                {"name": "Upgrade", "value": "websocket"},
                {"name": "Connection", "value": "Upgrade"},
                {"name": "Sec-WebSocket-Accept", "value": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
            ],
            "content": {"size": 0, "mimeType": "x-unknown"},
        },
        **other,
    )


NOON = 1_795_608_000.0


def test_websocket_messages_become_frames() -> None:
    capture = load(
        websocket(
            {"type": "send", "time": NOON + 0.02, "opcode": 1, "data": "Grüße"},
            {"type": "receive", "time": NOON + 0.03, "opcode": 2, "data": "AAEC"},
            {"type": "receive", "time": NOON - 9, "opcode": 1, "data": "no time travel"},
            {"type": "receive", "time": NOON + 0.04, "opcode": -1, "data": "oops"},
            {"type": "receive", "time": NOON + 0.04, "opcode": 9, "data": "x" * 200},
            {"type": "send", "time": (NOON + 0.05) * 1000, "opcode": 1, "data": "in ms"},
        )
    )
    told = [(row.direction, row.at_ns, capture.unit(row.n).message) for row in capture.rows(3)]
    assert [(way.value, at, m.text or m.payload) for way, at, m in told if m] == [
        ("c2s", 20_000_000, "Grüße"),
        ("s2c", 30_000_000, b"\0\1\2"),
        ("s2c", 30_000_000, "no time travel"),
        ("c2s", 50_000_000, "in ms"),
    ]
    assert notes(capture)[:2] == [
        "Left out: a message of opcode -1.",
        "Left out: a message of opcode 9.",
    ]
    assert not [row for row in capture.rows() if row.violations]


def test_base64_bodies_are_bytes() -> None:
    body = bytes(range(11))
    content = {"text": base64.b64encode(body).decode(), "encoding": "base64"}
    assert pair(load(entry(response={"content": content})))[1].body == body


def replaced(headers: Iterable[tuple[str, str]], **content: Any) -> Json:
    listed = [{"name": name, "value": value} for name, value in headers]
    return entry(response={"headers": listed, "content": content})


def test_a_decoded_body_has_its_framing_replaced_and_said() -> None:
    capture = load(
        replaced(
            [("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")],
            size=5,
            text="plain",
            mimeType="text/plain",
        )
    )
    answered = pair(capture)[1]
    assert (answered.body, answered.headers) == (b"plain", (("Content-Length", "5"),))
    said = (
        "Content-Length is 5 here; the file has Content-Encoding: gzip; Transfer-Encoding: chunked."
    )
    assert notes(capture)[0] == said
    assert not answered.violations


def test_a_body_without_any_length_gets_one_and_it_is_said() -> None:
    capture = load(replaced([], size=5, text="plain"))
    assert pair(capture)[1].headers == (("Content-Length", "5"),)
    assert notes(capture)[0] == "Content-Length is 5 here; the file has nothing."


def test_a_body_that_is_not_in_the_file_is_a_gap() -> None:
    capture = load(replaced([("Content-Length", "5000")], size=5000, mimeType="image/png"))
    assert [(row.kind.value, row.length) for row in capture.rows()][2] == ("gap", 5000)
    assert notes(capture)[0] == "The file does not hold the body, 5,000 bytes."


def test_a_request_body_that_is_not_in_the_file_is_a_gap_too() -> None:
    capture = load(entry(request={"postData": None}))
    gaps = [(row.direction, row.length) for row in capture.rows() if row.kind == "gap"]
    assert gaps == [(Direction.C2S, 16)]


def test_an_event_stream_ends_with_its_connection() -> None:
    stream = entry(
        response={
            "headers": [
                {"name": "Content-Type", "value": "text/event-stream"},
                {"name": "Transfer-Encoding", "value": "chunked"},
            ],
            "content": {
                "size": 20,
                "mimeType": "text/event-stream",
                "text": "data: one\n\ndata: two\n\n",
            },
        }
    )
    capture = load(stream)
    assert [row.summary for row in capture.rows(2)][1:] == ["message: one", "message: two"]


def test_an_empty_event_stream_needs_no_length() -> None:
    headers = [
        {"name": "Content-Type", "value": "text/event-stream"},
        {"name": "Transfer-Encoding", "value": "chunked"},
    ]
    content = {"size": 0, "mimeType": "text/event-stream"}
    capture = load(entry(response={"headers": headers, "content": content}))
    assert notes(capture)[0] == "Shown without framing; the file has Transfer-Encoding: chunked."
    bare = load(entry(response={"headers": headers[:1], "content": content}))
    assert len(notes(bare)) == 1


@pytest.mark.parametrize(
    ("request_", "response"),
    [({"method": "HEAD", "postData": None, "bodySize": 0}, {}), ({}, {"status": 304})],
)
def test_what_has_no_body_keeps_its_headers(request_: Json, response: Json) -> None:
    answered = pair(load(entry(request=request_, response=response)))[1]
    assert (answered.header("content-length"), answered.body) == ("11", b"")


def test_http_2_is_shown_as_http_1_and_said() -> None:
    capture = load(
        entry(
            request={
                "httpVersion": "h2",
                "url": "https://user:pw@example.org/x",
                "headers": [
                    {"name": ":authority", "value": "example.org"},
                    {"name": "content-length", "value": "16"},
                ],
            },
            serverIPAddress="[2001:db8::1]",
        )
    )
    asked, _ = pair(capture)
    assert asked.headers == (("Host", "example.org"), ("content-length", "16"))
    assert notes(capture)[0] == "Went over h2; shown as HTTP/1.1 would say it."
    assert capture.connections[0].server == "[2001:db8::1]:443"


def test_http_1_0_stays_what_it_is() -> None:
    asked, answered = pair(
        load(entry(request={"httpVersion": "HTTP/1.0"}, response={"httpVersion": "HTTP/1.0"}))
    )
    assert (asked.version, answered.version) == ("HTTP/1.0", "HTTP/1.0")


def test_an_exchange_without_answer_is_said() -> None:
    capture = load(entry(response={"status": 0, "statusText": ""}))
    assert len(capture) == 1
    assert notes(capture)[0] == "The file holds no response."


def later(seconds: float, **other: Any) -> Json:
    return entry(startedDateTime=f"2026-11-25T12:00:{seconds:06.3f}Z", **other)


def test_exchanges_share_a_connection_where_they_may() -> None:
    capture = load(later(1), later(2), later(2.001), later(3, connection="78"), later(4))
    assert [row.connection for row in capture.rows() if row.kind == "request"] == [1, 1, 2, 3, 2]


def test_without_connection_ids_each_exchange_has_its_own() -> None:
    capture = load(later(1, connection=""), later(2, connection=None))
    assert len(capture.connections) == 2


def test_firefox_writes_a_little_differently() -> None:
    """Whole numbers for times, +01:00 for the zone, no ids of connections but ports."""
    capture = load(
        {
            "startedDateTime": "2026-11-25T13:00:00.000+01:00",
            "request": {
                "bodySize": 0,
                "method": "GET",
                "url": "http://localhost:3000/",
                "httpVersion": "HTTP/1.1",
                "headers": [{"name": "Host", "value": "localhost:3000"}],
                "cookies": [],
                "queryString": [],
                "headersSize": 300,
            },
            "response": {
                "status": 200,
                "statusText": "OK",
                "httpVersion": "HTTP/1.1",
                "headers": [{"name": "Content-Length", "value": "2"}],
                "cookies": [],
                "content": {"mimeType": "text/html", "size": 2, "text": "hi"},
                "redirectURL": "",
                "headersSize": 100,
                "bodySize": 102,
            },
            "cache": {},
            "timings": {
                "blocked": 0,
                "dns": 0,
                "connect": 0,
                "ssl": 0,
                "send": 0,
                "wait": 3,
                "receive": 0,
            },
            "time": 3,
            "_securityState": "insecure",
            "serverIPAddress": "127.0.0.1",
            "connection": "3000",
        },
        creator={"name": "Firefox", "version": "140.0"},
    )
    assert capture.rows()[1].at_ns == 3_000_000
    assert capture.started_at is not None
    assert capture.started_at.isoformat() == "2026-11-25T12:00:00+00:00"


def test_what_firefox_recorded_is_read_and_what_it_leaves_out_is_said() -> None:
    capture = labchat.open(DATA / "firefox.har")
    rows = capture.rows()
    assert [row.summary for row in rows] == [
        *("GET /", "200 OK", "GET /favicon.ico", "404 Not Found"),
        *("GET /ws", "101 Switching Protocols", "POST /echo", "200 OK", "GET /chunked", "200 OK"),
        *("GET /events", "200 OK", "tick: one", "message: two·lines"),
    ]
    assert rows[5].connection != rows[6].connection, "nothing follows a switch"
    posted = capture.unit(7).unit
    assert isinstance(posted, Request)
    assert posted.body == b'{"text":"Hello"}'
    said = [one.text for one in capture.annotations]
    assert "The file holds nothing of what was said after the switch." in said
    assert any("Firefox 153" in sentence and "holds no bytes" in sentence for sentence in said)
    assert all(capture.unit(row.n).unit.violations == () for row in rows)


@pytest.mark.parametrize(
    "bad",
    [
        {"startedDateTime": "noon"},
        {"request": {"url": "about:blank"}},
        {"request": {"url": "http://[::1"}},
        {"request": {"method": "GET /"}},
        {"request": 7},
        {"response": {"content": {"text": "?", "encoding": "base64"}}},
    ],
)
def test_one_bad_entry_does_not_spoil_the_others(bad: Json) -> None:
    capture = load(entry(), entry(**bad))
    assert len(capture) == 2
    assert notes(capture)[-1].startswith("Left out: entry 2, which is not as HAR 1.2 has it (")


def test_nothing_can_be_smuggled_in() -> None:
    evil = "x\r\nSet-Cookie: evil=1\r\n\r\nHTTP/1.1 200 OK"
    capture = load(
        entry(
            request={
                "url": "http://localhost/a b\r\nX: y",
                "headers": [{"name": "A", "value": evil}],
            },
            response={"statusText": evil, "headers": [{"name": "B\r\nC", "value": "d"}]},
        )
    )
    assert [row.kind.value for row in capture.rows()] == ["request", "response"]


def test_a_time_without_zone_is_utc() -> None:
    capture = load(entry(startedDateTime="2026-11-25T12:00:00.5"))
    assert capture.started_at is not None
    assert capture.started_at.isoformat() == "2026-11-25T12:00:00.500000+00:00"


def test_a_file_cut_off_gives_its_whole_entries() -> None:
    text = json.dumps({"log": {"creator": {"name": "x"}, "entries": [entry(), later(1)]}})
    for stop in (len(text) - 2, len(text) - 400):
        loaded = har.load(text[:stop].encode(), Path("x.har"))
        assert str(loaded.problem) == "its JSON is cut off or broken"
        assert len(loaded.capture) == (4 if stop == len(text) - 2 else 2)


@pytest.mark.parametrize("text", ['{"log": {"entries"', '{"log": {"entries": [ {"a":', "{"])
def test_a_file_cut_off_before_its_first_entry_is_no_capture(text: str) -> None:
    with pytest.raises(NotACapture, match="begins like JSON"):
        har.load(text.encode(), Path("x.har"))


def test_deep_nesting_is_no_capture() -> None:
    with pytest.raises(NotACapture):
        har.load(b'{"a":' * 100_000, Path("x.har"))


def test_a_har_without_entries_is_empty() -> None:
    capture = load()
    assert (len(capture), capture.started_at) == (0, None)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["request", "response", "timings", "_webSocketMessages", "startedDateTime"]),
)
@settings(max_examples=150, deadline=None)
def test_any_value_anywhere_raises_nothing(value: Any, name: str) -> None:
    capture = load(entry() | {name: value})
    for row in capture.rows():
        capture.unit(row.n)


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
)
@settings(deadline=None)
def test_any_number_raises_nothing(wait: float, time: float, size: int) -> None:
    made = websocket({"type": "send", "time": time, "opcode": 1, "data": "x"})
    made["timings"]["wait"] = wait
    capture = load(made, entry(response={"status": 200, "content": {"size": size}}))
    assert len(capture.units) == len(capture)
