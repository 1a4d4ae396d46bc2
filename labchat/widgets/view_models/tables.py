"""The field table of a unit: the RFC's name, the value, one sentence, the section."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from labchat.widgets.view_models.kinds import field_class, line_class
from labchat.widgets.view_models.messages import count, count_bare
from labchat.wire.explain import explain
from labchat.wire.fields import Field, leaves
from labchat.wire.frames import Frame, Opcode

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = int | str | bytes | bool | None
"""What a field says."""

_RSV = ("RSV1", "RSV2", "RSV3")


class Entry(TypedDict):
    """One row: ``fields`` are indexes of leaves; ``line`` is an HTTP line as (name, rest)."""

    fields: list[int]
    name: str
    value: str
    cls: str
    sentence: str
    section: str
    url: str
    warning: str
    line: tuple[str, str] | None


def table(unit: object) -> list[Entry]:
    """The rows of ``unit``'s table, in the order of its bytes."""
    tops = fields_of(unit)
    if isinstance(unit, Frame):
        return list(_frame_entries(tops, unit))
    return list(_line_entries(tops, unit))


def source(unit: object) -> str:
    """Which document names the fields."""
    if isinstance(unit, Frame):
        return "RFC 6455"
    names = {field.name for field in fields_of(unit)}
    if not names or names == {"bytes"}:
        return ""
    return "RFC 8446" if "ContentType" in names else "RFC 9112"


def fields_of(unit: object) -> tuple[Field, ...]:
    """The top-level fields; () where nothing was dissected."""
    found: tuple[Field, ...] = getattr(unit, "fields", ())
    return found


def data_of(unit: object) -> bytes:
    """The raw bytes; b"" of a gap."""
    found: bytes = getattr(unit, "data", b"")
    return found


def value(field: Field) -> str:
    """The value in a few characters, for the ruler."""
    if field.name == "opcode" and isinstance(field.value, int):
        return f"{field.value} {_opcode(field.value)}"
    if isinstance(field.value, bytes):
        short = field.span.bits <= 64 and field.name == "Masking-key"
        return field.value.hex(" ") if short else count(field.span.bits // 8, "byte")
    return "" if field.value is None else str(field.value)


def note(leaf: Field, top: Field, unit: object, cls: str) -> str:
    """What has to be said beside the name: "masked", or the header a value belongs to."""
    if isinstance(unit, Frame):
        hidden = cls == "payload" and unit.masked
        return "masked" if hidden else "compressed" if cls == "payload" else ""
    if top.name == "field-line" and leaf is not top:
        return f"of {str(top.value).partition(':')[0]}"
    return ""


def _opcode(code: int) -> str:
    try:
        return Opcode(code).name.lower()
    except ValueError:
        return "reserved"


def _frame_entries(tops: tuple[Field, ...], frame: Frame) -> Iterator[Entry]:
    flat = list(leaves(tops))
    rsv = [index for index, field in enumerate(flat) if field.name in _RSV]
    for index, field in enumerate(flat):
        cls = field_class(field, field, frame)
        if field.name == "RSV1":
            yield _reserved(flat, rsv, cls)
        elif field.name not in _RSV:
            yield _entry([index], field, field.name, _cell(field), cls)


def _reserved(flat: list[Field], rsv: list[int], cls: str) -> Entry:
    """The three reserved bits as one row; the first that is set speaks for them."""
    set_bits = [i for i in rsv if flat[i].value]
    bits = "".join(str(flat[i].value) for i in rsv)
    entry = _entry(rsv, flat[set_bits[0] if set_bits else rsv[-1]], "RSV1–3", bits, cls)
    if not set_bits:
        entry["sentence"] = "No extension uses these bits."
    return entry


def _cell(field: Field) -> str:
    """The value as the table shows it."""
    if field.name == "opcode":
        return f"0x{_number(field):X}"
    if field.name == "Extended payload length":
        return count_bare(_number(field))
    return value(field)


def _entry(indexes: list[int], field: Field, name: str, text: str, cls: str) -> Entry:
    told = explain("frame", field.name, field.value)
    return {
        "fields": indexes,
        "name": name,
        "value": text,
        "cls": cls,
        "sentence": told.sentence,
        "section": told.section,
        "url": told.url,
        "warning": told.warning or "",
        "line": None,
    }


def _line_entries(tops: tuple[Field, ...], unit: object) -> Iterator[Entry]:
    """Each line of an HTTP message with its line end; then the body."""
    at = 0
    kind = type(unit).__name__.lower()
    groups = _with_line_ends(tops)
    for group in groups:
        size = sum(1 for _ in leaves(group))
        yield _line_entry(group, list(range(at, at + size)), kind)
        at += size


def _with_line_ends(tops: tuple[Field, ...]) -> Iterator[list[Field]]:
    """Fields of one line together: ``field-line`` and its CRLF; an empty line stands alone."""
    group: list[Field] = []
    for top in tops:
        if top.name == "CRLF" and group and group[-1].name != "CRLF":
            group.append(top)
            continue
        if group:
            yield group
        group = [top]
    if group:
        yield group


def _line_entry(group: list[Field], indexes: list[int], kind: str) -> Entry:
    top = group[0]
    told = explain(kind, *_asked(top))
    length = sum(field.span.bits for field in group) // 8
    name = "empty line" if top.name == "CRLF" else top.name
    return {
        "fields": indexes,
        "name": name,
        "value": str(length),
        "cls": line_class(top),
        "sentence": told.sentence,
        "section": told.section,
        "url": told.url,
        "warning": told.warning or "",
        "line": _record(top) if kind == "undissected" else _line(top),
    }


def _asked(top: Field) -> tuple[str, Value]:
    if top.name == "field-line":
        name, _, text = str(top.value).partition(": ")
        return name, text
    return ("empty line" if top.name == "CRLF" else top.name), top.value


def _line(top: Field) -> tuple[str, str]:
    if top.name == "field-line":
        name, _, text = str(top.value).partition(":")
        return name, f":{text}"
    if top.name == "CRLF":
        return "", "the headers end"
    if isinstance(top.value, bytes):
        text = top.value[:4000].decode("utf-8", "replace")
        return "", text
    return "", "" if top.value is None else str(top.value)


def _record(top: Field) -> tuple[str, str]:
    """A field of a TLS record; bytes nobody could read are told as text."""
    if top.name == "bytes":
        return _line(top)
    if isinstance(top.value, bytes) and len(top.value) <= 8:
        return top.name, f": {top.value.hex(' ')}"
    return top.name, f": {value(top)}"


def _number(field: Field) -> int:
    return field.value if isinstance(field.value, int) else 0
