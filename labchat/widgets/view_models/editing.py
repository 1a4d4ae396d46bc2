"""What an edit at the gate would send: its bytes, the changed ones, the rules they break."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict, TypeGuard

from labchat.errors import SettingsError
from labchat.tap.edit import RSV1, Header, changed
from labchat.tap.gate import preview
from labchat.widgets.view_models.detail import FieldView, RuleView, field_views, rules
from labchat.widgets.view_models.kinds import held_kind
from labchat.wire.explain import section_url
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame, dissect
from labchat.wire.http1 import Request, Response, dissect_request, dissect_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labchat.tap.held import Held
    from labchat.wire.conversation import Unit

SHOWN = 96
"""Bytes of a preview."""

FORMS = (7, 16, 64)
"""Bits a frame's length may be written in (RFC 6455 §5.2)."""


class Bit(TypedDict):
    """A header bit that can be switched."""

    name: str
    value: int
    was: int


class Length(TypedDict):
    """A frame's length: what its header declares, in how many bits, and what follows."""

    declared: int
    form: int
    true: int
    byHand: bool


class Preview(TypedDict):
    """What would leave: ``changed`` are offsets in ``hex``; ``error`` says why it cannot."""

    id: int
    kind: str
    title: str
    direction: str
    bits: list[Bit]
    length: Length | None
    text: str | None
    textWas: str | None
    size: int
    was: int
    hex: str
    changed: list[int]
    fields: list[FieldView]
    violations: list[RuleView]
    error: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that a person makes to a held unit; None leaves as it is."""

    text: str | None = None
    fin: bool | None = None
    rsv1: bool | None = None
    mask: bool | None = None
    length: int | None = None
    """To declare in place of the true one."""
    form: int | None = None
    """Bits it is written in: 7, 16 or 64; else as few as it needs."""

    @classmethod
    def of(cls, content: Mapping[str, object]) -> Edit:
        """From what a front end sent; anything odd counts as not said."""
        text = content.get("text")
        bits = {key: _bit(content.get(key)) for key in ("fin", "rsv1", "mask")}
        length, form = content.get("length"), content.get("form")
        return cls(
            text if isinstance(text, str) else None,
            **bits,
            length=length if _whole(length) else None,
            form=form if _whole(form) and form in FORMS else None,
        )

    def header(self, frame: Frame) -> Header:
        """As the gate takes it."""
        found: Header = {}
        if self.fin is not None and self.fin != frame.fin:
            found["fin"] = self.fin
        if self.rsv1 is not None and self.rsv1 != bool(frame.rsv & RSV1):
            found["rsv"] = frame.rsv | RSV1 if self.rsv1 else frame.rsv & ~RSV1
        if self.mask is not None and self.mask != frame.masked:
            found["mask"] = self.mask
        if self.length is not None:
            found["declared_length"] = self.length
        if self.form is not None:
            found["length_form"] = self.form
        return found


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _bit(value: object) -> bool | None:
    return bool(value) if isinstance(value, bool | int) else None


def plan(held: Held, edit: Edit, *, rsv_allowed: int | None) -> Preview:
    """What ``held`` would be after ``edit``: its bytes, the changed ones, the rules it breaks."""
    error = ""
    data = held.data
    try:
        data = edited(held, edit)
    except SettingsError as problem:
        error = str(problem)
    unit = dissected(held, _honest(held, edit, data), rsv_allowed)
    length = _length(unit, edit)
    return {
        "id": held.id,
        "kind": held.kind,
        "title": f"{held_kind(held)} {_what(held)}, held",
        "direction": str(held.direction),
        "bits": _bits(held.unit, unit),
        "length": length,
        "text": _text(unit),
        "textWas": _text(held.unit),
        "size": len(data),
        "was": len(held.was),
        "hex": data[:SHOWN].hex(),
        "changed": [at for at in changed(held.was, data) if at < SHOWN],
        "fields": [f for f in field_views(unit) if f["start"] < 8 * SHOWN],
        "violations": [*_length_rules(length, held.direction), *_rules(held, edit, rsv_allowed)],
        "error": error,
    }


def _what(held: Held) -> str:
    return "frame" if isinstance(held.unit, Frame) else held.kind


def edited(held: Held, edit: Edit) -> bytes:
    """The bytes after ``edit``. Raises SettingsError when the unit cannot be made so."""
    header = edit.header(held.unit) if isinstance(held.unit, Frame) else Header()
    text = edit.text if edit.text != _text(held.unit) else None
    if text is None and not header:
        return held.was
    return preview(held, payload=text, **header)


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


def dissected(held: Held, data: bytes, rsv_allowed: int | None) -> Unit | None:
    """``data`` as the kind of unit that ``held`` is, or None."""
    if isinstance(held.unit, Frame):
        return dissect(data, role=held.direction, rsv_allowed=rsv_allowed)
    if isinstance(held.unit, Request):
        return dissect_request(data)
    if isinstance(held.unit, Response):
        return dissect_response(data, part=held.unit.part) if held.unit.head_length else held.unit
    return held.unit


def _honest(held: Held, edit: Edit, data: bytes) -> bytes:
    """``data``, or where its length is a lie, bytes of the same shape that tell the truth."""
    if edit.length is None or not isinstance(held.unit, Frame) or data is held.data:
        return data
    try:
        return edited(held, replace(edit, length=None, form=_form(data)))
    except SettingsError:  # what follows is longer than the form of the lie could say
        return edited(held, replace(edit, length=None, form=None))


def _form(data: bytes) -> int:
    return {126: 16, 127: 64}.get(data[1] & 127, 7)


def _length(unit: Unit | None, edit: Edit) -> Length | None:
    if not isinstance(unit, Frame):
        return None
    true = unit.payload_length
    return {
        "declared": true if edit.length is None else edit.length,
        "form": _form(unit.data),
        "true": true,
        "byHand": edit.length is not None or edit.form is not None,
    }


def _length_rules(length: Length | None, direction: Direction) -> list[RuleView]:
    """What a length that is not true does to who reads it."""
    if length is None or length["declared"] == length["true"]:
        return []
    reader = "the server" if direction is Direction.C2S else "the client"
    more = length["declared"] - length["true"]
    does = (
        f"{reader} waits for {more} more before the frame ends"
        if more > 0
        else f"{reader} reads the last {-more} as the next frame"
    )
    rule = f"Payload len says {length['declared']} bytes, {length['true']} follow: {does}"
    section = "RFC 6455 §5.2"
    stop = 16 if length["form"] == 7 else 16 + length["form"]
    view = RuleView(rule=rule, section=section, url=section_url(section), start=9, stop=stop)
    return [view]


def _rules(held: Held, edit: Edit, rsv_allowed: int | None) -> list[RuleView]:
    """The rules of the frame itself; a length that lies is told of apart."""
    plain = edit if edit.length is None else replace(edit, length=None, form=None)
    try:
        data = edited(held, plain)
    except SettingsError:
        data = held.data
    return rules(dissected(held, data, rsv_allowed))
