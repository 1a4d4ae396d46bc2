"""How long posts take, as the tap sees it: from a post's last byte to what comes of it.

Three things may come of a post: the server acknowledges it on the WebSocket (it is stored), each
receiver is sent it, or a POST is answered. All on the tap's clock, so the way from a client to the
tap is not in it.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from math import floor
from statistics import median, quantiles
from typing import TYPE_CHECKING, TypedDict, TypeVar

from labchat.widgets.view_models.messages import count, count_bare
from labchat.wire.frames import Frame
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labchat.capture.capture import Capture, Captured, Row

K = TypeVar("K")
V = TypeVar("V")
Point = tuple[int, float, float]
"""The unit that came of it, seconds since the capture began, milliseconds since the post."""

KEPT = 400
"""Points of each series; older ones are forgotten."""
OPEN = 1000
"""Posts of which something may still come."""
WINDOW_S = 60.0
ROLLING = 15
"""Samples behind each point of the line."""
WORDS = {"delivered": "sent to a receiver", "stored": "acknowledged", "answered": "POST answered"}
"""The series, by what came of the post."""
P95_NEEDS = 100
"""Samples: five beyond it, and as many again."""


class Series(TypedDict):
    """One thing that comes of posts: ``points`` oldest first, ``line`` their rolling median."""

    key: str
    name: str
    points: list[Point]
    line: list[tuple[float, float]]
    count: str
    p50: str
    p95: str


class LatencyView(TypedDict):
    """All that the widget draws.

    ``start`` and ``stop`` are seconds of the capture, ``low`` and ``high`` milliseconds: whole
    powers of ten, for the axis is logarithmic. ``said`` is the picture in one sentence.
    """

    series: list[Series]
    start: float
    stop: float
    low: float
    high: float
    ticks: list[tuple[float, str]]
    said: str


class Latencies:
    """Reads a capture once, a few units at a time, and keeps what posts took."""

    def __init__(self) -> None:
        self._next = 1
        self._posts: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._asked: OrderedDict[int, int] = OrderedDict()
        self._points = {key: deque[Point](maxlen=KEPT) for key in WORDS}
        self._counts = dict.fromkeys(WORDS, 0)

    def read(self, capture: Capture, most: int = 200) -> bool:
        """Take in at most so many units; whether there are more."""
        total = len(capture)
        stop = min(total + 1, self._next + most)
        for row in capture.rows(self._next, stop):
            if row.kind in {"request", "response"} or row.opcode in {0, 1}:
                self._take(row, capture.unit(row.n))
        self._next = stop
        return stop <= total

    def _take(self, row: Row, captured: Captured) -> None:
        unit = captured.unit
        if isinstance(unit, Request) and unit.method == "POST":
            self._begin(_object(unit.body).get("id"), row)
            _put(self._asked, row.n, row.end_ns)
        elif isinstance(unit, Response):
            began_ns = self._asked.pop(captured.peer or 0, None)
            if began_ns is not None:
                self._end("answered", row, began_ns)
        elif isinstance(unit, Frame) and unit.fin and captured.message is not None:
            self._hear(_object(captured.message.payload), row)

    def _hear(self, event: dict[str, object], row: Row) -> None:
        kind, data = event.get("type"), event.get("data")
        if row.direction.value == "c2s":
            if kind == "message":
                self._begin(event.get("id"), row)
            return
        told = data if kind == "message" and isinstance(data, dict) else event
        began = self._posts.get(str(told.get("id")))
        if began is None:
            return
        if kind == "ack":
            self._end("stored", row, began[0])
        elif kind == "message" and began[1] != row.connection:
            self._end("delivered", row, began[0])

    def _begin(self, post_id: object, row: Row) -> None:
        if isinstance(post_id, str) and post_id not in self._posts:
            _put(self._posts, post_id, (row.end_ns, row.connection))

    def _end(self, key: str, row: Row, began_ns: int) -> None:
        took = (row.end_ns - began_ns) / 1e6
        if took > 0:
            self._counts[key] += 1
            self._points[key].append((row.n, round(row.end_ns / 1e9, 4), round(took, 4)))

    def view(self) -> LatencyView:
        """The last minute of it, or less where less is known."""
        newest = max((points[-1][1] for points in self._points.values() if points), default=0.0)
        oldest = min((points[0][1] for points in self._points.values() if points), default=0.0)
        start = max(floor(2 * oldest) / 2, newest - WINDOW_S)
        series = [
            _series(key, [point for point in points if point[1] >= start], self._counts[key])
            for key, points in self._points.items()
            if points
        ]
        low, high = _decades([ms for each in series for _, _, ms in each["points"]])
        return {
            "series": series,
            "start": start,
            "stop": max(newest, start + 0.5),
            "low": low,
            "high": high,
            "ticks": _ticks(low, high),
            "said": _said(series),
        }


def _put(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    while len(kept) > OPEN:
        kept.popitem(last=False)


def _object(data: bytes) -> dict[str, object]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _series(key: str, points: list[Point], in_all: int) -> Series:
    took = [ms for _, _, ms in points]
    return {
        "key": key,
        "name": WORDS[key],
        "points": points,
        "line": [
            (at, round(median(took[max(0, i - ROLLING + 1) : i + 1]), 4))
            for i, (_, at, _) in enumerate(points)
        ],
        "count": count(in_all, "sample"),
        "p50": f"{_figure(median(took))} ms" if len(took) > 1 else "needs 2 samples",
        "p95": _p95(took),
    }


def _p95(took: Sequence[float]) -> str:
    if len(took) < P95_NEEDS:
        return f"needs {P95_NEEDS} samples"
    return f"{_figure(quantiles(took, n=20, method='inclusive')[-1])} ms"


def _figure(ms: float) -> str:
    return f"{ms:.3g}" if ms < 1000 else count_bare(round(ms))


def _decades(took: Sequence[float]) -> tuple[float, float]:
    """The powers of ten around all of them; two decades at least."""
    low, high = 0.1, 10.0
    while took and min(took) < low:
        low /= 10
    while took and max(took) > high:
        high *= 10
    return round(low, 9), high


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    ticks = [low]
    while ticks[-1] < high:
        ticks.append(round(ticks[-1] * 10, 9))
    return [(tick, f"{tick:g} ms" if tick < 1000 else f"{tick / 1000:g} s") for tick in ticks]


def _said(series: Sequence[Series]) -> str:
    if not series:
        return "No post has crossed the tap yet."
    told = [f"{each['name']}: median {each['p50']}, {each['count']}" for each in series]
    return "; ".join(told)
