"""How a capture shows itself: one line in a console, a small table in a notebook. PURE.

Everything from the wire is text, never markup: it is escaped.
"""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from labchat.wire.index import KINDS

if TYPE_CHECKING:
    from labchat.capture.capture import Capture
    from labchat.capture.model import Annotation, Connection, UnitColumns

SHOWN = 20
"""Connections and annotations listed; the rest is counted."""


def text(capture: Capture) -> str:
    """One line: how much of what."""
    columns = capture.columns()
    kinds = _kinds(columns)
    units = ", ".join(f"{count:,} {_plural(kind, count)}" for kind, count in kinds.items())
    connections = len(columns.lanes) // 2
    return (
        f"<Capture: {connections:,} {_plural('connection', connections)}, "
        f"{units or 'no units yet'}{_span(columns)}>"
    )


def html(capture: Capture) -> str:
    """The same, with a row for each connection and the annotations."""
    columns = capture.columns()
    connections = capture.connections
    units, sizes = _by_connection(columns)
    rows = "".join(_row(one, units[one.number], sizes[one.number]) for one in connections[:SHOWN])
    head = "".join(f"<th scope='col'>{name}</th>" for name in _HEADINGS)
    notes = capture.annotations
    listed = "".join(f"<li>{escape(_said(note))}</li>" for note in notes[:SHOWN])
    return (
        f"<div class='lc-capture'><p><strong>{escape(text(capture)[1:-1])}</strong>"
        f"{_when(capture)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"{_more(len(connections), 'connection')}"
        f"{f'<ul>{listed}</ul>' if listed else ''}{_more(len(notes), 'remark')}</div>"
    )


def _said(note: Annotation) -> str:
    return note.text if note.unit is None else f"Unit {note.unit}: {note.text}"


_HEADINGS = ("connection", "who", "client", "server", "speaks", "units", "bytes", "ended")


def _row(one: Connection, units: int, size: int) -> str:
    ended = ", ".join(f"{way.value} {how.value}" for way, (_, how) in one.ended.items())
    cells = (
        str(one.number),
        one.label or "",
        one.client,
        one.server,
        (one.kind or "nothing known") + (", joined late" if one.late else ""),
        f"{units:,}",
        f"{size:,}",
        ended or "open",
    )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _kinds(columns: UnitColumns) -> dict[str, int]:
    found: Counter[int] = Counter()
    for lane in columns.lanes:
        found.update(lane.units.kind[: len(lane.numbers)])
    return {KINDS[code].value: found[code] for code in sorted(found)}


def _by_connection(columns: UnitColumns) -> tuple[Counter[int], Counter[int]]:
    units: Counter[int] = Counter()
    sizes: Counter[int] = Counter()
    for lane in columns.lanes:
        units[lane.connection] += len(lane.numbers)
        sizes[lane.connection] += len(lane.buffer)
    return units, sizes


def _span(columns: UnitColumns) -> str:
    if not columns.end_ns:
        return ""
    return f", {(max(columns.end_ns) - min(columns.at_ns)) / 1e9:.3f} s"


def _when(capture: Capture) -> str:
    if capture.started_at is None:
        return ""
    return f" from {escape(capture.started_at.isoformat(sep=' ', timespec='seconds'))}"


def _plural(word: str, count: int) -> str:
    return word if count == 1 or word == "undissected" else f"{word}s"


def _more(count: int, what: str) -> str:
    over = count - SHOWN
    return f"<p>and {over:,} more {_plural(what, over)}</p>" if over > 0 else ""
