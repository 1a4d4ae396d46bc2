from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labchat.capture import bulk
from labchat.capture.capture import Capture
from labchat.capture.model import Chunk, End
from labchat.wire import frames
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Teller

C, S = Direction.C2S, Direction.S2C


def told(capture: Capture) -> list[object]:
    """All that numbering could get wrong."""
    rows = [
        (row.n, row.connection, row.direction, row.at_ns, row.end_ns, row.kind, row.length)
        for row in capture.rows()
    ]
    units = [capture.unit(row.n).unit for row in capture.rows()]
    return [rows, units, list(capture.events()), capture.connections]


def both_ways(
    teller: Callable[..., Teller], tell: Callable[[Teller], None]
) -> tuple[Capture, Capture]:
    """The same told to a capture that looks at every write, and to one that looks at the end."""
    one, other = teller(), teller()
    one.sink.subscribe(lambda: len(one.sink) and None)
    tell(one)
    tell(other)
    return one.sink, other.sink


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two chunks are many, and nine are most."""
    monkeypatch.setattr(bulk, "MANY", 2)
    monkeypatch.setattr(bulk, "MOST", 9)


steps = st.lists(
    st.tuples(
        st.sampled_from([1, 2]),
        st.sampled_from([C, S]),
        st.sampled_from(["text", "fragment", "ping", "cut", "empty", "gap", "end", "http", "note"]),
        st.integers(0, 20),
    ),
    max_size=40,
)


class Script:
    """Tells a capture of two WebSockets and an HTTP connection, step by step."""

    def __init__(self, sink: Capture) -> None:
        self.sink = sink
        self.at = 2
        self.offsets = dict.fromkeys([(n, way) for n in (1, 2, 3) for way in Direction], 0)
        for number in (1, 2, 3):
            sink.open(0, client=f"127.0.0.1:{number}", server="127.0.0.1:80")
        for number in (1, 2):
            self.say(number, C, UPGRADE)
            self.say(number, S, SWITCHED)

    def say(self, number: int, way: Direction, *parts: bytes) -> None:
        for data in parts:
            self.sink.append(number, Chunk(self.at, way, self.offsets[number, way], data))
            self.offsets[number, way] += len(data)

    def step(self, number: int, way: Direction, what: str, size: int) -> None:
        self.at += 1
        mask = b"1234" if way is C else None
        frame = frames.build(1, b"x" * size, mask=mask)
        said = {
            "text": (frame * (size % 3 + 1),),
            "fragment": (frames.build(2, b"x" * size, fin=False, mask=mask),),
            "ping": (frames.build(9, b"x" * size, mask=mask),),
            "cut": (frame[:3], frame[3:]),
            "empty": (b"",),
        }
        if what in said:
            self.say(number, way, *said[what])
        elif what == "gap":
            self.sink.gap(number, way, self.at, size + 1)
            self.offsets[number, way] += size + 1
        elif what == "end":
            self.sink.end(number, way, self.at, End.FIN)
        elif what == "http":
            self.say(3, C, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        else:
            self.sink.annotate(self.at, "x")


@given(told_steps=steps)
@settings(max_examples=150, deadline=None)
def test_all_at_once_is_as_one_by_one(
    told_steps: list[tuple[int, Direction, str, int]],
) -> None:
    one, other = Capture(), Capture()
    one.subscribe(lambda: len(one) and None)
    for sink in (one, other):
        script = Script(sink)
        for step in told_steps:
            script.step(*step)
    many, most = bulk.MANY, bulk.MOST
    bulk.MANY, bulk.MOST = 2, 9
    try:
        found = told(other)
    finally:
        bulk.MANY, bulk.MOST = many, most
    assert found == told(one)


UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


def test_a_long_conversation_keeps_its_order(teller: Callable[..., Teller]) -> None:
    def tell(telling: Teller) -> None:
        telling.upgrade(telling.open())
        telling.upgrade(telling.open())
        for n in range(300):
            telling.say(n % 2 + 1, S, frames.build(1, b"%d" % n))
            telling.say(n % 2 + 1, C, frames.build(1, b"%d" % n, mask=b"1234"))

    one, other = both_ways(teller, tell)
    assert told(other) == told(one)


def test_a_chunk_out_of_place_is_left_to_the_slow_path(
    teller: Callable[..., Teller], few: None
) -> None:
    def tell(telling: Teller) -> None:
        telling.upgrade(telling.open())
        for n in range(9):
            telling.say(1, S, frames.build(1, b"%d" % n))
            if n == 5:
                telling.offsets[1, S] += 7
            if n == 7:
                telling.offsets[1, S] -= 3

    one, other = both_ways(teller, tell)
    assert told(other) == told(one)
    assert [row.kind.value for row in other.rows()].count("gap") == 1


def test_a_capture_that_began_late_is_taken_one_by_one(
    teller: Callable[..., Teller], few: None
) -> None:
    def tell(telling: Teller) -> None:
        telling.open()
        for n in range(9):
            telling.say(1, S, frames.build(1, b"%d" % n))

    one, other = both_ways(teller, tell)
    assert told(other) == told(one)
    assert other.connections[0].late
