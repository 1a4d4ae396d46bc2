"""The tables that are made row by row: messages, requests, broken rules.

Their columns are told in :mod:`labchat.capture.tables`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labchat.capture.columns import flatten
from labchat.capture.table_parts import DIRECTIONS, common, labels_of
from labchat.wire.frames import opcode_name
from labchat.wire.http1 import Request, Response
from labchat.wire.index import FRAME, REQUEST, RESPONSE, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from labchat.capture.capture import Capture
    from labchat.capture.columns import Flat

    Ints = npt.NDArray[Any]
    Row = dict[str, Any]


def messages(capture: Capture) -> pd.DataFrame:
    """One row a WebSocket message."""
    flat = flatten(capture)
    places = _message_ends(flat)
    columns = common(capture, flat, places)
    first = flat.link[places]
    facts = pd.DataFrame(_message_facts(capture, flat, places), columns=list(_FACTS))
    table = pd.DataFrame({"first": first, "last": columns.pop("n"), **columns} | dict(facts))
    table["at_ns"] = flat.at_ns[first - 1]
    return _typed(table, _FACTS)


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


_TIMES = {"at_ns": "int64", "end_ns": "int64"}
_FACTS = {
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


def _message_ends(flat: Flat) -> Ints:
    """The place of the last frame so far of each message, in order."""
    data = np.flatnonzero((flat.kind == FRAME) & (flat.first & 8 == 0))[::-1]
    _, latest = np.unique(flat.link[data], return_index=True)
    return np.sort(data[latest])


def _message_facts(capture: Capture, flat: Flat, places: Ints) -> Iterator[tuple[Any, ...]]:
    """What only the messages themselves can tell, in the order of ``_FACTS``."""
    conversations = [capture.track(lane.connection).conversation for lane in flat.lanes]
    for lane, row in zip(flat.lane[places].tolist(), flat.row[places].tolist(), strict=True):
        message = conversations[lane].message(flat.lanes[lane].direction, row)
        assert message is not None, "a data frame belongs to a message"
        yield (
            opcode_name(message.opcode),
            len(message.frames),
            message.complete,
            message.compressed,
            message.wire_length,
            len(message.payload),
            message.ratio,
            message.text,
        )


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
