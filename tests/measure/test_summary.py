"""The summary table: from recorded data, from data that say otherwise, and here and now."""

from __future__ import annotations

import copy
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from labchat.lab import Lab
from labchat.measure import summary
from labchat.measure.conditions import conditions
from labchat.measure.stage import Stage

CLAIMS = json.loads((Path(__file__).parent / "claims" / "recorded.json").read_text())
RECORDED: dict[str, Any] = {key: CLAIMS[key] for key in summary.NEEDED} | {
    "push": {
        "websocket": {"sent": 3, "heard": 3, "asked": 0},
        "sse": {"sent": 3, "heard": 3, "asked": 0},
    },
    "stored": {"websocket": 1, "post": 1},
}
"""One run of ``labchat claims --quick``, and what a run gave for the rest."""

SEED_ROWS = {
    "Connection": ("Persistent", "New for each request"),
    "Overhead": ("14 bytes/frame", "300+ bytes/request"),
    "Server Push": ("Yes (anytime)", "No (pull only)"),
}


def test_each_row_of_the_text_stands_beside_what_was_measured() -> None:
    cells = summary.table(RECORDED)
    assert list(cells) == list(summary.TEXT)
    for aspect, (websocket, http) in SEED_ROWS.items():
        assert (cells[aspect][0], cells[aspect][2]) == (websocket, http)
    assert cells["Overhead"][1] == "2 to 14 bytes/frame"
    assert cells["Overhead"][3] == "88 to 163 bytes/request, by client"
    assert cells["Connection"][3].startswith("for 5 requests: 1 by HTTP/1.1, 5 by HTTP/1.1 with")
    assert cells["Bandwidth"][1].startswith("0.323 MB/day at 0 messages/s")
    assert cells["Reliability"][1].startswith("ten frames in one write: 1 read;")
    assert cells["Browser Support"][1] == cells["Browser Support"][3] == summary.UNKNOWN


def set_push(data: dict[str, Any]) -> None:
    data["push"]["sse"] = {"sent": 3, "heard": 1, "asked": 4}


def set_stored(data: dict[str, Any]) -> None:
    data["stored"]["websocket"] = 0


def set_headers(data: dict[str, Any]) -> None:
    data["request-overhead"]["headers"] = {"browser": 700}


def set_few(data: dict[str, Any]) -> None:
    data["latency"]["samples"]["websocket"] = {"0": [1.0]}


@pytest.mark.parametrize(
    ("change", "aspect", "column", "words"),
    [
        (set_push, "Server Push", 3, "1 of 3 heard, 4 asked for"),
        (set_push, "Direction", 3, "1 message heard, 4 further questions"),
        (set_stored, "Use Case", 1, "left 0 rows"),
        (set_headers, "Overhead", 3, "700 to 700 bytes/request"),
        (set_few, "Latency", 1, "too few samples: 1 of 10"),
    ],
)
def test_other_data_tell_otherwise(change: Any, aspect: str, column: int, words: str) -> None:
    data = copy.deepcopy(RECORDED)
    change(data)
    assert words in summary.table(data)[aspect][column]
    assert words not in summary.table(RECORDED)[aspect][column]


def test_it_shows_itself_whole_and_as_text() -> None:
    cells = summary.table(RECORDED)
    cells["Latency"] = ("<50ms", "<script>", "100-500ms", "x" * 200)
    shown = summary.Summary(cells, conditions())
    html = shown._repr_html_()
    assert "&lt;50ms" in html
    assert "<script>" not in html
    assert "x" * 200 in html
    assert "Latency: WebSocket “<50ms”" in repr(shown)
    assert list(shown.frame().columns) == list(summary.COLUMNS)
    assert shown.frame().attrs["conditions"]["cores"]


def test_what_is_pushed_and_stored_is_measured_here_and_now() -> None:
    with ExitStack() as stack:

        def make(options: Any) -> Lab:
            return stack.enter_context(Lab(port=0, names={}, options=options))

        data = summary.gather(Stage(make, quick=True))
    assert data["push"] == RECORDED["push"]
    assert data["stored"] == RECORDED["stored"]
    assert set(data) == set(RECORDED)
