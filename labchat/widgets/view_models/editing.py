"""What an edit at the gate would send: its bytes, the changed ones, the rules they break."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from labchat.errors import SettingsError
from labchat.tap.edit import Header, changed
from labchat.tap.gate import preview
from labchat.tap.parts import is_head, with_length
from labchat.widgets.view_models.detail import FieldView, RuleView, field_views, rules
from labchat.widgets.view_models.kinds import held_kind
from labchat.wire.explain import section_url
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame, dissect
from labchat.wire.http1 import Request, Response, dissect_request, dissect_response

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labchat.tap.held import Held
    from labchat.widgets.view_models.edits import Bit, Edit, Length, Preview
    from labchat.wire.conversation import Unit

SHOWN = 96
"""Bytes of a preview."""
ROW = 16
"""Bytes in a row of it."""


def plan(
    held: Held,
    edit: Edit,
    *,
    rsv_allowed: int | None,
    other: Held | None = None,
    length: int | None = None,
) -> Preview:
    """What ``held`` would be after ``edit``: its bytes, the changed ones, the rules it breaks.

    Args:
        held: the unit.
        edit: what a person does to it.
        rsv_allowed: reserved bits that an extension gives a meaning.
        other: of a body held apart, its head that still waits.
        length: of a head, what its Content-Length will be made to say.
    """
    error = ""
    data = held.data
    try:
        data = edited(held, edit)
    except SettingsError as problem:
        error = str(problem)
    if length is not None:
        data = with_length(data, length)
    unit = dissected(held, _honest(held, edit, data), rsv_allowed)
    size = _length(unit, edit)
    changes = changed(held.was, data)
    at = _begin(changes)
    return {
        "id": held.id,
        "kind": held.kind,
        "title": f"{held_kind(held)} {_what(held)}, held",
        "direction": str(held.direction),
        "bits": _bits(held.unit, unit),
        "length": size,
        "text": _text(held, unit, data),
        "textWas": _text(held, held.unit, held.was),
        "follows": not edit.as_is if other is not None else None,
        "told": _told(held, other),
        "size": len(data),
        "was": len(held.was),
        "at": at,
        "hex": data[at : at + SHOWN].hex(),
        "changed": [place - at for place in changes if at <= place < at + SHOWN],
        "fields": list(_fields(unit, at)),
        "violations": [*_length_rules(size, held.direction), *_rules(held, edit, rsv_allowed)],
        "error": error,
    }


def _begin(changes: Sequence[int]) -> int:
    """Where to begin so that the first change is seen: the row before it, if it is far behind."""
    first = changes[0] if changes else 0
    return 0 if first < SHOWN - ROW else (first // ROW - 1) * ROW


def _fields(unit: Unit | None, at: int) -> Iterator[FieldView]:
    """Those of the bytes shown, counted from the first of these."""
    for each in field_views(unit):
        start, stop = each["start"] - 8 * at, each["stop"] - 8 * at
        if stop > 0 and start < 8 * SHOWN:
            yield {**each, "start": max(0, start), "stop": stop}


def _what(held: Held) -> str:
    if is_head(held):
        return f"{held.kind} head"
    return "frame" if isinstance(held.unit, Frame) else held.kind


def _told(held: Held, head: Held | None) -> str:
    if is_head(held):
        return "The head leaves as you write it. If the body is edited, Content-Length follows."
    if held.kind != "body":
        return ""
    if head is None:
        return f"The head has gone on: that {len(held.was)} bytes follow can no longer be changed."
    return ""


def edited(held: Held, edit: Edit) -> bytes:
    """The bytes after ``edit``. Raises SettingsError when the unit cannot be made so."""
    header = edit.header(held.unit) if isinstance(held.unit, Frame) else Header()
    text = edit.text if edit.text != _text(held, held.unit, held.was) else None
    if text is None and not header:
        return held.was
    if text is not None and is_head(held):
        return "\r\n".join(text.split("\n")).encode()
    return preview(held, payload=text, **header)


def _bits(was: Unit | None, now: Unit | None) -> list[Bit]:
    if not isinstance(was, Frame) or not isinstance(now, Frame):
        return []
    return [
        {"name": "FIN", "value": int(now.fin), "was": int(was.fin)},
        {"name": "RSV1", "value": now.rsv >> 2 & 1, "was": was.rsv >> 2 & 1},
        {"name": "MASK", "value": int(now.masked), "was": int(was.masked)},
    ]


def _text(held: Held, unit: Unit | None, data: bytes) -> str | None:
    """What can be edited as text, or None; of a head, its lines."""
    if is_head(held):
        content = data.replace(b"\r\n", b"\n")
    elif held.kind == "body" and b"\r" not in data:  # which no text field would keep
        content = data
    elif isinstance(unit, Frame):
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
