"""The text's summary table with what was measured beside each of its words.

:func:`gather` does I/O and returns plain data (JSON); :func:`table` is pure, so recorded data can
be told again. What no run can tell is said to be not measured.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from labchat.measure.claims import chosen
from labchat.measure.conditions import caption
from labchat.measure.layers import MB
from labchat.measure.receivers import push, stream
from labchat.measure.speakers import PostSender, WebSocketSender
from labchat.measure.stage import posts
from labchat.measure.stats import percentile
from labchat.measure.words import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labchat.measure.conditions import Conditions
    from labchat.measure.receivers import Receiver
    from labchat.measure.speakers import Sender, Wire
    from labchat.measure.stage import Bench, Stage

Data = dict[str, Any]

TEXT = {
    "Connection": ("Persistent", "New for each request"),
    "Latency": ("<50ms", "100-500ms"),
    "Direction": ("Bidirectional", "Request-response"),
    "Overhead": ("14 bytes/frame", "300+ bytes/request"),
    "Bandwidth": ("Minimal", "High when polling"),
    "Use Case": ("Real-time", "Persistence"),
    "Reliability": ("TCP-based", "TCP-based"),
    "Server Push": ("Yes (anytime)", "No (pull only)"),
    "Browser Support": ("Modern browsers", "All browsers"),
}
"""The text's rows: aspect to what it says of WebSocket and of HTTP/REST."""

NEEDED = (
    "closing",
    "latency",
    "frame-overhead",
    "request-overhead",
    "bandwidth",
    "reliability",
    "delivered",
)
"""Claims whose data the table is made from, beside ``push`` and ``stored``."""

COLUMNS = (
    "WebSocket: the text",
    "WebSocket: measured",
    "HTTP/REST: the text",
    "HTTP/REST: measured",
)
_STYLE = """
.labchat-summary :is(td, th) { text-align: left !important; vertical-align: top;
  white-space: normal; }
"""
UNKNOWN = "not measured here"
MESSAGES = 3


@dataclass(frozen=True, slots=True)
class Summary:
    """The table; shows itself in a notebook.

    Attributes:
        cells: aspect to the four cells of :data:`COLUMNS`.
        conditions: under which they were measured.
    """

    cells: Mapping[str, tuple[str, str, str, str]]
    conditions: Conditions

    def frame(self) -> pd.DataFrame:
        """As a DataFrame of words, indexed by ``aspect``."""
        table = pd.DataFrame(list(self.cells.values()), columns=list(COLUMNS))
        table.index = pd.Index(list(self.cells), name="aspect")
        table.attrs["conditions"] = dict(self.conditions)
        return table

    def __repr__(self) -> str:
        return "\n".join(
            f"{aspect}: WebSocket “{cells[0]}”: {cells[1]}; HTTP “{cells[2]}”: {cells[3]}"
            for aspect, cells in self.cells.items()
        )

    def _repr_html_(self) -> str:
        with pd.option_context("display.max_colwidth", None):
            html = self.frame().rename_axis(None).to_html(border=0, justify="left", escape=True)
        return (
            f'<div class="labchat-summary"><style>{_STYLE}</style>{html}'
            f"<small>{escape(caption(self.conditions))}</small></div>"
        )


def measured(stage: Stage, conditions: Conditions) -> Summary:
    """Run what the table needs, and tell it."""
    return Summary(table(gather(stage)), conditions)


def gather(stage: Stage) -> Data:
    """The data of :data:`NEEDED`, and what was pushed and stored."""
    data: Data = {claim.key: claim.measure(stage) for claim in chosen(NEEDED)}
    options = ("--post", "relays")
    bench, wire = stage.bench(*options), stage.wire(*options)
    data["push"] = {
        "websocket": _pushed(bench, wire, push(wire)),
        "sse": _pushed(bench, wire, stream(wire)),
    }
    data["stored"] = {
        "websocket": _stored(wire, WebSocketSender(wire)),
        "post": _stored(wire, PostSender(wire, keep=True)),
    }
    return data


def _pushed(bench: Bench, wire: Wire, receiver: Receiver) -> dict[str, int]:
    """Messages heard, and what the receiver sent meanwhile in order to hear them."""
    with receiver, closing(PostSender(wire, keep=True)) as sender:
        before = len(bench.capture)
        ids = [f"summary-{time.monotonic_ns()}-{n}" for n in range(MESSAGES)]
        heard = 0
        for post_id in ids:
            sender.send(post_id, "pushed")
            heard += receiver.wait(post_id) is not None
        rows = [row for row in bench.capture.rows(before + 1) if row.direction == "c2s"]
    asked = sum("POST" not in row.summary for row in rows)
    return {"sent": MESSAGES, "heard": heard, "asked": asked}


def _stored(wire: Wire, sender: Sender) -> int:
    """Rows that one message left in the database."""
    before = max((post["seq"] for post in posts(wire)), default=0)
    with closing(sender):
        sender.send(f"summary-{time.monotonic_ns()}", "stored?")
    return len(posts(wire, after=before))


def table(data: Data) -> dict[str, tuple[str, str, str, str]]:
    """Aspect to the four cells of :data:`COLUMNS`, from data alone."""
    told = {
        "Connection": _connection(data),
        "Latency": (_latency(data, "websocket", "delivered"), _latency(data, "post", "answered")),
        "Direction": _direction(data),
        "Overhead": _overhead(data),
        "Bandwidth": _bandwidth(data),
        "Use Case": _use(data),
        "Reliability": _reliability(data),
        "Server Push": (_push(data["push"]["websocket"]), _push(data["push"]["sse"], _SSE)),
        "Browser Support": (UNKNOWN, UNKNOWN),
    }
    return {
        aspect: (TEXT[aspect][0], told[aspect][0], TEXT[aspect][1], told[aspect][1])
        for aspect in TEXT
    }


_SSE = " (server-sent events)"


def _connection(data: Data) -> tuple[str, str]:
    frames = len(data["frame-overhead"]["frames"])
    closing_data = data["closing"]
    ways = ", ".join(f"{count} by {way}" for way, count in closing_data["connections"].items())
    return (
        f"1 for {frames} frames",
        f"for {closing_data['requests']} requests: {ways}",
    )


def _latency(data: Data, way: str, word: str) -> str:
    by_rtt = data["latency"]["samples"][way]
    return f"{word} after " + ", ".join(
        f"{percentile(by_rtt[rtt])} ms at RTT {rtt} ms" for rtt in sorted(by_rtt, key=int)
    )


def _direction(data: Data) -> tuple[str, str]:
    ways = [way for way, _size, _header in data["frame-overhead"]["frames"]]
    pushed = data["push"]["sse"]
    both = f"{ways.count('c2s')} frames there and {ways.count('s2c')} back on one connection"
    asked = _count(pushed["asked"], "further question")
    return both, f"{_count(pushed['heard'], 'message')} heard, {asked}{_SSE}"


def _overhead(data: Data) -> tuple[str, str]:
    headers = [header for _way, _size, header in data["frame-overhead"]["frames"]]
    requests = data["request-overhead"]["headers"].values()
    return (
        f"{min(headers)} to {max(headers)} bytes/frame",
        f"{min(requests)} to {max(requests)} bytes/request, by client",
    )


def _bandwidth(data: Data) -> tuple[str, str]:
    days = {float(rate): day for rate, day in data["bandwidth"]["days"].items()}

    def of(way: str) -> str:
        return ", ".join(
            f"{number(days[rate][way] / MB)} MB/day at {rate:g} messages/s" for rate in sorted(days)
        )

    often = max(days)
    streamed = number(days[often]["server-sent events"] / MB)
    pushed = f"server-sent events: {streamed} MB/day at {often:g} messages/s"
    return of("WebSocket"), f"polling: {of('polling')}; {pushed}"


def _use(data: Data) -> tuple[str, str]:
    def said(way: str, name: str) -> str:
        rows = _count(data["stored"][way], "row")
        return f"one message by {name} left {rows} in the database"

    return said("websocket", "WebSocket"), said("post", "POST")


def _reliability(data: Data) -> tuple[str, str]:
    ways = data["reliability"]["ways"]
    rows = data["delivered"]["rows"]
    same = _count(rows["same id"], "row")
    return (
        "; ".join(f"{name}: {_count(way['reads'], 'read')}" for name, way in ways.items()),
        f"a POST sent again after a lost answer: {same} with the same id, {rows['no id']} without",
    )


def _push(pushed: Mapping[str, int], how: str = "") -> str:
    whole = f"{pushed['heard']} of {pushed['sent']} heard"
    return f"{whole}, {pushed['asked']} asked for{how}"


def _count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
