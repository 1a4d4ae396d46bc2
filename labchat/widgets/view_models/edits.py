"""An edit at the gate: what a person asks for, and the preview that a front end draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, TypeGuard

from labchat.tap.edit import RSV1, Header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labchat.widgets.view_models.detail import FieldView, RuleView
    from labchat.wire.frames import Frame

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
    """What would leave: ``changed`` are offsets in ``hex``; ``error`` says why it cannot.

    ``at``: the byte with which ``hex`` begins: a change far behind is shown with what is around it.
    ``follows``: whether the head's Content-Length follows this body; None: that is no question.
    ``told``: what to say of lengths, if it is anything special.
    """

    id: int
    kind: str
    title: str
    direction: str
    bits: list[Bit]
    length: Length | None
    text: str | None
    textWas: str | None
    follows: bool | None
    told: str
    size: int
    was: int
    at: int
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
    as_is: bool | None = None
    """Of a body held apart: leave its head as it is, whatever length it tells of."""

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
            as_is=_bit(content.get("asIs")),
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
