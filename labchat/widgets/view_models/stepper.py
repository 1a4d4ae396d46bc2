"""The gate as the stepper draws it: what waits, what an edit would send, what the peer answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from labchat.errors import SettingsError
from labchat.tap.edit import RSV1, Header, changed
from labchat.tap.gate import preview
from labchat.widgets.view_models.chat_words import words
from labchat.widgets.view_models.detail import FieldView, RuleView, field_views, rules
from labchat.widgets.view_models.kinds import label
from labchat.widgets.view_models.rows import control_words
from labchat.wire.fields import Direction
from labchat.wire.frames import CloseCode, Frame, dissect
from labchat.wire.http1 import Request, Response, dissect_request, dissect_response
from labchat.wire.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from labchat.tap.held import GateView, Held
    from labchat.wire.conversation import Unit

QUEUE = 12
"""Cards a side; the rest is counted."""

SHOWN = 96
"""Bytes of a preview and of an answer."""


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


class StepperView(TypedDict):
    """The gate at one moment; times in milliseconds."""

    generation: int
    paused: bool
    next: int
    held: int
    since: float
    c2s: Queue
    s2c: Queue
    timers: list[str]


class Bit(TypedDict):
    """A header bit that can be switched."""

    name: str
    value: int
    was: int


class Preview(TypedDict):
    """What would leave: ``changed`` are offsets in ``hex``; ``error`` says why it cannot."""

    id: int
    kind: str
    title: str
    direction: str
    bits: list[Bit]
    text: str | None
    textWas: str | None
    size: int
    was: int
    hex: str
    changed: list[int]
    fields: list[FieldView]
    violations: list[RuleView]
    error: str


class Answer(TypedDict):
    """What the peer said to a step; ``bad`` when it refused."""

    title: str
    where: str
    bad: bool
    violations: list[RuleView]
    hex: str
    size: int
    fields: list[FieldView]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that a person makes to a held unit; None leaves as it is."""

    text: str | None = None
    fin: bool | None = None
    rsv1: bool | None = None
    mask: bool | None = None

    @classmethod
    def of(cls, content: Mapping[str, object]) -> Edit:
        """From what a front end sent; anything odd counts as not said."""
        text = content.get("text")
        bits = {key: _bit(content.get(key)) for key in ("fin", "rsv1", "mask")}
        return cls(text if isinstance(text, str) else None, **bits)

    def header(self, frame: Frame) -> Header:
        """As the gate takes it."""
        found: Header = {}
        if self.fin is not None and self.fin != frame.fin:
            found["fin"] = self.fin
        if self.rsv1 is not None and self.rsv1 != bool(frame.rsv & RSV1):
            found["rsv"] = frame.rsv | RSV1 if self.rsv1 else frame.rsv & ~RSV1
        if self.mask is not None and self.mask != frame.masked:
            found["mask"] = self.mask
        return found


def _bit(value: object) -> bool | None:
    return bool(value) if isinstance(value, bool | int) else None


def view(gate: GateView, names: Mapping[int, str], now_ns: int) -> StepperView:
    """The gate's view for the front end; ``names``: connection to client."""
    first = gate.next
    return {
        "generation": gate.generation,
        "paused": gate.paused,
        "next": first.id if first else 0,
        "held": len(gate.held),
        "since": round((now_ns - first.since_ns) / 1e6, 1) if first else 0.0,
        "c2s": _queue(gate.queues.get(Direction.C2S, ()), names, Direction.C2S),
        "s2c": _queue(gate.queues.get(Direction.S2C, ()), names, Direction.S2C),
        "timers": [
            f"{timer.name} in {max(0.0, (timer.due_ns - now_ns) / 1e9):.1f} s"
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


def card(held: Held, names: Mapping[int, str]) -> Card:
    """A held unit in three lines."""
    kind, unit = _kind(held), held.unit
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


def _kind(held: Held) -> str:
    unit = held.unit
    if isinstance(unit, Frame):
        return label("frame", unit.opcode)
    if held.kind == "fin":
        return "FIN"
    return "HTTP" if isinstance(unit, Request | Response) else "RAW"


def _said(held: Held) -> str:
    unit = held.unit
    if held.kind == "fin":
        return "end of stream"
    if isinstance(unit, Frame):
        text = unit.payload.decode("utf-8", "replace") if unit.opcode in (0, 1) else ""
        return words(text) or control_words(unit) or summarize(unit).removeprefix("close ")
    return held.summary if unit is None else summarize(unit)


def plan(held: Held, edit: Edit, *, rsv_allowed: int | None) -> Preview:
    """What ``held`` would be after ``edit``: its bytes, the changed ones, the rules it breaks."""
    error = ""
    data = held.data
    try:
        data = edited(held, edit)
    except SettingsError as problem:
        error = str(problem)
    unit = dissected(held, data, rsv_allowed)
    return {
        "id": held.id,
        "kind": held.kind,
        "title": f"{_kind(held)} {'frame' if isinstance(held.unit, Frame) else held.kind}, held",
        "direction": str(held.direction),
        "bits": _bits(held.unit, unit),
        "text": _text(unit),
        "textWas": _text(held.unit),
        "size": len(data),
        "was": len(held.was),
        "hex": data[:SHOWN].hex(),
        "changed": [at for at in changed(held.was, data) if at < SHOWN],
        "fields": [f for f in field_views(unit) if f["start"] < 8 * SHOWN],
        "violations": rules(unit),
        "error": error,
    }


def edited(held: Held, edit: Edit) -> bytes:
    """The bytes after ``edit``. Raises SettingsError when the unit cannot be made so."""
    header = edit.header(held.unit) if isinstance(held.unit, Frame) else Header()
    text = edit.text if edit.text != _text(held.unit) else None
    if text is None and not header:
        return held.was
    return preview(held, payload=text, **header)


def dissected(held: Held, data: bytes, rsv_allowed: int | None) -> Unit | None:
    """``data`` as the kind of unit that ``held`` is, or None."""
    if isinstance(held.unit, Frame):
        return dissect(data, role=held.direction, rsv_allowed=rsv_allowed)
    if isinstance(held.unit, Request):
        return dissect_request(data)
    if isinstance(held.unit, Response):
        return dissect_response(data, part=held.unit.part) if held.unit.head_length else held.unit
    return held.unit


def _bits(was: Unit | None, now: Unit | None) -> list[Bit]:
    if not isinstance(was, Frame) or not isinstance(now, Frame):
        return []
    return [
        {"name": "FIN", "value": int(now.fin), "was": int(was.fin)},
        {"name": "RSV1", "value": now.rsv >> 2 & 1, "was": was.rsv >> 2 & 1},
        {"name": "MASK", "value": int(now.masked), "was": int(was.masked)},
    ]


def _text(unit: Unit | None) -> str | None:
    """What can be edited as text, or None."""
    if isinstance(unit, Frame):
        content = unit.payload
    elif isinstance(unit, Request | Response) and unit.head_length:
        content = unit.body
    else:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


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
