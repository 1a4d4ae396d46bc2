from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import labchat
from labchat.capture.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Teller

    from labchat.capture.capture import Capture

COMMON = [
    "n",
    "connection",
    "direction",
    "at_ns",
    "end_ns",
    "kind",
    "length",
    "fields",
    "violations",
]
OF_FRAMES = [
    "fin",
    "rsv",
    "opcode",
    "masked",
    "payload_length",
    "masking_key",
    "payload",
    "text",
    "close_code",
    "close_reason",
]


@pytest.mark.parametrize("name", ["curl.pcap", "chromium.pcapng", "node-sll2.pcap", "nginx.pcapng"])
def test_leaves_tile_every_unit_of_real_traffic(data: Path, name: str) -> None:
    capture = labchat.open(data / name)
    for row in capture.rows():
        made = json.loads(json.dumps(plain(capture.unit(row.n))))
        at = 0
        for field in made["fields"]:
            assert field["start"] == at
            at = field["stop"]
        assert at == 8 * made["length"]
        keys = COMMON + (OF_FRAMES if made["kind"] == "frame" else [])
        assert [key for key in made if key != "part"] == keys


def test_a_frame(chat: Capture) -> None:
    made = plain(chat.unit(3))
    assert {key: made[key] for key in ("n", "connection", "direction", "kind", "length")} == {
        "n": 3,
        "connection": 1,
        "direction": "c2s",
        "kind": "frame",
        "length": 11,
    }
    assert [made[key] for key in OF_FRAMES] == [
        True,
        0,
        1,
        True,
        5,
        "01020304",
        b"Hello".hex(),
        "Hello",
        None,
        None,
    ]
    key = next(field for field in made["fields"] if field["name"] == "Masking-key")
    assert key == {"name": "Masking-key", "start": 16, "stop": 48, "value": "01020304"}


def test_text_is_told_on_the_last_frame_only(chat: Capture) -> None:
    assert [plain(chat.unit(n))["text"] for n in (4, 5, 6, 7)] == [None, None, "Hello", None]


def test_a_close_frame(chat: Capture) -> None:
    made = plain(chat.unit(len(chat)))
    assert (made["close_code"], made["close_reason"]) == (1000, "bye")


def test_parts_of_an_event_stream_are_told(chat: Capture) -> None:
    parts = [plain(chat.unit(row.n)).get("part") for row in chat.rows() if row.kind == "response"]
    assert parts == [None, None, "head", "event", "event"]


def test_violations_and_gaps(teller: Callable[..., Teller]) -> None:
    from labchat.wire import frames
    from labchat.wire.fields import Direction

    telling = teller()
    telling.upgrade(telling.open())
    telling.say(1, Direction.C2S, frames.build(1, b"unmasked"))
    telling.lose(1, Direction.C2S, 9)
    broken, gap = (plain(telling.sink.unit(n)) for n in (3, 4))
    assert set(broken["violations"][0]) == {"rule", "section", "start", "stop"}
    assert (gap["kind"], gap["length"], gap["fields"]) == ("gap", 9, [])
