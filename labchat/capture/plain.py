"""A unit as plain data: what ``labchat dissect --json`` prints, one object a unit. PURE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labchat.wire.fields import leaves
from labchat.wire.frames import Frame
from labchat.wire.http1 import Response

if TYPE_CHECKING:
    from labchat.capture.model import Captured

Json = dict[str, Any]


def plain(captured: Captured) -> Json:
    """A unit with its leaves and violations; a frame also with what it says.

    Bit offsets count from the unit's start; the leaves are in order and tile the unit. Values
    that are bytes are given as hex.
    """
    row, unit = captured.row, captured.unit
    made: Json = {
        "n": row.n,
        "connection": row.connection,
        "direction": row.direction.value,
        "at_ns": row.at_ns,
        "end_ns": row.end_ns,
        "kind": row.kind.value,
        "length": row.length,
        "fields": [
            {
                "name": leaf.name,
                "start": leaf.span.start,
                "stop": leaf.span.stop,
                "value": _value(leaf.value),
            }
            for leaf in leaves(unit.fields)
        ],
        "violations": [
            {
                "rule": broken.rule,
                "section": broken.section,
                "start": broken.span.start,
                "stop": broken.span.stop,
            }
            for broken in unit.violations
        ],
    }
    if isinstance(unit, Response) and unit.part != "message":
        made["part"] = unit.part
    return made | _frame(captured, unit) if isinstance(unit, Frame) else made


def _frame(captured: Captured, unit: Frame) -> Json:
    message = captured.message
    ends = message is not None and message.complete and message.last == captured.row.n
    return {
        "fin": unit.fin,
        "rsv": unit.rsv,
        "opcode": unit.opcode,
        "masked": unit.masked,
        "payload_length": unit.payload_length,
        "masking_key": None if unit.masking_key is None else unit.masking_key.hex(),
        "payload": unit.payload.hex(),
        "text": message.text if message is not None and ends else None,
        "close_code": unit.close_code,
        "close_reason": unit.close_reason,
    }


def _value(value: int | str | bytes | bool | None) -> int | str | bool | None:
    return value.hex() if isinstance(value, bytes) else value
