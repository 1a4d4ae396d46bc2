"""The vocabulary: what is understood, what is refused, and in which words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labchat.chat import events
from labchat.chat.events import BadEvent, ErrorCode
from labchat.errors import InvalidEvent

POST = events.Post("m1", "Hello", "alice", "bob", "2025-11-03T15:30:00Z")

SAID = [
    ('{"type":"register","userId":"alice"}', events.Register("alice")),
    (
        '{"type":"register","userId":"alice","lastSeq":7,"token":"t"}',
        events.Register("alice", 7, "t"),
    ),
    (
        '{"type":"message","text":"Hello","senderId":"alice","receiverId":"bob","id":"m1",'
        '"createdAt":"2025-11-03T15:30:00Z"}',
        events.Say("Hello", "alice", "bob", "m1", "2025-11-03T15:30:00Z"),
    ),
    (
        '{"type":"typing","senderId":"alice","receiverId":"bob","isTyping":false}',
        events.Typing("alice", "bob", is_typing=False),
    ),
    ('{"type":"typing","senderId":"alice","receiverId":"bob"}', events.Typing("alice", "bob")),
]

TOLD = [
    ('{"type":"registered","sessionId":"s-1","seq":0}', events.Registered("s-1", 0)),
    (
        '{"type":"message","data":{"id":"m1","text":"Hello","senderId":"alice",'
        '"receiverId":"bob","createdAt":"2025-11-03T15:30:00Z"}}',
        events.Told(POST),
    ),
    ('{"type":"ack","id":"m1","seq":1}', events.Ack("m1", 1)),
    ('{"type":"typing-update","typingUsers":[]}', events.TypingUpdate(())),
    ('{"type":"presence","online":["alice"]}', events.Presence(("alice",))),
    ('{"type":"error","code":"binary","message":"no"}', events.Error("binary", "no")),
]


@pytest.mark.parametrize(("wire", "event"), SAID)
def test_what_a_client_says(wire, event):
    assert events.decode_client(wire) == event
    assert events.decode_client(wire.encode()) == event
    assert json.loads(events.encode(event)) == json.loads(wire)


@pytest.mark.parametrize(("wire", "event"), TOLD)
def test_what_a_server_says(wire, event):
    assert events.decode_server(wire) == event
    assert events.encode(event).decode() == wire


REFUSED = [
    (b"", ErrorCode.MALFORMED, None, "This is not JSON"),
    (b"{", ErrorCode.MALFORMED, None, "This is not JSON"),
    (b"\xff\xfe", ErrorCode.MALFORMED, None, "This is not JSON"),
    (b'{"a":' * 100_000, ErrorCode.MALFORMED, None, "This is not JSON"),
    ("\ud800", ErrorCode.MALFORMED, None, "This is not JSON"),
    (b"[]", ErrorCode.MALFORMED, None, "An event is a JSON object with a type"),
    (b"{}", ErrorCode.MALFORMED, None, "The event has no type"),
    (b'{"id":"m1"}', ErrorCode.MALFORMED, "m1", "The event has no type"),
    (b'{"type":3,"id":4}', ErrorCode.UNKNOWN_TYPE, None, "The type 3 is unknown"),
    (b'{"type":["message"]}', ErrorCode.UNKNOWN_TYPE, None, "is unknown"),
    (b'{"type":"shout","id":"m1"}', ErrorCode.UNKNOWN_TYPE, "m1", "message, register, typing"),
    (b'{"type":"message","id":"m1"}', ErrorCode.INVALID, "m1", "required field `text`"),
    (b'{"type":"register","userId":""}', ErrorCode.INVALID, None, "length >= 1"),
    (b'{"type":"register","userId":3}', ErrorCode.INVALID, None, "Expected `str`, got `int`"),
    (b'{"type":"register","userId":"a","lastSeq":-1}', ErrorCode.INVALID, None, ">= 0"),
]


@pytest.mark.parametrize(("wire", "code", "event_id", "words"), REFUSED)
def test_what_is_refused(wire, code, event_id, words):
    with pytest.raises(BadEvent, match=words.replace("[", r"\[")) as caught:
        events.decode_client(wire)
    assert (caught.value.code, caught.value.id) == (code, event_id)


def test_a_server_is_held_to_its_vocabulary_too():
    with pytest.raises(InvalidEvent, match="The type 'register' is unknown"):
        events.decode_server(b'{"type":"register","userId":"a"}')


def outcome(data):
    try:
        return events.decode_client(data)
    except BadEvent as error:
        return error


@given(st.binary() | st.text())
def test_nothing_else_is_raised(data):
    heard = outcome(data)
    if isinstance(heard, BadEvent):
        assert str(heard).endswith(".")
    else:
        assert events.decode_client(events.encode(heard)) == heard
