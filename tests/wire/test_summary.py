"""One line for each unit."""

from __future__ import annotations

import pytest

from labchat.wire import frames, http1
from labchat.wire.conversation import Conversation, Gap
from labchat.wire.fields import Direction
from labchat.wire.summary import PREVIEW, count, shorten, summarize

S2C = Direction.S2C
HEAD = http1.dissect_response(
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", part="head"
)


def event(data, *, end=False):
    return http1.dissect_event(data, HEAD, chunked=False, left=0, end=end)


HTTP = [
    (http1.dissect_request(b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"), "GET /a?b"),
    (http1.dissect_response(b"HTTP/1.1 204 No Content\r\n\r\n"), "204 No Content"),
    (http1.dissect_response(b"HTTP/1.1 204\r\n\r\n"), "204"),
    (HEAD, "200 OK"),
    (event(b"event: note\ndata: a\n\n"), "note: a"),
    (event(b": ping\n\n"), "comment ping"),
    (event(b"id: 3\n\n"), "no event"),
    (event(b"", end=True), "end of the event stream"),
    (Gap(1), "1 byte missing"),
    (Gap(12345), "12,345 bytes missing"),
]


@pytest.mark.parametrize(("unit", "line"), HTTP)
def test_units_that_are_no_frames(unit, line):
    assert summarize(unit) == line


FRAMES = [
    ([frames.build(1, "hé\n\x1b[31m".encode())], ["hé··[31m"]),
    ([frames.build(1, b"x" * 500)], ["x" * (PREVIEW - 1) + "…"]),
    ([frames.build(2, b"\x00\x01")], ["binary 2 bytes"]),
    (
        [
            frames.build(1, b"ab", fin=False),
            frames.build(0, b"c", fin=False),
            frames.build(0, b"d"),
        ],
        ["first fragment: ab", "fragment: c", "last fragment: d"],
    ),
    (
        [frames.build(2, b"ab", fin=False), frames.build(0, b"c")],
        ["first fragment: binary 2 bytes", "last fragment: binary 1 byte"],
    ),
    ([frames.build(9, b"abcd"), frames.build(10)], ["ping 4 bytes", "pong 0 bytes"]),
    ([frames.build(8, b"\x03\xe9")], ["close 1001 going away"]),
    ([frames.build(8, b"\x0f\xa0bye")], ["close 4000 “bye”"]),
    ([frames.build(8)], ["close without a code"]),
    ([frames.build(11, b"a")], ["reserved 0xB 1 byte"]),
    ([frames.build(3, b"a")], ["reserved 0x3 1 byte"]),
]


@pytest.mark.parametrize(("pieces", "lines"), FRAMES)
def test_frames(pieces, lines):
    conversation = Conversation()
    conversation.feed(S2C, frames.build(9))
    for piece in pieces:
        conversation.feed(S2C, piece)
    rows = range(1, len(pieces) + 1)
    assert [
        summarize(conversation.unit(S2C, row), conversation.message(S2C, row)) for row in rows
    ] == lines


def test_undissected_says_why():
    conversation = Conversation()
    conversation.feed(S2C, b"junk")
    conversation.end(S2C)
    assert summarize(conversation.unit(S2C, 0)) == "not HTTP/1.1: no start line stands here"


def test_words():
    assert (count(1), count(2)) == ("1 byte", "2 bytes")
    assert shorten("a\u202eb\tc") == "a·b·c"
