from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from labchat.chat import backoff
from labchat.client import Settings, connect
from labchat.client.clock import SystemClock, stamp
from labchat.client.settings import Address
from labchat.errors import InvalidEvent, SettingsError


@pytest.mark.parametrize(
    ("url", "websocket", "rest"),
    [
        ("ws://h:1/", "ws://h:1/", "http://h:1/"),
        ("ws://h:1", "ws://h:1/", "http://h:1/"),
        ("http://h:1/", "ws://h:1/", "http://h:1/"),
        ("https://h/", "wss://h/", "https://h/"),
        ("wss://h/ws", "wss://h/ws", "https://h/"),
        ("ws://h/user/7/proxy/3000/", "ws://h/user/7/proxy/3000/", "http://h/user/7/proxy/3000/"),
        ("ws://h/lab/ws", "ws://h/lab/ws", "http://h/lab/"),
        ("ws://[::1]:3000/", "ws://[::1]:3000/", "http://[::1]:3000/"),
    ],
)
def test_one_url_has_two_faces(url: str, websocket: str, rest: str) -> None:
    assert Address.of(url) == Address(websocket, rest)


@pytest.mark.parametrize("url", ["ftp://h/", "localhost:3000", "ws:///x", ""])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(SettingsError, match="not a server's address"):
        connect(url, user="user-1")


def test_a_policy_may_be_named() -> None:
    chat = connect("ws://h/", user="user-1", policy="text")
    assert chat.snapshot().max_attempts == 5
    assert connect("ws://h/", user="user-1").snapshot().max_attempts is None
    settings = Settings(policy=backoff.TEXT)
    assert connect("ws://h/", user="user-1", settings=settings).snapshot().max_attempts == 5
    with pytest.raises(SettingsError, match="no reconnect policy 'soon'"):
        connect("ws://h/", user="user-1", policy="soon")


def test_a_user_needs_a_name() -> None:
    with pytest.raises(InvalidEvent, match="user id has 1 to 128 characters"):
        connect("ws://h/", user="")


def test_times_are_written_as_javascript_does() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_901, timezone(timedelta(hours=2)))
    assert stamp(moment) == "2026-01-02T01:04:05.678Z"


async def test_the_machines_clock_goes_forward() -> None:
    clock = SystemClock()
    before = clock.now_ns()
    await clock.sleep(0.001)
    assert clock.now_ns() - before >= 1_000_000
    assert clock.wall().tzinfo is UTC
