"""The gate as the stepper draws it: what waits, and what the peer answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from labchat.tap.parts import is_head
from labchat.widgets.view_models.chat_words import words
from labchat.widgets.view_models.detail import FieldView, RuleView, field_views
from labchat.widgets.view_models.kinds import held_kind, label
from labchat.widgets.view_models.rows import control_words
from labchat.wire.fields import Direction
from labchat.wire.frames import CloseCode, Frame
from labchat.wire.http1 import Response
from labchat.wire.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from labchat.capture.model import Connection
    from labchat.tap.held import GateView, Held
    from labchat.wire.conversation import Unit

QUEUE = 12
"""Cards a side; the rest is counted."""

SHOWN = 96
"""Bytes of an answer."""


class Card(TypedDict):
    """A unit that waits; ``tone`` is "", "control" or "fail"."""

    id: int
    kind: str
    summary: str
    bytes: int
    edited: bool
    tone: str
    who: str


class Queue(TypedDict):
    """One side of the gate: the first to go first, and how many wait."""

    cards: list[Card]
    held: int
    title: str


class TimerView(TypedDict):
    """A clock that runs in a peer; ``left`` in milliseconds."""

    name: str
    left: float


class StepperView(TypedDict):
    """The gate at one moment; times in milliseconds."""

    paused: bool
    next: int
    held: int
    since: float
    c2s: Queue
    s2c: Queue
    timers: list[TimerView]


class Answer(TypedDict):
    """What the peer said to a step; ``bad`` when it refused."""

    title: str
    where: str
    bad: bool
    violations: list[RuleView]
    hex: str
    size: int
    fields: list[FieldView]


def view(gate: GateView, names: Mapping[int, str], now_ns: int) -> StepperView:
    """The gate's view for the front end; ``names``: connection to client."""
    first = gate.next
    return {
        "paused": gate.paused,
        "next": first.id if first else 0,
        "held": len(gate.held),
        "since": round((now_ns - first.since_ns) / 1e6, 1) if first else 0.0,
        "c2s": _queue(gate.queues.get(Direction.C2S, ()), names, Direction.C2S),
        "s2c": _queue(gate.queues.get(Direction.S2C, ()), names, Direction.S2C),
        "timers": [
            {"name": timer.name, "left": max(0.0, round((timer.due_ns - now_ns) / 1e6, 1))}
            for timer in gate.timers
        ],
    }


def _queue(held: Sequence[Held], names: Mapping[int, str], direction: Direction) -> Queue:
    clients = {_client(each, names) for each in held}
    who = clients.pop() if len(clients) == 1 else "clients"
    title = f"{who} → server" if direction is Direction.C2S else f"server → {who}"
    return {
        "cards": [card(each, names) for each in held[:QUEUE]],
        "held": len(held),
        "title": title,
    }


def _client(held: Held, names: Mapping[int, str]) -> str:
    return names.get(held.connection) or held.label or f"client {held.connection}"


def returning(connections: Iterable[Connection], names: Mapping[str, str]) -> dict[int, str]:
    """Names for connections that have not said yet whose they are: "Alice again?".

    There is one when exactly one client has lost its WebSocket; ``names`` are those of labels.
    """
    open_: set[str] = set()
    lost: set[str] = set()
    new = []
    for each in connections:
        over = len(each.ended) == len(Direction)
        if each.label and each.kind == "websocket":
            (lost if over else open_).add(each.label)
        elif not each.label and not over:
            new.append(each.number)
    if len(lost - open_) != 1:
        return {}
    (label,) = lost - open_
    return dict.fromkeys(new, f"{names.get(label, label)} again?")


def card(held: Held, names: Mapping[int, str]) -> Card:
    """A held unit in three lines."""
    kind, unit = held_kind(held), held.unit
    closing = isinstance(unit, Frame) and unit.opcode == 8 and unit.close_code not in (1000, 1001)
    control = isinstance(unit, Frame) and unit.is_control
    return {
        "id": held.id,
        "kind": kind,
        "summary": "edited" if held.edited else _said(held),
        "bytes": held.length,
        "edited": held.edited,
        "tone": "fail" if closing else "control" if control else "",
        "who": _client(held, names),
    }


def _said(held: Held) -> str:
    unit = held.unit
    if held.kind == "fin":
        return "end of stream"
    if isinstance(unit, Frame):
        text = unit.payload.decode("utf-8", "replace") if unit.opcode in (0, 1) else ""
        return words(text) or control_words(unit) or summarize(unit).removeprefix("close ")
    if held.kind == "body" or is_head(held):
        message, _, part = held.summary.rpartition(", ")
        return f"{part} of {message}"
    return held.summary if unit is None else summarize(unit)


def answer(unit: Unit | None, where: str, broken: Iterable[RuleView]) -> Answer | None:
    """What the peer's first unit after a step says; ``broken``: the rules that step broke."""
    if isinstance(unit, Frame):
        title, bad = _frame_answer(unit)
    elif isinstance(unit, Response):
        title, bad = f"{unit.status} {unit.reason}".strip(), unit.status >= 400
    else:
        return None
    return {
        "title": title,
        "where": where,
        "bad": bad,
        "violations": list(broken) if bad else [],
        "hex": unit.data[:SHOWN].hex(),
        "size": len(unit.data),
        "fields": [f for f in field_views(unit) if f["start"] < 8 * SHOWN],
    }


def _frame_answer(frame: Frame) -> tuple[str, bool]:
    if frame.close_code is not None:
        return f"close {frame.close_code}, {_code_name(frame.close_code)}", (
            frame.close_code not in (1000, 1001)
        )
    text = words(frame.payload.decode("utf-8", "replace")) if frame.opcode == 1 else None
    kind = label("frame", frame.opcode)
    return f"{kind} {text}" if text else kind, bool(text and text.startswith("error"))


def _code_name(code: int) -> str:
    try:
        return CloseCode(code).phrase
    except ValueError:
        return "a code of the application"
