"""The tables that are made row by row: messages, requests, broken rules.

Their columns are told in :mod:`labchat.capture.tables`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labchat.capture.columns import flatten
from labchat.wire.frames import opcode_name
from labchat.wire.http1 import Request, Response
from labchat.wire.index import FRAME, REQUEST, RESPONSE, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.capture.capture import Capture
    from labchat.capture.columns import Flat
    from labchat.wire.conversation import Message

    Row = dict[str, Any]

DIRECTIONS = ("c2s", "s2c")


def messages(capture: Capture) -> pd.DataFrame:
    """One row a WebSocket message."""
    flat = flatten(capture)
    labels = labels_of(capture)
    rows = [_message(flat, one, labels) for one in _whole_messages(capture, flat)]
    table = pd.DataFrame(rows, columns=list(_MESSAGE_TYPES))
    return _typed(table, _MESSAGE_TYPES)


def requests(capture: Capture) -> pd.DataFrame:
    """One row an HTTP request."""
    flat = flatten(capture)
    labels = labels_of(capture)
    ends = _answers(flat)
    rows = [
        _request(capture, flat, int(place), ends, labels)
        for place in np.flatnonzero(flat.kind == REQUEST)
    ]
    return _typed(pd.DataFrame(rows, columns=list(_REQUEST_TYPES)), _REQUEST_TYPES)


def violations(capture: Capture) -> pd.DataFrame:
    """One row a broken rule; dissects every unit."""
    rows = [
        {
            "n": row.n,
            "connection": row.connection,
            "direction": row.direction.value,
            "kind": row.kind.value,
            "rule": broken.rule,
            "section": broken.section,
            "start": broken.span.start,
            "stop": broken.span.stop,
        }
        for row in capture.rows()
        for broken in capture.unit(row.n).unit.violations
    ]
    return _typed(pd.DataFrame(rows, columns=list(_VIOLATION_TYPES)), _VIOLATION_TYPES)


_WHO = {"connection": "int32", "label": "category", "direction": "direction"}
_TIMES = {"at_ns": "int64", "end_ns": "int64"}
_MESSAGE_TYPES = {
    "first": "int64",
    "last": "int64",
    **_WHO,
    **_TIMES,
    "opcode": "category",
    "frames": "int32",
    "complete": "bool",
    "compressed": "bool",
    "wire_length": "int64",
    "length": "int64",
    "ratio": "float64",
    "text": "str",
}
_REQUEST_TYPES = {
    "n": "int64",
    "response": "Int64",
    "connection": "int32",
    "label": "category",
    **_TIMES,
    "response_at_ns": "Int64",
    "response_end_ns": "Int64",
    "wait_ns": "Int64",
    "method": "category",
    "target": "str",
    "version": "category",
    "status": "Int16",
    "reason": "category",
    "content_type": "category",
    "request_headers": "int64",
    "request_body": "int64",
    "response_headers": "Int64",
    "response_body": "Int64",
    "events": "int32",
}
_VIOLATION_TYPES = {
    "n": "int64",
    "connection": "int32",
    "direction": "direction",
    "kind": "category",
    "rule": "category",
    "section": "category",
    "start": "int64",
    "stop": "int64",
}


def _typed(table: pd.DataFrame, types: dict[str, str]) -> pd.DataFrame:
    ways = pd.CategoricalDtype(list(DIRECTIONS))
    for name, dtype in types.items():
        table[name] = table[name].astype(
            ways if dtype == "direction" else _plain(table[name], dtype)
        )
    return table


def _plain(column: pd.Series[Any], dtype: str) -> Any:
    """The dtype itself; categories are text even where there is none to see."""
    if dtype != "category":
        return dtype
    return pd.CategoricalDtype(pd.Index(sorted(column.dropna().unique()), dtype="str"))


def _whole_messages(capture: Capture, flat: Flat) -> Iterator[tuple[int, Message]]:
    """(place of its last frame so far, message) of each message, in the order of ending."""
    data = np.flatnonzero((flat.kind == FRAME) & (flat.first & 8 == 0))
    last = {int(flat.link[place]): int(place) for place in data}
    for place in sorted(last.values()):
        lane = flat.lanes[flat.lane[place]]
        conversation = capture.track(lane.connection).conversation
        message = conversation.message(lane.direction, int(flat.row[place]))
        assert message is not None, "a data frame belongs to a message"
        yield place, message


def _message(flat: Flat, found: tuple[int, Message], labels: dict[int, str | None]) -> Row:
    place, message = found
    lane = flat.lanes[flat.lane[place]]
    first = int(flat.link[place])
    return {
        "first": first,
        "last": place + 1,
        "connection": lane.connection,
        "label": labels[lane.connection],
        "direction": lane.direction.value,
        "at_ns": flat.at_ns[first - 1],
        "end_ns": flat.end_ns[place],
        "opcode": opcode_name(message.opcode),
        "frames": len(message.frames),
        "complete": message.complete,
        "compressed": message.compressed,
        "wire_length": message.wire_length,
        "length": len(message.payload),
        "ratio": message.ratio,
        "text": message.text,
    }


def _answers(flat: Flat) -> dict[int, tuple[int, int, int]]:
    """For each response by number of its head: (bytes after the head, events, last place)."""
    found: dict[int, tuple[int, int, int]] = {}
    later = (flat.kind == RESPONSE) & (flat.first >= Part.EVENT)
    for place in np.flatnonzero(later):
        head = int(flat.link[place])
        length, events, _ = found.get(head, (0, 0, 0))
        event = int(flat.first[place] == Part.EVENT)
        found[head] = length + int(flat.length[place]), events + event, int(place)
    return found


def _request(
    capture: Capture,
    flat: Flat,
    place: int,
    ends: dict[int, tuple[int, int, int]],
    labels: dict[int, str | None],
) -> Row:
    captured = capture.unit(place + 1)
    unit = captured.unit
    assert isinstance(unit, Request)
    row: Row = {
        "n": place + 1,
        "connection": captured.row.connection,
        "label": labels[captured.row.connection],
        "at_ns": captured.row.at_ns,
        "end_ns": captured.row.end_ns,
        "method": unit.method,
        "target": unit.target,
        "version": unit.version,
        "request_headers": unit.head_length,
        "request_body": len(unit.data) - unit.head_length,
        "events": 0,
    }
    answer = None if captured.peer is None else capture.unit(captured.peer).unit
    if captured.peer is None or not isinstance(answer, Response):
        return row
    head = captured.peer - 1
    more, events, last = ends.get(captured.peer, (0, 0, head))
    return row | {
        "response": captured.peer,
        "response_at_ns": flat.at_ns[head],
        "response_end_ns": flat.end_ns[last],
        "wait_ns": flat.at_ns[head] - captured.row.end_ns,
        "status": answer.status,
        "reason": answer.reason,
        "content_type": answer.header("content-type"),
        "response_headers": answer.head_length,
        "response_body": len(answer.data) - answer.head_length + more,
        "events": events,
    }


def labels_of(capture: Capture) -> dict[int, str | None]:
    """Who the client of each connection is."""
    return {one.number: one.label for one in capture.connections}
