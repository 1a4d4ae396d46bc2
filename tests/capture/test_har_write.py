from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from labchat.capture import files, har, har_entry
from labchat.capture.capture import Capture, Chunk
from labchat.capture.har_cookies import cookies, set_cookies
from labchat.errors import CaptureError
from labchat.wire import frames
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Teller

C, S = Direction.C2S, Direction.S2C


def entries(capture: Capture) -> list[dict[str, Any]]:
    made = har.dump(capture)["log"]["entries"]
    assert isinstance(made, list)
    return made


def test_the_log_is_har_1_2(chat: Capture) -> None:
    log = har.dump(chat)["log"]
    assert (log["version"], log["creator"]["name"], log["pages"]) == ("1.2", "labchat", [])
    assert [entry["request"]["url"] for entry in log["entries"]] == [
        "ws://localhost:3000/ws?room=1",
        "http://localhost:3000/api/messages",
        "http://localhost:3000/events",
    ]
    assert log["comment"] == (
        "HAR has no place for: 2 × frame without message (ping, pong, close). Bob waited. The end."
    )
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)


def test_websocket_messages_are_as_chrome_writes_them(chat: Capture) -> None:
    entry = entries(chat)[0]
    assert entry["_resourceType"] == "websocket"
    assert entry["response"]["status"] == 101
    told = [(m["type"], m["opcode"], m["data"]) for m in entry["_webSocketMessages"]]
    assert told == [("send", 1, "Hello"), ("receive", 1, "Hello"), ("receive", 2, "AAE=")]
    times = [round(m["time"] - 1_795_608_000, 6) for m in entry["_webSocketMessages"]]
    assert times == [0.127456, 0.130456, 0.131456]
    assert entry["comment"] == "Held here."


def test_devtools_is_told_what_it_would_take_for_scripts(chat: Capture) -> None:
    kinds = [entry.get("_resourceType") for entry in entries(chat)]
    assert kinds == ["websocket", "fetch", "eventsource"]
    page = Capture()
    one = page.open(0, client="127.0.0.1:50000", server="127.0.0.1:3000")
    page.append(one, Chunk(0, Direction.C2S, 0, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert "_resourceType" not in entries(page)[0], "no answer, no kind"


def test_an_exchange_has_its_sizes_and_times(chat: Capture) -> None:
    entry = entries(chat)[1]
    assert entry["startedDateTime"] == "2026-11-25T12:00:00.133456Z"
    assert entry["timings"] == {
        "blocked": -1,
        "dns": -1,
        "connect": -1,
        "send": 1.0,
        "wait": 1.0,
        "receive": 0.0,
        "ssl": -1,
    }
    asked, answered = entry["request"], entry["response"]
    assert (asked["headersSize"], asked["bodySize"]) == (105, 16)
    assert asked["postData"] == {
        "mimeType": "application/json",
        "text": '{"text":"Hello"}',
        "params": [],
    }
    assert answered["content"] == {
        "size": 11,
        "mimeType": "application/json",
        "text": '{"id":"m1"}',
    }
    assert answered["cookies"] == [{"name": "a", "value": "1", "path": "/", "httpOnly": True}]
    assert (entry["serverIPAddress"], entry["connection"]) == ("127.0.0.1", "2")


def test_an_event_stream_is_one_response(chat: Capture) -> None:
    answered = entries(chat)[2]["response"]
    assert answered["content"]["text"] == "event: tick\ndata: one\n\ndata: two\n\n"
    assert answered["bodySize"] == 34


def test_what_comes_back_is_what_har_can_hold(chat: Capture, tmp_path: Path) -> None:
    har.write(chat, tmp_path / "x.har")
    again = files.open(tmp_path / "x.har")
    assert [one.label for one in again.connections] == ["Alice", None]
    assert [one.client for one in again.connections] == [one.client for one in chat.connections]

    def told(capture: Capture) -> list[tuple[str, str]]:
        data = [
            (row.kind.value, row.summary) for row in capture.rows() if (row.opcode or 1) in (1, 2)
        ]
        return sorted(one for one in data if "fragment" not in one[1])

    assert told(again) == sorted([*told(chat), ("frame", "Hello")])
    assert har.dump(again)["log"]["entries"][0]["request"] == entries(chat)[0]["request"]


def answer(teller: Callable[..., Teller], response: bytes, request: bytes = b"") -> dict[str, Any]:
    telling = teller()
    number = telling.open()
    telling.say(number, C, request or b"GET http://x/?a=1&b= HTTP/1.1\r\nHost: x\r\n\r\n")
    if response:
        telling.say(number, S, response)
    return entries(telling.sink)[0]


def coded(coding: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", gzip.compress(b"Hello" * 9)), ("deflate", zlib.compress(b"Hello" * 9))],
    ids=["gzip", "deflate"],  # gzip writes the time, which a test's name must not
)
def test_coded_bodies_are_shown_plain(
    teller: Callable[..., Teller], coding: str, body: bytes
) -> None:
    content = answer(teller, coded(coding, body))["response"]["content"]
    assert (content["text"], content["size"]) == ("Hello" * 9, 45)
    assert content["compression"] == 45 - len(body)


@pytest.mark.parametrize(
    ("coding", "body"), [("br", b"\x0b\x02\x80"), ("gzip", b"no gzip"), ("gzip", b"\x1f\x8b\x08")]
)
def test_a_coding_that_cannot_be_undone_is_said(
    teller: Callable[..., Teller], coding: str, body: bytes
) -> None:
    content = answer(teller, coded(coding, body))["response"]["content"]
    assert content["comment"] == "as sent: the content coding could not be undone"
    assert content["size"] == len(body)


def test_a_bomb_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(har_entry, "MAX_INFLATED", 1000)
    assert har_entry.inflated(gzip.compress(bytes(1001)), "gzip") is None
    assert har_entry.inflated(gzip.compress(bytes(999)), "GZIP ") == bytes(999)


def test_binary_bodies_are_base64_both_ways(teller: Callable[..., Teller]) -> None:
    asked = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n\xff\xfe"
    entry = answer(teller, coded("identity", b"\xff\xfe"), asked)
    assert entry["request"]["postData"]["_encoding"] == "base64"
    assert entry["response"]["content"]["encoding"] == "base64"


def test_a_request_without_answer(teller: Callable[..., Teller]) -> None:
    entry = answer(teller, b"")
    assert entry["response"]["status"] == 0
    assert entry["response"]["_error"] == "no response in the capture"
    assert entry["request"]["url"] == "http://x/?a=1&b="
    assert entry["request"]["queryString"] == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": ""},
    ]


def test_interim_and_unasked_responses_are_counted(teller: Callable[..., Teller]) -> None:
    telling = teller()
    number = telling.open()
    telling.say(number, C, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    telling.say(number, S, b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n")
    telling.say(number, S, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    log = har.dump(telling.sink)["log"]
    assert log["entries"][0]["response"]["status"] == 204
    assert log["comment"] == "HAR has no place for: 2 × interim or unasked response."


def test_a_message_that_is_not_whole_is_counted(teller: Callable[..., Teller]) -> None:
    telling = teller()
    number = telling.open()
    telling.upgrade(number)
    telling.say(number, S, frames.build(1, b"Hel", fin=False))
    log = har.dump(telling.sink)["log"]
    assert log["entries"][0]["_webSocketMessages"] == []
    assert log["comment"] == "HAR has no place for: 1 × message that is not whole."


def test_a_url_that_cannot_be_split_has_no_query(teller: Callable[..., Teller]) -> None:
    entry = answer(teller, b"", b"GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n")
    assert entry["request"]["queryString"] == []


def test_no_wall_clock_no_exchanges() -> None:
    log = har.dump(Capture())["log"]
    assert log["entries"] == []
    assert "comment" not in log


def test_the_file_is_json_in_utf_8(chat: Capture, tmp_path: Path) -> None:
    har.write(chat, tmp_path / "x.har")
    assert json.loads((tmp_path / "x.har").read_text("utf-8"))["log"]["version"] == "1.2"
    with pytest.raises(CaptureError, match="cannot be written: No such file"):
        har.write(chat, tmp_path / "no" / "where.har")


def test_cookies_are_taken_apart() -> None:
    assert cookies(None) == []
    assert cookies("a=1; b = two ;; c") == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": "two"},
        {"name": "c", "value": ""},
    ]
    assert set_cookies(
        [
            "a=1; Domain=x.org; Secure; SameSite=Lax; Max-Age=5",
            "b=2; Expires=Wed, 25 Nov 2026 12:00:00 GMT",
            "c=3; Expires=never",
        ]
    ) == [
        {"name": "a", "value": "1", "domain": "x.org", "secure": True, "sameSite": "Lax"},
        {"name": "b", "value": "2", "expires": "2026-11-25T12:00:00+00:00"},
        {"name": "c", "value": "3"},
    ]
