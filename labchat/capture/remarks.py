"""What a capture knows beyond packets, as comments: sentences for a person, and read back.

PURE. Each is one line that Wireshark shows as it stands::

    labchat capture, time 0 is 2026-11-25T13:22:01.123456+00:00
    labchat label, connection 1: Alice
    labchat annotation, connection 1, unit 12: dropped by hand
    labchat gap, connection 1, c2s: 12 bytes
    labchat end, connection 1, c2s: local

Any other comment in a file is somebody's own, and becomes an annotation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labchat.capture.model import End
    from labchat.wire.fields import Direction

UNKNOWN = "unknown"
_STARTED = re.compile(r"labchat capture, time 0 is (\S+)")
_REMARK = re.compile(
    r"labchat (?P<kind>label|annotation|gap|end)"
    r"(?:, connection (?P<connection>[0-9]{1,9}))?"
    r"(?:, unit (?P<unit>[0-9]{1,9}))?"
    r"(?:, (?P<way>c2s|s2c))?: (?P<text>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment, taken apart.

    Attributes:
        kind: "label", "annotation", "gap", "end", or "comment" for somebody else's.
        text: the words after the colon.
        connection, unit: numbers in the capture that wrote it, or None.
        way: "c2s", "s2c" or None.
    """

    kind: str
    text: str
    connection: int | None = None
    unit: int | None = None
    way: str | None = None


def started(at: datetime | None) -> str:
    """The section's comment: the wall clock at time 0, where it is known."""
    return f"labchat capture, time 0 is {at.isoformat() if at else UNKNOWN}"


def label(connection: int, name: str) -> str:
    """Whose the connection is."""
    return f"labchat label, connection {connection}: {name}"


def annotation(text: str, *, connection: int | None, unit: int | None) -> str:
    """A sentence about the capture, a connection or a unit."""
    where = "" if connection is None else f", connection {connection}"
    what = "" if unit is None else f", unit {unit}"
    return f"labchat annotation{where}{what}: {text}"


def gap(connection: int, way: Direction, length: int) -> str:
    """Bytes that were not recorded, or never delivered."""
    return f"labchat gap, connection {connection}, {way.value}: {length} bytes"


def end(connection: int, way: Direction, how: End) -> str:
    """How a direction ended."""
    return f"labchat end, connection {connection}, {way.value}: {how.value}"


def read(comment: str) -> Remark:
    """A comment, taken apart; never raises."""
    match = _REMARK.fullmatch(comment)
    if match is None:
        return Remark("comment", comment)
    connection, unit = match["connection"], match["unit"]
    return Remark(
        match["kind"],
        match["text"],
        connection=None if connection is None else int(connection),
        unit=None if unit is None else int(unit),
        way=match["way"],
    )


def read_started(comment: str) -> tuple[datetime | None, bool]:
    """The wall clock at time 0 out of a section's comment, and whether labchat wrote it."""
    match = _STARTED.fullmatch(comment)
    if match is None:
        return None, False
    try:
        moment = datetime.fromisoformat(match[1])
    except ValueError:
        return None, match[1] == UNKNOWN
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), True
