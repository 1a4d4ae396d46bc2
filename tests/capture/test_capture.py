"""The capture: what is written comes out as units, with the times of their own bytes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labchat.capture.capture import Capture, Chunk, End, Ended, Gapped, Opened
from labchat.wire import frames
from labchat.wire.fields import Direction
from labchat.wire.index import Kind

C2S, S2C = Direction.C2S, Direction.S2C
UPGRADE = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
KEY = b"abcd"


class Scribe:
    """Writes into a capture, keeping the offsets, one microsecond an event."""

    def __init__(self, capture=None):
        self.capture = capture or Capture()
        self.number = self.capture.open(0, client="127.0.0.1:5000", server="127.0.0.1:3000")
        self.offsets = {C2S: 0, S2C: 0}
        self.now = 0

    def say(self, direction, data, at=None):
        self.now = self.now + 1000 if at is None else at
        self.capture.append(self.number, Chunk(self.now, direction, self.offsets[direction], data))
        self.offsets[direction] += len(data)

    def upgrade(self):
        self.say(C2S, UPGRADE)
        self.say(S2C, SWITCH)
        return self


def brief(capture):
    return [(row.n, row.direction.value, row.kind.value, row.length) for row in capture.rows()]


def test_units_are_numbered_as_their_last_bytes_came():
    scribe = Scribe().upgrade()
    half = frames.build(1, b"hello", mask=KEY)
    scribe.say(C2S, half[:4])
    scribe.say(S2C, frames.build(9))
    scribe.say(C2S, half[4:] + frames.build(10, mask=KEY))
    assert brief(scribe.capture) == [
        (1, "c2s", "request", len(UPGRADE)),
        (2, "s2c", "response", len(SWITCH)),
        (3, "s2c", "frame", 2),
        (4, "c2s", "frame", 11),
        (5, "c2s", "frame", 6),
    ]
    rows = scribe.capture.rows()
    assert [(row.at_ns, row.end_ns) for row in rows] == [
        (1000, 1000),
        (2000, 2000),
        (4000, 4000),
        (3000, 5000),
        (5000, 5000),
    ]
    assert [row.opcode for row in rows] == [None, None, 9, 1, 10]
    assert len(scribe.capture) == 5
    assert Capture()
    assert len(Capture()) == 0


def test_times_count_from_the_epoch():
    capture = Capture(epoch_ns=10**9, started_at=datetime(2026, 11, 25, tzinfo=UTC))
    number = capture.open(10**9 + 5, client="a:1", server="b:2", label="Alice")
    capture.append(number, Chunk(10**9 + 7, S2C, 0, frames.build(1, b"x")))
    capture.end(number, S2C, 10**9 + 9, End.RST)
    capture.annotate(10**9 + 8, "held", connection=number, unit=1)
    (connection,) = capture.connections
    assert (connection.opened_ns, connection.label) == (5, "Alice")
    assert connection.ended == {S2C: (9, End.RST)}
    assert (connection.kind, connection.late) == ("websocket", True)
    assert capture.rows()[0].at_ns == 7
    (note,) = capture.annotations
    assert (note.at_ns, note.text, note.connection, note.unit) == (8, "held", 1, 1)
    assert capture.started_at.year == 2026


def test_a_remark_may_be_about_the_unit_that_has_just_gone():
    capture = Capture()
    number = capture.open(0, client="a:1", server="b:2")
    capture.annotate(0, "before any", connection=number, unit=S2C)
    whole = frames.build(1, b"x")
    capture.append(number, Chunk(1, S2C, 0, whole))
    capture.annotate(1, "the first", connection=number, unit=S2C)
    capture.annotate(1, "the other way", connection=number, unit=C2S)
    capture.append(number, Chunk(2, S2C, 3, whole + whole[:2]))
    capture.annotate(2, "half of one waits", connection=number, unit=S2C)
    capture.append(number, Chunk(3, S2C, 8, whole[2:]))
    capture.annotate(3, "the third", connection=number, unit=S2C)
    capture.annotate(4, "of no connection", unit=S2C)
    assert {note.text: note.unit for note in capture.annotations} == {
        "before any": None,
        "the first": 1,
        "the other way": None,
        "half of one waits": None,
        "the third": 3,
        "of no connection": None,
    }


def test_rows_may_be_asked_for_in_part():
    scribe = Scribe().upgrade()
    assert [row.n for row in scribe.capture.rows(2)] == [2]
    assert [row.n for row in scribe.capture.rows(1, 2)] == [1]
    assert [row.n for row in scribe.capture.rows(-5, 99)] == [1, 2]
    assert scribe.capture.rows(3) == []


def test_rows_tell_more_when_asked():
    scribe = Scribe().upgrade()
    scribe.say(S2C, frames.build(1, b"hello", mask=KEY))
    row = scribe.capture.rows(3)[0]
    assert row.summary == "hello"
    assert row.violations == 1
    assert repr(row).startswith("Row(n=3")


def test_a_unit_comes_with_its_message_and_its_peer():
    scribe = Scribe().upgrade()
    scribe.say(S2C, frames.build(1, b"he", fin=False) + frames.build(9) + frames.build(0, b"llo"))
    first, last = scribe.capture.unit(3), scribe.capture.unit(5)
    assert last.message == first.message
    assert (last.message.text, last.message.frames) == ("hello", (3, 5))
    assert scribe.capture.unit(4).message is None
    assert (scribe.capture.unit(1).peer, scribe.capture.unit(2).peer) == (2, 1)
    assert last.row == scribe.capture.rows()[4]
    assert scribe.capture.unit(3) is first


def test_content_has_a_view():
    scribe = Scribe()
    head = (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    )
    scribe.say(C2S, head + b"{}")
    assert scribe.capture.unit(1).view.name == "JSON"
    scribe = Scribe().upgrade()
    scribe.say(S2C, frames.build(1, b"hello") + frames.build(9))
    assert scribe.capture.unit(1).view is None
    assert scribe.capture.unit(3).view.name == "text"
    assert scribe.capture.unit(4).view is None


@pytest.mark.parametrize("n", [0, 3, -1])
def test_there_is_no_such_unit(n):
    with pytest.raises(IndexError, match=f"no unit {n}: there are 2"):
        Scribe().upgrade().capture.unit(n)


def test_what_may_still_change_is_not_kept():
    scribe = Scribe()
    scribe.say(C2S, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert scribe.capture.unit(1).peer is None
    scribe.say(S2C, b"HTTP/1.1 204 No Content\r\n\r\n")
    assert scribe.capture.unit(1).peer == 2
    scribe = Scribe().upgrade()
    scribe.say(S2C, frames.build(1, b"he", fin=False))
    assert not scribe.capture.unit(3).message.complete
    scribe.say(S2C, frames.build(0, b"llo"))
    assert scribe.capture.unit(3).message.complete


def test_only_some_units_are_kept():
    scribe = Scribe().upgrade()
    scribe.say(S2C, frames.build(1, b"x") * 40)
    first = scribe.capture.unit(1)
    for n in range(2, 41):
        scribe.capture.unit(n)
    assert scribe.capture.unit(1) == first
    assert scribe.capture.unit(1) is not first
    scribe.say(S2C, frames.build(2, bytes(2 << 20)))
    assert scribe.capture.unit(43) is not scribe.capture.unit(43)


def test_an_early_answer_has_a_peer_once_its_request_is_whole():
    scribe = Scribe()
    scribe.say(C2S, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
    scribe.say(S2C, b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
    assert scribe.capture.unit(1).peer is None
    scribe.say(C2S, b"b")
    assert scribe.capture.unit(2).peer == 1


def test_lost_bytes_are_a_unit_of_their_own():
    scribe = Scribe().upgrade()
    scribe.say(S2C, frames.build(1, b"a"))
    scribe.capture.gap(1, S2C, 9000, 100)
    scribe.offsets[S2C] += 100
    scribe.say(S2C, frames.build(1, b"b"), at=10_000)
    assert brief(scribe.capture)[2:] == [
        (3, "s2c", "frame", 3),
        (4, "s2c", "gap", 100),
        (5, "s2c", "frame", 3),
    ]
    events = list(scribe.capture.track(1).replay())
    assert [type(one).__name__ for one in events][-2:] == ["Gapped", "Chunk"]
    gap = scribe.capture.rows(4)[0]
    assert (gap.at_ns, gap.end_ns, gap.summary) == (9000, 9000, "100 bytes missing")
    assert scribe.capture.stream(1, S2C) == SWITCH + frames.build(1, b"a") + frames.build(1, b"b")


def test_a_gap_inside_a_frame_has_the_time_at_which_it_was_noticed():
    scribe = Scribe().upgrade()
    scribe.say(S2C, frames.build(2, bytes(50))[:20])
    scribe.capture.gap(1, S2C, 9000, 32)
    assert [(row.kind.value, row.at_ns) for row in scribe.capture.rows(3)] == [
        ("undissected", 3000),
        ("gap", 9000),
    ]


def test_a_chunk_ahead_of_its_stream_leaves_a_gap_and_an_overlap_is_cut_off():
    scribe = Scribe().upgrade()
    scribe.offsets[S2C] += 10
    scribe.say(S2C, frames.build(1, b"b"))
    scribe.offsets[S2C] -= 3
    scribe.say(S2C, frames.build(1, b"b"))
    scribe.offsets[S2C] -= 2
    scribe.say(S2C, frames.build(1, b"b")[1:] + frames.build(9))
    assert [kind for *_, kind, _ in brief(scribe.capture)[2:]] == ["gap", "frame", "frame"]
    events = list(scribe.capture.events())
    assert [type(event).__name__ for _, event in events] == [
        "Opened",
        "Chunk",
        "Chunk",
        "Gapped",
        "Chunk",
        "Chunk",
        "Chunk",
    ]


def test_what_is_left_at_the_end_becomes_a_unit():
    scribe = Scribe().upgrade()
    scribe.say(C2S, b"\x81\x85ab")
    assert scribe.capture.connections[0].pending == {C2S: 4, S2C: 0}
    scribe.capture.end(1, C2S, 5000, End.FIN)
    assert brief(scribe.capture)[2:] == [(3, "c2s", "undissected", 4)]
    assert scribe.capture.connections[0].pending == {C2S: 0, S2C: 0}
    assert scribe.capture.unit(3).row.kind is Kind.UNDISSECTED


def test_events_make_the_same_capture_again():
    scribe = Scribe(Capture(epoch_ns=7)).upgrade()
    other = scribe.capture.open(2500, client="c:1", server="d:2", label="Bob")
    scribe.say(S2C, frames.build(1, b"a"))
    scribe.say(S2C, b"")
    scribe.capture.gap(1, S2C, 9000, 100)
    scribe.offsets[S2C] += 100
    scribe.say(S2C, frames.build(1, b"b"))
    scribe.capture.append(other, Chunk(9900, C2S, 0, b"GET / HTTP/1.1\r\n"))
    scribe.capture.end(other, C2S, 9950, End.LOCAL)
    again = Capture(epoch_ns=7)
    for number, event in scribe.capture.events():
        if isinstance(event, Opened):
            assert (
                again.open(event.at_ns, client=event.client, server=event.server, label=event.label)
                == number
            )
        elif isinstance(event, Chunk):
            again.append(number, event)
        elif isinstance(event, Gapped):
            again.gap(number, event.direction, event.at_ns, event.length)
        else:
            assert isinstance(event, Ended)
            again.end(number, event.direction, event.at_ns, event.how)
    assert list(again.events()) == list(scribe.capture.events())
    assert again.connections == scribe.capture.connections
    assert [repr(row) for row in again.rows()] == [repr(row) for row in scribe.capture.rows()]


def test_labels_come_when_they_come():
    scribe = Scribe()
    scribe.capture.label(1, "Alice")
    assert scribe.capture.connections[0].label == "Alice"
    assert scribe.capture.track(1).label == "Alice"


def test_listeners_are_told_of_each_write_until_they_leave():
    told = []
    capture = Capture()
    leave = capture.subscribe(lambda: told.append(1))
    stay = capture.subscribe(lambda: told.append(2))
    number = capture.open(0, client="a:1", server="b:2")
    assert told == [1, 2]
    leave()
    capture.label(number, "x")
    assert told == [1, 2, 2]
    stay()
    capture.label(number, "y")
    assert told == [1, 2, 2]


def test_columns_hold_all_units_without_dissection():
    scribe = Scribe().upgrade()
    scribe.say(C2S, frames.build(1, b"hi", mask=KEY))
    columns = scribe.capture.columns()
    assert list(columns.lane) == [0, 1, 0]
    assert list(columns.row) == [0, 0, 1]
    assert list(columns.at_ns) == list(columns.end_ns) == [1000, 2000, 3000]
    to_server = columns.lanes[0]
    assert (to_server.connection, to_server.direction) == (1, C2S)
    assert list(to_server.numbers) == [1, 3]
    assert to_server.buffer[to_server.units.start[1] :] == frames.build(1, b"hi", mask=KEY)


def test_writers_and_readers_in_many_threads():
    capture = Capture()
    frame = frames.build(2, b"0123456789")

    def write():
        number = capture.open(0, client="a:1", server="b:2")
        for turn in range(300):
            capture.append(number, Chunk(turn, S2C, turn * len(frame), frame))

    def read():
        while len(capture) < 4 * 300:
            capture.rows()
            capture.connections  # noqa: B018 - reading is the test

    threads = [threading.Thread(target=write) for _ in range(4)]
    threads += [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(capture) == 1200
    assert {row.kind for row in capture.rows()} == {Kind.FRAME}
    assert [one.number for one in capture.connections] == [1, 2, 3, 4]


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=40), reads=st.sets(st.integers(0, 60))
)
@settings(max_examples=60, deadline=None)
def test_when_somebody_reads_changes_nothing(sizes, reads):
    """Numbers and times are the same, be the capture read once at the end or all along."""
    streams = {
        C2S: UPGRADE + frames.build(1, b"hasty", mask=KEY) + frames.build(2, b"x" * 40, mask=KEY),
        S2C: SWITCH + frames.build(1, b"hello") + frames.build(9) + frames.build(1, b"y" * 60),
    }
    once, often = Scribe(), Scribe()
    turn = 0
    while any(streams.values()):
        direction = C2S if streams[C2S] and (turn % 2 == 0 or not streams[S2C]) else S2C
        size = sizes[turn % len(sizes)]
        piece, streams[direction] = streams[direction][:size], streams[direction][size:]
        once.say(direction, piece)
        often.say(direction, piece)
        if turn in reads:
            len(often.capture)
        turn += 1
    assert [repr(row) for row in once.capture.rows()] == [repr(row) for row in often.capture.rows()]


def test_a_million_one_byte_segments_would_cost_21_bytes_each():
    capture = Capture()
    number = capture.open(0, client="a:1", server="b:2")
    for turn in range(20_000):
        capture.append(number, Chunk(turn, S2C, turn, b"\x89" if turn % 2 == 0 else b"\x00"))
    assert len(capture) == 10_000
    arrivals = capture.track(number)._arrivals[S2C]
    assert len(arrivals.at) == len(arrivals.place) == 20_000
    assert arrivals.at.itemsize + arrivals.place.itemsize + capture._log.itemsize + 1 == 21
