"""Both directions of one connection: HTTP/1.1, the 101 switch, WebSocket frames and messages.

Feed bytes as they arrive; units appear as rows of columns (:meth:`Conversation.units`). Field
trees and messages are made for the row asked for. Nothing here raises on peer bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from labchat.wire import http1, http_context, index, undissected
from labchat.wire.context import FrameReader
from labchat.wire.deflate import Inflater, Parameters
from labchat.wire.fields import Direction, Field, Violation
from labchat.wire.frames import Frame
from labchat.wire.http1 import Request, Response
from labchat.wire.index import KINDS, Kind, Part
from labchat.wire.lane import Lane
from labchat.wire.messages import Message, Messages
from labchat.wire.negotiation import agreed
from labchat.wire.undissected import Undissected
from labchat.wire.walk import Shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.wire.index import Columns

__all__ = ["Conversation", "Gap", "Kind", "Message", "Undissected", "Unit"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that were sent and are not in the capture.

    Attributes:
        length: how many.
        inferred: nothing said where frames start again; their headers did, which may be wrong
            (:mod:`labchat.wire.resync`).
    """

    length: int
    inferred: bool = False
    data: bytes = b""
    fields: tuple[Field, ...] = ()
    violations: tuple[Violation, ...] = ()


_HEAD = 16 << 10
"""Bytes in which an opening request names what it wants."""

Unit = Frame | Request | Response | Undissected | Gap


class Conversation:
    """One TCP connection, both ways."""

    def __init__(self) -> None:
        self._shared = Shared()
        client, server = Lane(Direction.C2S, self._shared), Lane(Direction.S2C, self._shared)
        client.other, server.other = server, client
        self._lanes = {Direction.C2S: client, Direction.S2C: server}
        self._messages: dict[Direction, Messages] = {}
        self._readers: dict[Direction, FrameReader] = {}
        self._deflate: tuple[Parameters | None] | None = None

    def feed(self, direction: Direction, data: bytes) -> None:
        """Take the next bytes of one direction."""
        lane = self._lanes[direction]
        lane.feed(data)
        self._wake(lane)

    def lose(self, direction: Direction, length: int) -> None:
        """``length`` bytes of one direction are missing here."""
        self._lanes[direction].lose(length)

    def end(self, direction: Direction) -> None:
        """No more bytes of one direction: what is left becomes a unit."""
        lane = self._lanes[direction]
        lane.end()
        self._wake(lane)

    def _wake(self, lane: Lane) -> None:
        other = self._lanes[lane.direction.other]
        if other.waiting:
            other.go_on()

    def units(self, direction: Direction) -> Columns:
        """The units of one direction so far, one row each. Not to be changed."""
        return self._lanes[direction].units

    def buffer(self, direction: Direction) -> bytearray:
        """All bytes of one direction so far, gaps left out. Not to be changed."""
        return self._lanes[direction].buffer

    def pending(self, direction: Direction) -> int:
        """Bytes of one direction that do not make a whole unit yet."""
        lane = self._lanes[direction]
        return len(lane.buffer) - lane.pos

    @property
    def protocol(self) -> str:
        """What is spoken: "http", "websocket", "tls", "tunnel" (anything else), "" (not known)."""
        return self._shared.protocol

    @property
    def late(self) -> bool:
        """The capture began in mid-stream, so that no handshake was seen."""
        return self._shared.late

    @property
    def handshake(self) -> tuple[Request | None, Response] | None:
        """The request and the 101 response that changed the protocol, if any."""
        if self._shared.switched is None:
            return None
        asked, answered = self._shared.switched
        response = self.unit(Direction.S2C, answered)
        request = self.unit(Direction.C2S, asked) if asked >= 0 else None
        assert isinstance(response, Response)
        assert request is None or isinstance(request, Request)
        return request, response

    @property
    def deflate(self) -> Parameters | None:
        """permessage-deflate as agreed, or None; of a late capture None too: not known."""
        if self._deflate is None and self.protocol == "websocket":
            pair = self.handshake
            self._deflate = (agreed(pair[1]) if pair else None,)
        return self._deflate[0] if self._deflate else None

    def raw(self, direction: Direction, row: int) -> bytes:
        """The bytes of one unit; b"" for a gap."""
        units = self.units(direction)
        if units.kind[row] == index.GAP:
            return b""
        start = units.start[row]
        return bytes(self.buffer(direction)[start : start + units.length[row]])

    def unit(self, direction: Direction, row: int) -> Unit:
        """One unit with its whole field tree. Rows count from 0; IndexError beyond the last."""
        units = self._lanes[direction].units
        code = units.kind[row]
        if code == index.FRAME:
            return (self._readers.get(direction) or self._reader(direction)).frame(row)
        kind = KINDS[code]
        if kind is Kind.GAP:
            return Gap(units.length[row], inferred=units.first[row] == index.INFERRED)
        data = self.raw(direction, row)
        if kind is Kind.REQUEST:
            return self._told(direction, row, http1.dissect_request(data))
        if kind is Kind.RESPONSE:
            return self._told(direction, row, self._response(row, data))
        return undissected.dissect(data, units.first[row])

    def message(self, direction: Direction, row: int) -> Message | None:
        """The message that a data frame belongs to (its ``frames`` are rows), else None."""
        return self._messages_of(direction).of(row)

    def payloads(self, direction: Direction) -> Iterator[tuple[int, bytes]]:
        """(row of its last frame, payload) of each whole message: quick, nothing checked."""
        return self._messages_of(direction).payloads()

    def peer(self, direction: Direction, row: int) -> int | None:
        """Row in the other direction of the response to a request, or the other way round."""
        units = self.units(direction)
        kind, link = units.kind[row], units.link[row]
        if kind == index.RESPONSE and units.first[row] >= Part.EVENT:
            link = units.link[link]
        if kind not in (index.REQUEST, index.RESPONSE) or link < 0:
            return None
        return link

    def _told(self, direction: Direction, row: int, unit: Request | Response) -> Request | Response:
        """``unit`` with what it breaks together with others of its connection."""
        found: list[Violation] = []
        units = self.units(direction)
        if isinstance(unit, Request):
            found += http_context.of_request(unit)
        elif unit.part == "message":
            found += http_context.of_response(self._asked(row), unit)
        if units.first[row] < Part.EVENT and http_context.after_close(
            row, units, self.buffer(direction)
        ):
            found.append(http_context.closed(unit))
        return replace(unit, violations=(*unit.violations, *found)) if found else unit

    def _asked(self, row: int) -> Request | None:
        """The request that response ``row`` answers, if it asks for WebSocket."""
        link, units = self.units(Direction.S2C).link[row], self.units(Direction.C2S)
        if not 0 <= link < len(units) or units.kind[link] != index.REQUEST:
            return None
        data = self.raw(Direction.C2S, link)
        return http1.dissect_request(data) if b"websocket" in data[:_HEAD].lower() else None

    def _response(self, row: int, data: bytes) -> Response:
        lane = self._lanes[Direction.S2C]
        part, link = lane.units.first[row], lane.units.link[row]
        if part < Part.EVENT:
            name = "head" if part == Part.HEAD else "message"
            return http1.dissect_response(data, method=self._method(link), part=name)
        head = self._response(link, self.raw(Direction.S2C, link))
        return http1.dissect_event(
            data,
            head,
            chunked=link in lane.chunked_rows,
            left=lane.chunk_left.get(row, 0),
            end=part == Part.END,
        )

    def _method(self, row: int) -> str:
        """The method of a request: "" when it is not known."""
        units = self.units(Direction.C2S)
        if not 0 <= row < len(units):
            return ""
        start = units.start[row]
        head = bytes(self.buffer(Direction.C2S)[start : start + min(units.length[row], 256)])
        return head.lstrip(b"\r\n").partition(b" ")[0].decode("latin-1")

    def _reader(self, direction: Direction) -> FrameReader:
        allowed = None if self.late else 4 if self.deflate else 0
        lane, messages = self._lanes[direction], self._messages_of(direction)
        reader = FrameReader(lane.buffer, lane.units, direction, allowed, messages)
        self._readers[direction] = reader
        return reader

    def _messages_of(self, direction: Direction) -> Messages:
        if direction not in self._messages:
            self._messages[direction] = self._make_messages(direction)
        return self._messages[direction]

    def _make_messages(self, direction: Direction) -> Messages:
        agreement = self.deflate
        known = agreement or Parameters()
        client = direction is Direction.C2S
        without = known.client_no_context_takeover if client else known.server_no_context_takeover
        inflater = Inflater(
            takeover=not without,
            wbits=known.client_max_window_bits if client else known.server_max_window_bits,
            known=not self.late,
        )
        return Messages(
            self.buffer(direction),
            self.units(direction),
            deflate=self.late or agreement is not None,
            inflater=inflater,
        )
