from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.capture import show
from labchat.capture.capture import Capture

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from conftest import Teller


def test_one_line_tells_how_much_of_what(chat: Capture) -> None:
    line = "<Capture: 2 connections, 3 requests, 5 responses, 6 frames, 0.016 s>"
    assert repr(chat) == line
    assert repr(Capture()) == "<Capture: 0 connections, no units yet>"


def test_a_table_of_connections(chat: Capture) -> None:
    page = chat._repr_html_()
    assert "<strong>Capture: 2 connections, 3 requests" in page
    assert "from 2026-11-25 12:00:00+00:00" in page
    assert "<td>1</td><td>Alice</td><td>127.0.0.1:50001</td>" in page
    assert "<td>websocket</td><td>8</td>" in page
    assert "<li>Unit 3: Held here.</li>" in page


def test_nothing_from_the_wire_is_markup(teller: Callable[..., Teller]) -> None:
    telling = teller(Capture())
    telling.open(client="<b>:1", label="<script>alert(1)</script>")
    telling.sink.annotate(1, "<img src=x>")
    page = telling.sink._repr_html_()
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "nothing known" in page
    assert " from " not in page


def test_what_is_too_much_is_counted(
    teller: Callable[..., Teller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "SHOWN", 1)
    telling = teller()
    for _ in range(3):
        telling.open()
        telling.sink.annotate(1, "x")
    page = telling.sink._repr_html_()
    assert "and 2 more connections" in page
    assert "and 2 more remarks" in page
    telling.sink.annotate(1, "x")
    assert page.count("<li>") == 1


def test_a_late_connection_says_so(teller: Callable[..., Teller]) -> None:
    from labchat.wire import frames
    from labchat.wire.fields import Direction

    telling = teller()
    telling.say(telling.open(), Direction.S2C, frames.build(1, b"Hello"))
    assert "websocket, joined late" in telling.sink._repr_html_()
