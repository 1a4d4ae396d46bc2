"""HAR out: exchanges and WebSocket messages, as Chrome's DevTools write and read them.

What HAR has no place for is left out (control frames, fragments, gaps, what is undissected), and
``log.comment`` says how much. Annotations become comments of the exchange they are about.
DevTools' own importer (Chromium 156, ``models/har/har.js``) takes every request and message of what
is written of the recordings in ``tests/data``, and refuses nothing.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labchat.capture.har_entry import Exchange, entry
from labchat.errors import CaptureError
from labchat.wire.fields import Direction
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from labchat.capture.capture import Capture
    from labchat.capture.model import Captured
    from labchat.wire.conversation import Message

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)

Json = dict[str, Any]


def write(capture: Capture, path: str | Path) -> None:
    """Save a capture as HAR. Raises CaptureError when the file cannot be written."""
    text = json.dumps(dump(capture), ensure_ascii=False, indent=1)
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CaptureError(f"{path} cannot be written: {error.strerror or error}.") from error


def dump(capture: Capture) -> Json:
    """A capture as a HAR 1.2 object."""
    collected = _Collected(capture)
    connections = {one.number: one for one in capture.connections}
    entries = [
        entry(one, connections[one.asked.row.connection], capture.started_at or _UNIX)
        for one in collected.exchanges.values()
    ]
    entries.sort(key=lambda entry: str(entry["startedDateTime"]))
    log: Json = {
        "version": "1.2",
        "creator": {"name": "labchat", "version": version("labchat")},
        "pages": [],
        "entries": entries,
    }
    comment = collected.comment()
    return {"log": log | {"comment": comment} if comment else log}


class _Collected:
    """All exchanges of a capture, by the number of the request."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._opened: dict[int, Exchange] = {}
        self._of_unit: dict[int, Exchange] = {}
        self._left_out: Counter[str] = Counter()
        self.exchanges: dict[int, Exchange] = {}
        for row in capture.rows():
            self._take(capture.unit(row.n))
        self._remarks: list[str] = []
        for note in capture.annotations:
            exchange = self._of_unit.get(note.unit or 0)
            (self._remarks if exchange is None else exchange.notes).append(note.text)

    def comment(self) -> str:
        """What the file cannot hold, and remarks about no exchange in particular."""
        parts = [f"{count} × {what}" for what, count in sorted(self._left_out.items())]
        left_out = [f"HAR has no place for: {', '.join(parts)}."] if parts else []
        return " ".join(left_out + self._remarks)

    def _take(self, captured: Captured) -> None:
        unit, row = captured.unit, captured.row
        if isinstance(unit, Request):
            exchange = Exchange(captured, end_ns=row.end_ns)
            self.exchanges[row.n] = self._of_unit[row.n] = exchange
        elif isinstance(unit, Response):
            self._response(captured, unit)
        elif captured.message is not None and row.connection in self._opened:
            self._message(captured, captured.message)
        else:
            self._left_out[_what(captured)] += 1

    def _response(self, captured: Captured, unit: Response) -> None:
        exchange = self.exchanges.get(captured.peer or 0)
        if exchange is None or (unit.status < 200 and unit.status != 101):
            self._left_out["interim or unasked response"] += 1
            return
        self._of_unit[captured.row.n] = exchange
        exchange.end_ns = max(exchange.end_ns, captured.row.end_ns)
        if unit.part in ("message", "head"):
            exchange.answered = captured
        else:
            exchange.events.append(unit.body)
        if unit.status == 101:
            exchange.messages = []
            self._opened[captured.row.connection] = exchange

    def _message(self, captured: Captured, message: Message) -> None:
        exchange = self._opened[captured.row.connection]
        self._of_unit[captured.row.n] = exchange
        if message.last != captured.row.n or exchange.messages is None:
            return
        if not message.complete or message.problem:
            self._left_out["message that is not whole"] += 1
            return
        moment = (self._capture.started_at or _UNIX).timestamp()
        text = message.text if message.opcode == 1 else None
        exchange.messages.append(
            {
                "type": "send" if captured.row.direction is Direction.C2S else "receive",
                "time": moment + captured.row.end_ns / 1e9,
                "opcode": message.opcode,
                "data": base64.b64encode(message.payload).decode() if text is None else text,
            }
        )


def _what(captured: Captured) -> str:
    kind = captured.row.kind.value
    return "frame without message (ping, pong, close)" if kind == "frame" else kind
