from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labchat.capture import files, pcapng
from labchat.capture.capture import Capture
from labchat.capture.model import Chunk, End
from labchat.errors import CaptureError
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Teller

    Facts = Callable[[Capture], list[object]]

C, S = Direction.C2S, Direction.S2C


def test_a_capture_comes_back_as_it_was(chat: Capture, facts: Facts, tmp_path: Path) -> None:
    pcapng.write(chat, tmp_path / "chat.pcapng")
    again = pcapng.read(tmp_path / "chat.pcapng")
    expected = facts(chat)
    ended = [connection.ended for connection in again.connections]
    assert ended[0].pop(S)[1] is End.CAPTURE
    assert ended[1].pop(C)[1] is End.CAPTURE
    assert facts(again)[:2] == expected[:2]
    assert facts(again)[3:] == expected[3:]
    assert ended == [connection.ended for connection in chat.connections]
    assert [one.label for one in again.connections] == ["Alice", None]


def test_a_second_trip_changes_nothing(chat: Capture, facts: Facts, tmp_path: Path) -> None:
    pcapng.write(chat, tmp_path / "one.pcapng")
    once = pcapng.read(tmp_path / "one.pcapng")
    pcapng.write(once, tmp_path / "two.pcapng")
    assert facts(pcapng.read(tmp_path / "two.pcapng")) == facts(once)


def test_the_wall_clock_may_be_unknown(facts: Facts, tmp_path: Path) -> None:
    capture = Capture()
    capture.open(5, client="[::1]:50001", server="[::1]:3000")
    capture.append(1, Chunk(9, C, 0, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    pcapng.write(capture, tmp_path / "x.pcapng")
    again = pcapng.read(tmp_path / "x.pcapng")
    assert again.started_at is None
    assert (again.rows()[0].at_ns, again.connections[0].client) == (9, "[::1]:50001")


def test_gaps_and_ends_come_back(teller: Callable[..., Teller], tmp_path: Path) -> None:
    telling = teller()
    number = telling.open()
    telling.say(number, C, b"GET / HTTP/1.1\r\nContent-Le")
    telling.lose(number, C, 500)
    telling.say(number, C, b"rest")
    telling.lose(number, C, 20)
    telling.end(number, C, End.LOCAL)
    telling.end(number, S, End.RST)
    pcapng.write(telling.sink, tmp_path / "x.pcapng")
    again = pcapng.read(tmp_path / "x.pcapng")

    def told(capture: Capture) -> list[object]:
        return [(r.kind, r.length, r.at_ns) for r in capture.rows()]

    assert told(again) == told(telling.sink)
    assert again.connections[0].ended == telling.sink.connections[0].ended


def test_a_chunk_of_any_size_is_split_and_joined(tmp_path: Path) -> None:
    capture = Capture()
    capture.open(0, client="127.0.0.1:1", server="127.0.0.1:2")
    body = bytes(range(256)) * 1000
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    capture.append(1, Chunk(1, C, 0, head + body))
    pcapng.write(capture, tmp_path / "x.pcapng")
    again = pcapng.read(tmp_path / "x.pcapng")
    assert again.stream(1, C) == head + body
    assert [(row.length, row.at_ns, row.end_ns) for row in again.rows()] == [
        (len(head + body), 1, 1)
    ]


def test_annotations_before_their_connection_wait_for_it(tmp_path: Path) -> None:
    capture = Capture()
    capture.annotate(1, "early", connection=1)
    capture.annotate(1, "general")
    capture.open(5, client="127.0.0.1:1", server="127.0.0.1:2")
    capture.append(1, Chunk(6, C, 0, b"x"))
    capture.annotate(9, "of nobody", connection=7)
    pcapng.write(capture, tmp_path / "x.pcapng")
    again = pcapng.read(tmp_path / "x.pcapng")
    assert {(one.text, one.connection, one.at_ns) for one in again.annotations} == {
        ("early", 1, 1),
        ("general", None, 1),
        ("of nobody", None, 9),
    }


def test_a_place_that_cannot_be_written_is_named(chat: Capture, tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be written: No such file"):
        pcapng.write(chat, tmp_path / "no" / "where.pcapng")


def test_a_full_disk_is_named(chat: Capture) -> None:
    with pytest.raises(CaptureError, match="/dev/full cannot be written: No space left"):
        pcapng.write(chat, "/dev/full")


@given(
    st.lists(
        st.tuples(st.integers(1, 2), st.sampled_from(Direction), st.binary(max_size=40)),
        max_size=20,
    )
)
@settings(max_examples=50, deadline=None)
def test_any_streams_come_back(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[int, Direction, bytes]]
) -> None:
    capture = Capture(epoch_ns=10)
    for port in (1, 2):
        capture.open(10, client=f"127.0.0.1:{port}", server="127.0.0.1:80")
    offsets = dict.fromkeys([(n, way) for n in (1, 2) for way in Direction], 0)
    for at, (number, way, data) in enumerate(said, 11):
        capture.append(number, Chunk(at, way, offsets[number, way], data))
        offsets[number, way] += len(data)
    for number in (1, 2):
        for way in Direction:
            capture.end(number, way, 99, End.FIN)
    path = tmp_path_factory.mktemp("any") / "x.pcapng"
    pcapng.write(capture, path)
    again = files.load(path).capture
    for number, way in offsets:
        assert again.stream(number, way) == capture.stream(number, way)
    assert [(r.n, r.at_ns, r.end_ns, r.kind) for r in again.rows()] == [
        (r.n, r.at_ns, r.end_ns, r.kind) for r in capture.rows()
    ]
