from __future__ import annotations

import pytest

from labchat.tap.faults.actions import Piece
from labchat.tap.units import PATIENCE, Splitter
from labchat.wire import frames
from labchat.wire.fields import Direction

C2S, S2C = Direction.C2S, Direction.S2C
ASK = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n\r\n"
)
HELLO = frames.build(1, b'{"type":"message"}', mask=b"abcd")
PING = frames.build(9, b"")


def brief(pieces: list[Piece]) -> list[tuple[Direction, str, bytes]]:
    return [(piece.direction, piece.kind, piece.data) for piece in pieces]


def test_units_come_out_whole_whatever_the_chunks():
    splitter = Splitter()
    got = []
    for direction, stream in ((C2S, ASK), (S2C, SWITCH + PING), (C2S, HELLO)):
        for at in range(len(stream)):
            got += splitter.feed(direction, stream[at : at + 1])
    assert brief(got) == [
        (C2S, "request", ASK),
        (S2C, "response", SWITCH),
        (S2C, "frame", PING),
        (C2S, "frame", HELLO),
    ]
    assert got[0].path == "/ws"
    assert (got[3].opcode, got[3].body) == (1, b'{"type":"message"}')
    assert got[3].unit.masking_key == b"abcd"
    assert splitter.give_up() == []


def test_frames_that_come_before_the_switch_wait_for_it():
    splitter = Splitter()
    assert brief(splitter.feed(C2S, ASK + HELLO)) == [(C2S, "request", ASK)]
    assert brief(splitter.feed(S2C, SWITCH)) == [(C2S, "frame", HELLO), (S2C, "response", SWITCH)]


def test_the_end_gives_out_what_is_left_and_then_itself():
    splitter = Splitter()
    splitter.feed(C2S, b"GET / HT")
    left, fin = splitter.feed(C2S, b"")
    assert left.data == b"GET / HT"
    assert fin == Piece(C2S, b"")


def test_giving_up_gives_out_what_waits():
    splitter = Splitter([(C2S, ASK), (S2C, SWITCH), (C2S, HELLO[:5])])
    splitter.feed(C2S, HELLO[5:8])
    splitter.feed(S2C, PING[:1])
    assert splitter.give_up() == [Piece(C2S, HELLO[5:8], rest=True), Piece(S2C, PING[:1])]
    assert splitter.give_up() == []


def test_cutting_may_start_in_mid_connection():
    splitter = Splitter([(C2S, ASK), (S2C, SWITCH), (C2S, HELLO[:5])])
    assert brief(splitter.feed(C2S, HELLO[5:] + HELLO)) == [
        (C2S, "", HELLO[5:]),
        (C2S, "frame", HELLO),
    ]


def test_a_long_body_does_not_wait_for_ever():
    splitter = Splitter()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (2 * PATIENCE)
    assert splitter.feed(S2C, head) == []
    (first,) = splitter.feed(S2C, bytes(PATIENCE))
    assert (first.kind, first.data[:15], len(first.data)) == (
        "",
        b"HTTP/1.1 200 OK",
        len(head) + PATIENCE,
    )
    (rest,) = splitter.feed(S2C, bytes(PATIENCE))
    assert (rest.kind, len(rest.data)) == ("", PATIENCE)
    assert splitter.give_up() == []


def test_inserted_bytes_are_known_but_not_given_out():
    splitter = Splitter([(C2S, ASK), (S2C, SWITCH)])
    splitter.insert(S2C, PING)
    assert brief(splitter.feed(S2C, PING)) == [(S2C, "frame", PING)]
    splitter.feed(S2C, PING[:1])
    splitter.insert(S2C, PING)
    assert brief(splitter.feed(S2C, PING[1:])) == [(S2C, "frame", PING)]


@pytest.mark.parametrize(
    ("direction", "chunks"),
    [
        (C2S, [b"any TCP app", b"\x00\x01", b"and so on"]),
        (C2S, [b"\x81\x85", b"no frame of a WebSocket"]),
        (S2C, [b"220 mail.example ready\r\n", b"HELP"]),
    ],
)
def test_what_nobody_knows_does_not_wait(direction, chunks):
    splitter = Splitter()
    for chunk in chunks:
        assert b"".join(piece.data for piece in splitter.feed(direction, chunk)) == chunk


def test_bytes_after_another_upgrade_do_not_wait():
    splitter = Splitter()
    splitter.feed(C2S, ASK.replace(b"websocket", b"other"))
    splitter.feed(S2C, SWITCH.replace(b"websocket", b"other"))
    assert brief(splitter.feed(S2C, b"abc")) == [(S2C, "", b"abc")]


def test_an_event_waits_for_its_end():
    splitter = Splitter()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    splitter.feed(C2S, b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    assert brief(splitter.feed(S2C, head)) == [(S2C, "response", head)]
    assert splitter.feed(S2C, b"data: a\n") == []
    assert brief(splitter.feed(S2C, b"\n")) == [(S2C, "response", b"data: a\n\n")]


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x00\x02hi", b"\x00\x01\x02\x03" * 30_000])
def test_what_is_no_http_comes_out_too(data):
    splitter = Splitter()
    out = splitter.feed(C2S, data) + splitter.feed(C2S, b"")
    assert b"".join(piece.data for piece in out) == data
    assert out[0].body == b""
