"""The same message on several paths, to one scale: what every byte was spent on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypedDict

from labchat.widgets.view_models import tables
from labchat.widgets.view_models.kinds import field_class, label
from labchat.widgets.view_models.messages import count
from labchat.widgets.view_models.words import named_numbers
from labchat.wire.explain import section_url
from labchat.wire.fields import Direction, leaves
from labchat.wire.frames import Frame
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labchat.capture.capture import Capture, Captured

_ORDER = ("bit", "control", "payload", "len", "mask", "text")
_LOOK_AHEAD = 200
"""Units after a message among which its ack is looked for."""


class Bar(TypedDict):
    """One unit as a bar: ``parts`` are (kind, bytes) in drawing order and sum to ``total``."""

    n: int
    name: str
    direction: str
    parts: list[tuple[str, int]]
    total: int
    note: str


class Group(TypedDict):
    """The bars of one path."""

    name: str
    note: str
    bars: list[Bar]


class Anatomy(TypedDict):
    """An HTTP message line by line."""

    n: int
    name: str
    direction: str
    lines: list[tables.Entry]


class Finding(TypedDict):
    """What a text claims, what the capture shows, and where the standard says it."""

    claim: str
    measured: str
    section: str
    url: str


class CompareView(TypedDict):
    """All that the comparison draws."""

    title: str
    units: str
    groups: list[Group]
    anatomy: list[Anatomy]
    finding: Finding | None


def compare(capture: Capture, units: Sequence[int]) -> CompareView:
    """Units and what answered them, grouped by path.

    Raises:
        IndexError: the capture has no such unit.
    """
    shown = with_answers(capture, units)
    http = [each for each in shown if not isinstance(each.unit, Frame)]
    frames = [each for each in shown if isinstance(each.unit, Frame)]
    groups = [_group(capture, "HTTP", http), _group(capture, "WebSocket", frames)]
    return {
        "title": _title(shown, [group for group in groups if group["bars"]]),
        "units": named_numbers([each.row.n for each in shown]),
        "groups": [group for group in groups if group["bars"]],
        "anatomy": [_anatomy(each) for each in http],
        "finding": _finding(capture, http),
    }


def with_answers(capture: Capture, units: Iterable[int]) -> list[Captured]:
    """The units, each followed by the response or the ack it got, in the order of the wire."""
    wanted: set[int] = set()
    for n in units:
        captured = capture.unit(n)
        answer = captured.peer if captured.peer is not None else _ack(capture, captured)
        wanted |= {n} if answer is None else {n, answer}
    return [capture.unit(n) for n in sorted(wanted)]


def _ack(capture: Capture, asked: Captured) -> int | None:
    """The frame that acknowledges a chat message: same connection, other way, same id."""
    name = _event(asked).get("id")
    if name is None:
        return None
    row = asked.row
    for each in capture.rows(row.n + 1, row.n + _LOOK_AHEAD):
        if each.connection == row.connection and each.direction is not row.direction:
            event = _event(capture.unit(each.n))
            if event.get("type") == "ack" and event.get("id") == name:
                return each.n
    return None


def _event(captured: Captured) -> dict[str, object]:
    text = captured.message.text if captured.message is not None else None
    if isinstance(captured.unit, Request):
        text = captured.unit.body.decode("utf-8", "replace")
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _title(shown: Sequence[Captured], groups: Sequence[Group]) -> str:
    said = next((text for each in shown if isinstance(text := _event(each).get("text"), str)), None)
    what = f"One “{said[:40]}”" if said else "Side by side"
    ways = {2: "two ways", 1: "one way"}.get(len(groups), "")
    return f"{what}, {ways}" if said else what


def _group(capture: Capture, name: str, members: Sequence[Captured]) -> Group:
    total = sum(each.row.length for each in members)
    note = f"{count(total, 'byte')} there and back"
    before = _handshake_bytes(capture, members) if name == "WebSocket" else 0
    if before:
        note += f", after one handshake of {before}"
    return {"name": name, "note": note, "bars": [bar(each) for each in members]}


def _handshake_bytes(capture: Capture, members: Sequence[Captured]) -> int:
    """Bytes of the HTTP exchange that opened the connection of the first frame."""
    if not members:
        return 0
    connection = members[0].row.connection
    before = capture.rows(1, members[0].row.n)
    return sum(r.length for r in before if r.connection == connection and r.opcode is None)


def bar(captured: Captured) -> Bar:
    """One unit's bytes by kind of field."""
    row, unit = captured.row, captured.unit
    spent = dict.fromkeys(_ORDER, 0)
    for kind, size in _bytes_by_kind(unit, captured):
        spent[kind] += size
    parts = [(kind, size) for kind, size in spent.items() if size]
    return {
        "n": row.n,
        "name": _name(captured),
        "direction": str(row.direction),
        "parts": parts,
        "total": row.length,
        "note": _overhead(unit),
    }


def _bytes_by_kind(unit: object, captured: Captured) -> Iterable[tuple[str, int]]:
    """Whole bytes; one that holds two fields counts for the one with more bits there."""
    if isinstance(unit, Frame):
        payload = "text"
        heads = [f for f in leaves(unit.fields) if f.span.stop <= 8 * unit.header_length]
        first = "control" if unit.is_control else "bit"
        yield first, 1
        yield "len", 1
        yield from ((field_class(f, f, unit), f.span.bits // 8) for f in heads if f.span.bits > 7)
        yield payload, len(unit.payload)
        return
    tops = tables.fields_of(unit)
    if not tops:
        yield "payload", captured.row.length
    kind = "payload"
    for before, top in zip([None, *tops], tops, strict=False):
        own = field_class(top, top, unit)
        kind = kind if top.name == "CRLF" and before is not None and before.name != "CRLF" else own
        yield kind, top.span.bits // 8


def _name(captured: Captured) -> str:
    unit = captured.unit
    if isinstance(unit, Request):
        return unit.method
    if isinstance(unit, Response):
        return f"{unit.status} {unit.reason}".strip()
    kind = label(captured.row.kind, captured.row.opcode)
    event = _event(captured).get("type")
    return f"{kind} {event}" if isinstance(event, str) else kind


def _overhead(unit: object) -> str:
    if not isinstance(unit, Frame):
        return ""
    mask = 4 if unit.masked else 0
    return f"header {unit.header_length - mask}" + (f", mask {mask}" if mask else "")


def _anatomy(captured: Captured) -> Anatomy:
    return {
        "n": captured.row.n,
        "name": _name(captured),
        "direction": str(captured.row.direction),
        "lines": tables.table(captured.unit),
    }


def _finding(capture: Capture, http: Sequence[Captured]) -> Finding | None:
    """Did the connection stay open after the response? From the headers and what followed."""
    pair = [each for each in http if isinstance(each.unit, Request | Response)]
    if not pair:
        return None
    section = "RFC 9112 §9.3"
    return {
        "claim": "“Connection closes automatically.”",
        "measured": " ".join([_asked_to_close(pair), _went_on(capture, pair[-1])]),
        "section": section,
        "url": section_url(section),
    }


def _asked_to_close(pair: Sequence[Captured]) -> str:
    for each in pair:
        unit = each.unit
        if isinstance(unit, Request | Response) and not unit.persistent:
            header = unit.header("Connection")
            who = "The request" if isinstance(unit, Request) else "The response"
            why = f"said Connection: {header}" if header else f"is {unit.version}"
            return f"{who} {why}, so the connection closes after it."
    return "No Connection: close was sent, so HTTP/1.1 keeps it open."


def _went_on(capture: Capture, last: Captured) -> str:
    row = last.row
    later = [
        each
        for each in capture.rows(row.n + 1)
        if each.connection == row.connection and each.direction is Direction.C2S
    ]
    if later:
        return f"The next request, unit {later[0].n}, used the same TCP connection."
    link = next(each for each in capture.connections if each.number == row.connection)
    if link.ended:
        return "The connection ended without another request."
    return "The connection is still open; no other request came yet."
