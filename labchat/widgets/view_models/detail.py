"""One unit in full, as plain data for the detail pane: bytes, fields, table, message, rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from labchat.widgets.view_models import tables
from labchat.widgets.view_models.kinds import field_class, title
from labchat.widgets.view_models.messages import MessageView, count, count_bare, message_view
from labchat.wire.explain import section_url
from labchat.wire.fields import Direction, Field, leaves
from labchat.wire.frames import Frame
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.capture.capture import Captured
    from labchat.widgets.view_models.peers import Peer

INLINE = 16_384
"""Bytes that travel with a detail; the rest is asked for."""


class FieldView(TypedDict):
    """A leaf: bits ``start`` up to ``stop``, its kind ``cls``, its value and a note as words."""

    name: str
    start: int
    stop: int
    cls: str
    value: str
    note: str


class Mask(TypedDict):
    """The masking key as hex, and the byte where the masked payload starts."""

    key: str
    start: int


class RuleView(TypedDict):
    """A broken rule."""

    rule: str
    section: str
    url: str
    start: int
    stop: int


Detail = TypedDict(
    "Detail",
    {
        "n": int,
        "kind": str,
        "title": str,
        "direction": str,
        "from": str,
        "to": str,
        "size": int,
        "sizes": str,
        "ms": float,
        "hex": str,
        "fields": list[FieldView],
        "table": list[tables.Entry],
        "source": str,
        "mask": Mask | None,
        "message": MessageView | None,
        "violations": list[RuleView],
        "curl": str | None,
    },
)


def detail(captured: Captured, peer: Peer) -> Detail:
    """All that the detail pane draws of ``captured``, whose client is ``peer``."""
    row, unit = captured.row, captured.unit
    to_server = row.direction is Direction.C2S
    fields = list(field_views(unit))
    return {
        "n": row.n,
        "kind": str(row.kind),
        "title": title(unit),
        "direction": str(row.direction),
        "from": peer.name if to_server else "server",
        "to": "server" if to_server else peer.name,
        "size": len(unit.data),
        "sizes": sizes(unit),
        "ms": round(row.at_ns / 1e6, 4),
        "hex": unit.data[:INLINE].hex(),
        "fields": fields,
        "table": tables.table(unit),
        "source": tables.source(unit),
        "mask": _mask(unit),
        "message": message_view(captured),
        "violations": rules(unit),
        "curl": curl(unit, peer) if isinstance(unit, Request) else None,
    }


def field_views(unit: object) -> Iterator[FieldView]:
    """The leaves of ``unit``, in order."""
    for top in tables.fields_of(unit):
        for leaf in leaves([top]):
            yield _field_view(leaf, top, unit)


def _field_view(leaf: Field, top: Field, unit: object) -> FieldView:
    cls = field_class(leaf, top, unit)
    return {
        "name": leaf.name,
        "start": leaf.span.start,
        "stop": leaf.span.stop,
        "cls": cls,
        "value": tables.value(leaf),
        "note": tables.note(leaf, top, unit, cls),
    }


def sizes(unit: object) -> str:
    """``142 bytes: 8 of header, 134 of payload``."""
    data = tables.data_of(unit)
    total = count(len(data), "byte")
    if isinstance(unit, Frame):
        return (
            f"{total}: {unit.header_length} of header, {count_bare(len(unit.payload))} of payload"
        )
    if isinstance(unit, Request | Response) and unit.head_length:
        body = len(data) - unit.head_length
        return f"{total}: {count_bare(unit.head_length)} of head, {count_bare(body)} of body"
    return total


def rules(unit: object) -> list[RuleView]:
    """The rules that ``unit`` breaks."""
    return [
        {
            "rule": broken.rule[:1].upper() + broken.rule[1:],
            "section": broken.section,
            "url": section_url(broken.section),
            "start": broken.span.start,
            "stop": broken.span.stop,
        }
        for broken in getattr(unit, "violations", ())
    ]


def _mask(unit: object) -> Mask | None:
    if not isinstance(unit, Frame) or unit.masking_key is None:
        return None
    return {"key": unit.masking_key.hex(), "start": unit.header_length}


def curl(request: Request, peer: Peer) -> str:
    """A curl command that sends the same request; hop-by-hop lines are left to curl."""
    host = request.header("Host") or peer.server
    parts = ["curl", "-i"]
    if request.method != "GET":
        parts += ["-X", quoted(request.method)]
    skipped = {"host", "content-length", "connection", "transfer-encoding"}
    for name, text in request.headers:
        if name.lower() not in skipped:
            parts += ["-H", quoted(f"{name}: {text}")]
    if request.body:
        parts += ["--data-binary", quoted(request.body.decode("utf-8", "replace"))]
    return " ".join([*parts, quoted(f"http://{host}{request.target}")])


def quoted(text: str) -> str:
    """``text`` as one word of a POSIX shell."""
    escaped = text.replace("'", "'\\''")
    return f"'{escaped}'"
