"""Frame boundaries as columns, and payloads without them."""

from __future__ import annotations

import pytest

from labchat.wire import frames, index
from labchat.wire.index import Columns

KEY = b"\x01\x02\x03\x04"
STREAM = [
    frames.build(1, b"a" * 5, fin=False),
    frames.build(9, b"p", mask=KEY),
    frames.build(0, b"b" * 130, mask=KEY),
    frames.build(2, b"c" * 70_000),
    frames.build(2, b"e" * 70_000, mask=KEY),
    frames.build(1, b"", length_form=64, mask=KEY),
    frames.build(0, b"d"),
    frames.build(1, b"x", fin=False),
    frames.build(1, b"y"),
    frames.build(2, b"", mask=KEY),
]
WHOLE = b"".join(STREAM)
PAYLOADS = [frames.dissect(one).payload for one in STREAM]


def rows(columns):
    return list(zip(columns.start, columns.length, columns.first, columns.link, strict=True))


@pytest.mark.parametrize("step", [1, 7, 1000, len(WHOLE)])
def test_boundaries_and_messages_however_the_bytes_come(step):
    columns, pos, message = Columns(), 0, -1
    for stop in range(step, len(WHOLE) + step, step):
        pos, message = index.scan_frames(WHOLE[:stop], pos, columns, message)
    assert (pos, message) == (len(WHOLE), -1)
    assert list(columns.length) == [len(one) for one in STREAM]
    assert list(columns.link) == [0, 1, 0, 3, 4, 5, 6, 7, 8, 9]
    assert set(columns.kind) == {index.FRAME}
    assert len(columns) == len(STREAM)


def test_a_limit_and_what_follows():
    columns = Columns()
    pos, message = index.scan_frames(WHOLE, 0, columns, limit=1)
    assert (pos, message, len(columns)) == (7, 0, 1)
    pos, message = index.scan_frames(WHOLE + b"\x81\x7f\xff", pos, columns, message)
    assert pos == len(WHOLE)
    assert index.frame_stop(b"\x81\x7f\xff", 0) is None


@pytest.mark.parametrize("cut", range(len(STREAM)))
def test_payloads_straight_from_bytes(cut):
    found: list[bytes] = []
    data = WHOLE + STREAM[cut][:-1]
    assert index.unmasked(data, 0, found) >= len(WHOLE)
    assert found[: len(PAYLOADS)] == PAYLOADS


@pytest.mark.parametrize(
    "tail", [b"", b"\x81", b"\x81\x7e\x01", b"\x81\xff" + b"\xff" * 8, b"\x81\x05abc"]
)
def test_a_frame_that_is_cut_is_left_alone(tail):
    found: list[bytes] = []
    assert index.unmasked(WHOLE + tail, 0, found) == len(WHOLE)
    columns = Columns()
    assert index.scan_frames(WHOLE + tail, 0, columns)[0] == len(WHOLE)


@pytest.mark.parametrize(
    ("data", "stop"),
    [
        (b"", None),
        (b"\x81", None),
        (b"\x81\x05", 7),
        (b"\x81\x85", 11),
        (b"\x81\x7e", None),
        (b"\x81\x7e\x01\x00", 260),
        (b"\x81\xff\x7f" + b"\xff" * 7, (1 << 63) - 1 + 14),
    ],
)
def test_where_a_frame_will_end(data, stop):
    assert index.frame_stop(data, 0) == stop


def test_a_length_of_2_to_the_63_costs_nothing():
    columns = Columns()
    assert index.scan_frames(b"\x82\x7f\x80" + bytes(1000), 0, columns) == (0, -1)
    assert len(columns) == 0
