"""Views: JSON as RFC 8259 names it, text, bytes, events."""

from __future__ import annotations

import pytest

from labchat.wire import frames, http1, views
from labchat.wire.conversation import Conversation
from labchat.wire.fields import Direction, Span, leaves

JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"


def response(kind, body):
    return http1.dissect_response(JSON_HEAD % (kind, len(body)) + body)


def test_the_tree_of_an_object():
    view = views.of_json(b'{"a": [1, true], "b": null}')
    assert view.name == "JSON"
    (top,) = view.fields
    assert [child.name for child in top.children] == [
        "begin-object",
        "member",
        "value-separator",
        "ws",
        "member",
        "end-object",
    ]
    assert top.children[1].value == "a"
    values = [leaf.value for leaf in leaves(view.fields) if leaf.name in ("number", "true", "null")]
    assert values == ["1", True, None]


BAD = [
    (b'{"a":}', 5),
    (b"[1,]", 3),
    (b"[1 2]", 3),
    (b"{1: 2}", 1),
    (b'{"a" 1}', 5),
    (b"tru", 0),
    (b"1 2", 2),
    (b'"\xff"', 0),
    (b'"\n"', 0),
    (b"[" * 65 + b"]" * 65, 64),
    (b"", None),
    (b"[", 0),
]


@pytest.mark.parametrize(("data", "at"), BAD)
def test_what_is_no_json_is_flagged_where_it_breaks(data, at):
    view = views.of_json(data)
    assert view.name in ("text", "bytes")
    if at is not None:
        assert view.violations[0].span == Span.of_bytes(at, at + 1)
    assert view.violations[0].section == "RFC 8259 §2" if data else view.violations == ()


def test_a_megabyte_of_json_is_one_field():
    view = views.of_json(b"[" + b"1," * views.MAX_JSON + b"1]")
    assert (view.name, len(view.fields)) == ("text", 1)


@pytest.mark.parametrize(
    ("kind", "body", "name"),
    [
        (b"application/json; charset=utf-8", b"[1]", "JSON"),
        (b"application/problem+json", b"{}", "JSON"),
        (b"text/html", b"<p>", "text"),
        (b"image/png", b"\x89PNG\xff", "bytes"),
    ],
)
def test_the_view_of_a_body(kind, body, name):
    view = views.of_http(response(kind, body))
    assert (view.name, view.data) == (name, body)


def test_no_body_has_no_view():
    assert views.of_http(response(b"application/json", b"")) is None
    assert views.of_http(http1.dissect_request(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")) is None


def test_the_view_of_an_event():
    head = http1.dissect_response(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", part="head"
    )
    event = http1.dissect_event(b"data: {}\n\n", head, chunked=False, left=0, end=False)
    view = views.of_http(event)
    assert (view.name, view.data) == ("event", b"data: {}\n\n")
    assert [field.name for field in view.fields] == ["field", "blank line"]


@pytest.mark.parametrize(
    ("opcode", "payload", "name"),
    [(1, b' {"a": 1}', "JSON"), (1, b"hello", "text"), (2, b"\xff", "bytes"), (1, b"", None)],
)
def test_the_view_of_a_message(opcode, payload, name):
    conversation = Conversation()
    conversation.feed(Direction.S2C, frames.build(opcode, payload))
    view = views.of_message(conversation.message(Direction.S2C, 0))
    assert (view.name if view else None) == name
