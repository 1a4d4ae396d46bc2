"""What goes into a capture and what comes out: chunks, ends, rows, connections."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from labchat.wire import views
from labchat.wire.http1 import Request, Response

if TYPE_CHECKING:
    from array import array

    from labchat.capture.capture import Capture
    from labchat.wire.conversation import Message, Unit
    from labchat.wire.fields import Direction
    from labchat.wire.index import Columns, Kind
    from labchat.wire.views import View


class End(StrEnum):
    """How one direction of a connection ended."""

    FIN = "fin"
    """The sender closed its side in order."""
    RST = "rst"
    """The sender reset the connection."""
    LOCAL = "local"
    """The tap cut it."""
    CAPTURE = "capture"
    """Only the capture ended; the connection may have gone on."""


Bytes = bytes | memoryview
"""Bytes, or a view of some that lie in a larger block and never change."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one read gave.

    Attributes:
        at_ns: when, on the clock of ``Capture.epoch_ns``.
        direction: which way it went.
        offset: of ``data[0]`` in that direction's stream, lost bytes counted.
        data: the bytes.
    """

    at_ns: int
    direction: Direction
    offset: int
    data: Bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection was opened."""

    at_ns: int
    client: str
    server: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Gapped:
    """``length`` bytes from ``offset`` on are missing in one direction."""

    at_ns: int
    direction: Direction
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Ended:
    """One direction of a connection ended."""

    at_ns: int
    direction: Direction
    how: End


Event = Opened | Chunk | Gapped | Ended


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark: what the tap did, or what somebody wrote down.

    Attributes:
        at_ns: ns since the capture's start.
        text: the remark.
        connection: number of the connection it is about, or None.
        unit: number of the unit it is about, or None.
    """

    at_ns: int
    text: str
    connection: int | None = None
    unit: int | None = None


@dataclass(frozen=True, slots=True)
class Newest:
    """A remark about the newest unit of one direction, whose number nobody knows yet."""

    note: Annotation
    direction: Direction


@dataclass(frozen=True, slots=True)
class Connection:
    """One TCP connection as far as it is known.

    Attributes:
        number: 1, 2, … in the order of opening.
        client, server: addresses, "127.0.0.1:51234".
        label: who the client is ("Alice"), or None.
        opened_ns: ns since the capture's start.
        ended: each direction that ended, with (ns since the capture's start, how).
        kind: "http", "websocket", "tls", "tunnel" (anything else), or "" while nothing is known.
        late: the capture began in mid-stream: no handshake was seen.
        pending: bytes each direction holds that do not make a whole unit yet.
    """

    number: int
    client: str
    server: str
    label: str | None
    opened_ns: int
    ended: dict[Direction, tuple[int, End]] = field(default_factory=dict)
    kind: str = ""
    late: bool = False
    pending: dict[Direction, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One unit as a list shows it.

    Attributes:
        n: the unit's number, from 1, in the order in which last bytes arrived.
        connection: the connection's number.
        direction: which way.
        at_ns, end_ns: arrival of the first and the last byte, ns since the capture's start.
        kind: request, response, frame, undissected or gap.
        length: bytes on the wire; of a gap, the bytes that are missing.
        opcode: of a frame, 0 to 15; else None.
    """

    n: int
    connection: int
    direction: Direction
    at_ns: int
    end_ns: int
    kind: Kind
    length: int
    opcode: int | None
    _capture: Capture = field(repr=False, compare=False)

    @property
    def summary(self) -> str:
        """One line about the unit; dissects it, so ask only for the rows on screen."""
        return self._capture.summary(self.n)

    @property
    def violations(self) -> int:
        """How many rules the unit breaks; dissects it, so ask only for the rows on screen."""
        return len(self._capture.unit(self.n).unit.violations)


@dataclass(frozen=True, slots=True)
class Captured:
    """One unit with its whole field tree.

    Attributes:
        row: its line in the list.
        unit: Frame, Request, Response, Undissected or Gap.
        message: the WebSocket message the frame belongs to (``frames`` are unit numbers), or
            None for anything but a data frame.
        peer: number of the response that answers this request, of the request that this response
            or event answers, or None.
    """

    row: Row
    unit: Unit
    message: Message | None
    peer: int | None

    @property
    def view(self) -> View | None:
        """The content made readable, with fields of its own: JSON, text, an event, or bytes."""
        if self.message is not None:
            return views.of_message(self.message)
        if isinstance(self.unit, Request | Response):
            return views.of_http(self.unit)
        return None


@dataclass(frozen=True, slots=True)
class LaneColumns:
    """The units of one direction of one connection, as columns.

    Attributes:
        connection: the connection's number.
        direction: which way.
        units: kind, first, start, length and link of each unit; live, not to be changed.
        numbers: the unit number of each row ("Q").
        buffer: the bytes ``start`` counts in; live, not to be changed or kept in a memoryview.
    """

    connection: int
    direction: Direction
    units: Columns
    numbers: array[int]
    buffer: bytearray


@dataclass(frozen=True, slots=True)
class UnitColumns:
    """All units of a capture as columns, entry i for unit i + 1; copies.

    Attributes:
        lane: index into ``lanes`` ("I").
        row: the row in that lane's columns ("Q").
        at_ns, end_ns: arrival of first and last byte, ns since the capture's start ("q").
        lanes: two a connection: to the server, to the client.
    """

    lane: array[int]
    row: array[int]
    at_ns: array[int]
    end_ns: array[int]
    lanes: tuple[LaneColumns, ...]
