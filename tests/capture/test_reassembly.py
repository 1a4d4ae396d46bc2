from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labchat.capture import reassembly
from labchat.capture.flows import reverse
from labchat.capture.headers import ACK, FIN, PSH, RST, SYN
from labchat.capture.model import End
from labchat.capture.reassembly import Reassembler
from labchat.capture.remarks import Remark
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from labchat.capture.flows import Half
    from labchat.capture.reassembly import Event

FORTH = bytes([10, 0, 0, 1, 10, 0, 0, 2]) + (50_000).to_bytes(2, "big") + (80).to_bytes(2, "big")
BACK = reverse(FORTH)
C, S = Direction.C2S, Direction.S2C


class Wire:
    """Segments by hand, and what came of them."""

    def __init__(self) -> None:
        self.reassembler = Reassembler()
        self.now = 0

    def send(
        self, key: bytes, seq: int, data: bytes = b"", flags: int = ACK, ack: int = 0
    ) -> Half | None:
        self.now += 1
        return self.reassembler.segment(self.now, (key, seq % 2**32, ack % 2**32, flags, data))

    def handshake(self, client: int = 0, server: int = 0) -> Wire:
        self.send(FORTH, client, flags=SYN)
        self.send(BACK, server, flags=SYN | ACK, ack=client + 1)
        self.send(FORTH, client + 1, ack=server + 1)
        return self

    def events(self) -> list[Event]:
        self.reassembler.finish()
        return self.reassembler.events

    def stream(self, way: Direction) -> list[bytes | int | End]:
        """The data joined, with gaps and the end where they stand."""
        said: list[bytes | int | End] = []
        for _, half, what in self.events():
            if half is None or half.direction is not way or what is None:
                continue
            assert not isinstance(what, Remark)
            if said and isinstance(what, bytes) and isinstance(said[-1], bytes):
                said[-1] += what
            else:
                said.append(what)
        return said


def test_segments_in_order() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 1, b"Hel")
    wire.send(BACK, 1, b"ok")
    wire.send(FORTH, 4, b"lo")
    assert wire.stream(C) == [b"Hello", End.CAPTURE]


def test_times_are_those_of_the_segments() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 1, b"a")
    wire.send(BACK, 1, b"b")
    times = [(at, what) for at, _, what in wire.events() if isinstance(what, bytes)]
    assert times == [(4, b"a"), (5, b"b")]


def test_retransmission_counts_once() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 1, b"Hello")
    wire.send(FORTH, 1, b"Hello")
    wire.send(FORTH, 6, b"!")
    assert wire.stream(C) == [b"Hello!", End.CAPTURE]


def test_of_an_overlap_the_first_copy_counts() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 1, b"Hello")
    wire.send(FORTH, 3, b"XXX, world")
    assert wire.stream(C) == [b"Hello, world", End.CAPTURE]


def test_a_keep_alive_is_no_data() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 1, b"Hello")
    wire.send(FORTH, 5, b"\0")
    assert wire.stream(C) == [b"Hello", End.CAPTURE]


def test_reordered_segments_arrive_when_the_hole_is_filled() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 6, b", ")
    wire.send(FORTH, 8, b"world")
    wire.send(FORTH, 1, b"Hello")
    events = [(at, what) for at, _, what in wire.events() if isinstance(what, bytes)]
    assert events == [(6, b"Hello"), (6, b", "), (6, b"world")]


def test_a_segment_that_bridges_held_ones() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 4, b"de")
    wire.send(FORTH, 8, b"hi")
    wire.send(FORTH, 1, b"abcdefg")
    assert wire.stream(C) == [b"abcdefghi", End.CAPTURE]


def test_what_is_lost_is_a_gap_and_the_rest_keeps_its_time() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 1, b"Hello")
    wire.send(FORTH, 9, b"later")
    wire.send(BACK, 1, b"answer")
    events = [(at, what) for at, half, what in wire.events() if half and half.direction is C]
    assert events[1:] == [(4, b"Hello"), (5, 3), (5, b"later"), (6, End.CAPTURE)]


def test_too_much_behind_a_hole_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassembly, "MAX_HELD", 3)
    wire = Wire().handshake()
    for at in range(4):
        wire.send(FORTH, 10 + at, b"x")
    assert [what for _, _, what in wire.reassembler.events if what is not None] == [
        9,
        b"x",
        b"x",
        b"x",
        b"x",
    ]
    wire.send(FORTH, 1, b"too late!")
    assert wire.stream(C) == [9, b"xxxx", End.CAPTURE]


def test_too_many_bytes_behind_a_hole_are_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassembly, "MAX_HELD_BYTES", 10)
    wire = Wire().handshake()
    wire.send(FORTH, 5, b"x" * 11)
    assert next(what for _, _, what in wire.reassembler.events if what is not None) == 4


def test_sequence_numbers_wrap() -> None:
    wire = Wire().handshake(client=2**32 - 3)
    wire.send(FORTH, 2**32 - 2, b"ab")
    wire.send(FORTH, 2, b"ef")
    wire.send(FORTH, 0, b"cd")
    assert wire.stream(C) == [b"abcdef", End.CAPTURE]


def test_what_lies_beyond_every_window_is_left_out() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 2**30 + 7, b"nonsense")
    wire.send(FORTH, 1, b"Hello")
    assert wire.stream(C) == [b"Hello", End.CAPTURE]


def test_fin_ends_after_the_last_byte_even_when_it_comes_first() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 6, flags=FIN | ACK)
    wire.send(FORTH, 1, b"Hello")
    wire.send(FORTH, 6, flags=FIN | ACK)
    wire.send(FORTH, 6, b"after the end")
    assert wire.stream(C) == [b"Hello", End.FIN]


def test_fin_with_data() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 1, b"Hello", flags=FIN | PSH | ACK)
    assert wire.stream(C) == [b"Hello", End.FIN]


def test_what_is_missing_before_a_fin_is_a_gap() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 1, b"Hello")
    wire.send(FORTH, 10, flags=FIN | ACK)
    assert wire.stream(C) == [b"Hello", 4, End.FIN]


def test_held_data_before_a_fin() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 3, b"llo", flags=FIN | ACK)
    assert wire.stream(C) == [2, b"llo", End.FIN]


def test_a_fin_beyond_every_window_is_none() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 2**30 + 7, flags=FIN | ACK)
    assert wire.stream(C) == [End.CAPTURE]


def test_rst_ends_at_once_but_keeps_what_came_before() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 3, b"llo")
    wire.send(FORTH, 6, flags=RST)
    wire.send(FORTH, 6, flags=RST)
    assert wire.stream(C) == [2, b"llo", End.RST]


def test_a_port_used_again_is_a_new_connection() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 1, b"one")
    wire.send(FORTH, 4, flags=FIN | ACK)
    wire.handshake()
    wire.send(FORTH, 1, b"two")
    wire.handshake(client=7777)
    wire.send(FORTH, 7778, b"three")
    wire.events()
    assert len(wire.reassembler.flows) == 3
    assert [flow.first.offset for flow in wire.reassembler.flows] == [3, 3, 5]


def test_a_repeated_handshake_is_the_same_connection() -> None:
    wire = Wire()
    wire.send(FORTH, 5, flags=SYN)
    wire.handshake(client=5, server=9)
    wire.handshake(client=5, server=9)
    wire.send(FORTH, 6, b"data")
    assert len(wire.reassembler.flows) == 1
    assert wire.stream(C) == [b"data", End.CAPTURE]


def test_data_in_the_syn() -> None:
    wire = Wire()
    wire.send(FORTH, 0, b"fast ", flags=SYN)
    wire.send(FORTH, 6, b"open")
    assert wire.stream(C) == [b"fast open", End.CAPTURE]


def test_the_answer_to_the_handshake_tells_the_client_too() -> None:
    wire = Wire()
    wire.send(BACK, 0, flags=SYN | ACK, ack=10)
    wire.send(BACK, 1, b"banner")
    wire.send(FORTH, 12, b"c")
    flow = wire.reassembler.flows[0]
    assert wire.stream(S) == [b"banner", End.CAPTURE]
    assert flow.client is flow.second
    assert [what for _, half, what in wire.reassembler.events if half is flow.second] == [
        2,
        b"c",
        End.CAPTURE,
    ]


@pytest.mark.parametrize("flags", [ACK, 0])
def test_a_capture_may_begin_late(flags: int) -> None:
    wire = Wire()
    assert wire.send(FORTH, 500) is None
    assert wire.send(FORTH, 500, flags=RST) is None
    wire.send(FORTH, 500, b"\x81\x85\1\2\3\4", flags=flags, ack=900)
    wire.send(BACK, 900, b"\x81\5Hello")
    assert wire.reassembler.flows[0].late
    assert wire.stream(S) == [b"\x81\5Hello", End.CAPTURE]


def test_a_new_handshake_after_a_late_start_is_a_new_connection() -> None:
    wire = Wire()
    wire.send(FORTH, 500, b"old")
    wire.handshake()
    wire.events()
    assert [flow.late for flow in wire.reassembler.flows] == [True, False]


def test_a_late_connection_whose_server_spoke_first() -> None:
    wire = Wire()
    wire.send(BACK, 1, b"HTTP/1.1 200 OK\r\n")
    wire.send(BACK, 18, b"\r\n")
    assert wire.stream(S) == [b"HTTP/1.1 200 OK\r\n\r\n", End.CAPTURE]


def test_no_answer_resets_nothing() -> None:
    wire = Wire()
    wire.send(FORTH, 0, flags=SYN)
    wire.send(BACK, 0, flags=RST | ACK, ack=1)
    assert wire.stream(S) == [End.RST]


def test_remarks_of_labchat_itself() -> None:
    wire = Wire().handshake()
    half = wire.send(FORTH, 1, b"one")
    take = wire.reassembler.remark
    take(wire.now, None, Remark("gap", "4 bytes", 1, None, "c2s"))
    wire.send(FORTH, 8, b"two")
    half = wire.send(FORTH, 11, flags=RST)
    take(wire.now, half, Remark("end", "local", 1, None, "c2s"))
    take(wire.now, None, Remark("gap", "4 bytes", 1, None, "c2s"))
    take(wire.now, None, Remark("gap", "2 bytes", 1, None, "s2c"))
    assert wire.stream(C) == [b"one", 4, b"two", End.LOCAL]
    assert wire.stream(S)[0] == 2


@pytest.mark.parametrize("text", ["many bytes", "0 bytes", "99999999999 bytes", "² bytes"])
@pytest.mark.parametrize("connection", [1, 2, None])
def test_remarks_that_cannot_be_change_nothing(text: str, connection: int | None) -> None:
    wire = Wire().handshake()
    wire.reassembler.remark(5, None, Remark("gap", text, connection, None, "c2s"))
    assert wire.stream(C) == [End.CAPTURE]


def test_a_remark_at_no_end_is_kept_as_it_is() -> None:
    wire = Wire().handshake()
    half = wire.send(FORTH, 1)
    remark = Remark("end", "local", 1, None, "c2s")
    wire.reassembler.remark(3, half, remark)
    assert remark in [what for _, _, what in wire.events()]


def test_a_remark_after_the_end_changes_nothing() -> None:
    wire = Wire().handshake()
    half = wire.send(FORTH, 1, flags=RST)
    wire.send(BACK, 1, b"late")
    wire.reassembler.remark(wire.now, half, Remark("end", "local", 1, None, "c2s"))
    assert wire.stream(C) == [End.RST]


def test_events_are_released_when_nothing_can_change_them() -> None:
    wire = Wire().handshake()
    wire.send(FORTH, 1, b"one")
    assert len(wire.reassembler.release()) == 2
    assert wire.reassembler.release() == []
    wire.send(FORTH, 9, b"held")
    assert wire.reassembler.release() == []
    wire.send(FORTH, 4, b"12345")
    assert len(wire.reassembler.release()) == 2
    half = wire.send(FORTH, 13, flags=RST)
    wire.reassembler.release()
    wire.reassembler.remark(wire.now, half, Remark("end", "local", 1, None, "c2s"))
    assert [(at, what) for at, _, what in wire.events()] == [(7, End.CAPTURE)]


def test_nothing_is_released_while_a_client_is_unknown() -> None:
    wire = Wire()
    wire.send(FORTH, 1, b"late")
    assert wire.reassembler.release() == []


@given(st.data(), st.binary(min_size=1, max_size=300), st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_any_segmentation_and_order_gives_the_stream(
    data: st.DataObject, stream: bytes, start: int
) -> None:
    """Cut, duplicated, overlapping, shuffled: as long as each byte comes, it is the stream."""
    wire = Wire().handshake(client=start)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)) | {0, len(stream)})
    pieces = list(pairwise(cuts))
    extra = data.draw(st.lists(st.sampled_from(pieces), max_size=4))
    overlaps = [(max(0, i - 3), j) for i, j in extra]
    for i, j in data.draw(st.permutations(pieces + overlaps)):
        wire.send(FORTH, start + 1 + i, stream[i:j])
    assert wire.stream(C) == [stream, End.CAPTURE]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([FORTH, BACK]),
            st.integers(0, 60) | st.integers(0, 2**32 - 1),
            st.binary(max_size=9),
            st.integers(0, 31),
        ),
        max_size=30,
    )
)
def test_no_segments_raise_and_time_never_runs_backwards(
    segments: list[tuple[bytes, int, bytes, int]],
) -> None:
    wire = Wire()
    for key, seq, data, flags in segments:
        wire.send(key, seq, data, flags)
    times = [at for at, _, _ in wire.events()]
    assert times == sorted(times)
