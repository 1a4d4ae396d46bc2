from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import labchat
from labchat.capture import tables
from labchat.capture.capture import Capture
from labchat.errors import CaptureError, MissingExtra
from labchat.wire import frames
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Teller

C, S = Direction.C2S, Direction.S2C
EVERY = ("units", "frames", "messages", "requests", "violations")

DTYPES = {
    "units": (
        "int64 int32 category category category int64 int64 int64 int64 int64 int64 int64 UInt8"
    ),
    "frames": (
        "int64 int32 category category int64 int64 bool uint8 uint8 category bool int64 uint8 "
        "int64 int64 Int32"
    ),
    "messages": (
        "int64 int64 int32 category category int64 int64 category int32 bool bool int64 int64 "
        "float64 str"
    ),
    "requests": (
        "int64 Int64 int32 category int64 int64 Int64 Int64 Int64 category str category Int16 "
        "category category int64 int64 Int64 Int64 int32"
    ),
    "violations": "int64 int32 category category category category int64 int64",
}


@pytest.mark.parametrize("name", EVERY)
def test_dtypes_are_as_told_and_the_same_when_empty(chat: Capture, name: str) -> None:
    for capture in (chat, Capture()):
        table = getattr(capture, name)
        assert " ".join(str(dtype) for dtype in table.dtypes) == DTYPES[name]
        assert not [dtype for dtype in table.dtypes if dtype == np.dtype(object)]


@pytest.mark.parametrize("name", EVERY)
def test_every_column_is_told_in_the_docstring(chat: Capture, name: str) -> None:
    assert tables.__doc__ is not None
    for column in getattr(chat, name).columns:
        assert column in tables.__doc__


def test_one_row_a_unit(chat: Capture) -> None:
    table = chat.units
    rows = chat.rows()
    assert list(table["n"]) == [row.n for row in rows]
    for column in ("connection", "at_ns", "end_ns", "length"):
        assert list(table[column]) == [getattr(row, column) for row in rows]
    assert list(table["direction"]) == [row.direction.value for row in rows]
    assert list(table["kind"]) == [row.kind.value for row in rows]
    opcodes = [None if pd.isna(opcode) else opcode for opcode in table["opcode"]]
    assert opcodes == [row.opcode for row in rows]
    assert list(table["label"].cat.categories) == ["Alice"]
    assert set(table["connection"][table["label"] == "Alice"]) == {1}
    assert table["label"].isna().sum() == sum(row.connection == 2 for row in rows)


def test_bytes_by_layer_add_up(chat: Capture) -> None:
    table = chat.units
    assert (table[["payload", "framing", "headers"]].sum(axis=1) == table["length"]).all()
    hello = table.iloc[2]
    assert (hello["payload"], hello["framing"], hello["headers"]) == (5, 6, 0)
    stored = table[table["kind"] == "response"].iloc[1]
    assert (stored["payload"], stored["framing"]) == (11, 10)
    assert (table["tcp_ip"] == 52).all()


def test_layers_of_every_recording_add_up(data: Path) -> None:
    for name in ("curl.pcap", "nginx.pcapng", "python-ipv6-nano.pcap"):
        table = labchat.open(data / name).units
        assert (table[["payload", "framing", "headers"]].sum(axis=1) == table["length"]).all()
        assert (table["tcp_ip"] == (72 if "ipv6" in name else 52)).all()


def test_the_estimate_counts_full_segments(teller: Callable[..., Teller]) -> None:
    telling = teller()
    telling.upgrade(telling.open())
    telling.say(1, S, frames.build(2, bytes(4 * tables.SEGMENT)))
    assert telling.sink.units["tcp_ip"].iloc[-1] == 5 * 52


def test_a_gap_has_a_length_but_no_layers(teller: Callable[..., Teller]) -> None:
    telling = teller()
    telling.upgrade(telling.open())
    telling.lose(1, S, 100)
    gap = telling.sink.units.iloc[-1]
    assert (gap["kind"], gap["length"]) == ("gap", 100)
    assert not gap[["payload", "framing", "headers"]].any()


def test_an_ended_event_stream_has_framing_at_its_end(data: Path) -> None:
    table = labchat.open(data / "curl.pcap").units
    event, end = table.iloc[7], table.iloc[8]
    assert (event["length"], event["payload"], event["framing"]) == (35, 29, 6)
    assert (end["length"], end["framing"]) == (5, 5)


def test_frames_are_those_of_the_dissector(data: Path) -> None:
    for name in ("node-sll2.pcap", "python-ipv6-nano.pcap"):
        capture = labchat.open(data / name)
        table = capture.frames
        assert len(table) == sum(row.kind == "frame" for row in capture.rows())
        for row in table.itertuples():
            captured = capture.unit(row.n)
            frame = captured.unit
            assert isinstance(frame, Frame)
            assert (row.fin, row.rsv, row.opcode) == (frame.fin, frame.rsv, frame.opcode)
            assert row.name == frames.opcode_name(frame.opcode)
            assert (row.masked, row.payload_length) == (frame.masked, frame.payload_length)
            assert (row.header_length, row.length) == (frame.header_length, len(frame.data))
            code = None if pd.isna(row.close_code) else row.close_code
            assert code == frame.close_code
            message = captured.message
            assert row.message == (message.first if message else row.n)


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
@pytest.mark.parametrize("way", [C, S])
def test_every_form_of_length(teller: Callable[..., Teller], way: Direction, size: int) -> None:
    telling = teller()
    telling.upgrade(telling.open())
    telling.say(1, way, frames.build(2, bytes(size), mask=b"1234" if way is C else None))
    row = telling.sink.frames.iloc[0]
    assert row["payload_length"] == size
    assert row["length"] == row["payload_length"] + row["header_length"]


def test_close_frames_without_code(teller: Callable[..., Teller]) -> None:
    telling = teller()
    telling.upgrade(telling.open())
    telling.say(1, S, frames.build(8, b""))
    assert telling.sink.frames["close_code"].isna().all()


def test_messages(chat: Capture) -> None:
    table = chat.messages
    assert list(table["text"])[:2] == ["Hello", "Hello"]
    assert pd.isna(table["text"].iloc[2])
    assert list(table["opcode"]) == ["text", "text", "binary"]
    assert list(table["frames"]) == [1, 2, 1]
    assert list(table["first"]) == [3, 4, 7]
    assert list(table["last"]) == [3, 6, 7]
    assert list(table["length"]) == [5, 5, 2]
    two = table.iloc[1]
    assert (two["at_ns"], two["end_ns"]) == (chat.rows()[3].at_ns, chat.rows()[5].end_ns)
    assert (two["label"], two["direction"]) == ("Alice", "s2c")


def test_compressed_messages(data: Path) -> None:
    table = labchat.open(data / "node-sll2.pcap").messages
    assert table["compressed"].all()
    longest = table.sort_values("length").iloc[-1]
    assert (longest["length"], longest["text"]) == (300, "long " * 60)
    assert longest["ratio"] == longest["wire_length"] / 300
    fragments = table[table["frames"] == 2].iloc[0]
    assert fragments["text"] == "fragments"


def test_an_unfinished_message_is_there(teller: Callable[..., Teller]) -> None:
    telling = teller()
    telling.upgrade(telling.open())
    telling.say(1, S, frames.build(1, b"Hel", fin=False))
    row = telling.sink.messages.iloc[0]
    assert (row["complete"], row["length"]) == (False, 3)
    assert pd.isna(row["text"])


def test_requests(chat: Capture) -> None:
    table = chat.requests
    assert list(table["method"]) == ["GET", "POST", "GET"]
    assert list(table["target"]) == ["/ws?room=1", "/api/messages", "/events"]
    assert list(table["status"]) == [101, 200, 200]
    assert list(table["events"]) == [0, 0, 2]
    posted = table.iloc[1]
    assert (posted["request_headers"], posted["request_body"]) == (105, 16)
    assert posted["response_body"] == 21
    assert posted["wait_ns"] == 1_000_000
    assert posted["content_type"] == "application/json"
    stream = table.iloc[2]
    assert stream["response_body"] == 34
    assert stream["response_end_ns"] - stream["response_at_ns"] == 2_000_000


def test_a_request_without_answer(teller: Callable[..., Teller]) -> None:
    telling = teller()
    telling.say(telling.open(), C, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    row = telling.sink.requests.iloc[0]
    assert (row["n"], row["target"]) == (1, "/")
    assert row[["response", "status", "wait_ns", "reason"]].isna().all()


def test_violations(teller: Callable[..., Teller]) -> None:
    telling = teller()
    telling.upgrade(telling.open())
    telling.say(1, C, frames.build(1, b"unmasked"))
    table = telling.sink.violations
    assert list(table["n"]) == [3]
    assert table["section"].iloc[0].startswith("RFC 6455")
    assert (table["start"] < table["stop"]).all()


def test_tables_of_many_connections(data: Path) -> None:
    capture = labchat.open(data / "nginx.pcapng")
    assert list(capture.requests["connection"].unique()) == [
        one.number for one in capture.connections if one.kind
    ]
    assert len(capture.messages) == 22


@pytest.mark.parametrize("name", EVERY)
def test_csv_and_parquet_hold_the_same(chat: Capture, tmp_path: Path, name: str) -> None:
    table = getattr(chat, name)
    tables.save(table, tmp_path / "x.csv", parquet=False)
    tables.save(table, tmp_path / "x.parquet", parquet=True)
    again = pd.read_parquet(tmp_path / "x.parquet")
    if len(table):  # Parquet forgets the categories of an empty table
        pd.testing.assert_frame_equal(again, table)
    assert list(again.columns) == list(table.columns)
    read = pd.read_csv(tmp_path / "x.csv")
    assert list(read.columns) == list(table.columns)
    assert len(read) == len(table)


@pytest.mark.parametrize("parquet", [False, True])
def test_a_table_that_cannot_be_written(chat: Capture, tmp_path: Path, parquet: bool) -> None:
    with pytest.raises(CaptureError, match="cannot be written"):
        tables.save(chat.units, tmp_path / "no" / "where", parquet=parquet)


def test_parquet_without_pyarrow_is_told(
    chat: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "find_spec", lambda name: None)
    assert importlib.util.find_spec("pyarrow")
    with pytest.raises(MissingExtra, match="Parquet needs pyarrow"):
        tables.save(chat.units, tmp_path / "x", parquet=True)
