"""A live stream cut into whole units, so that one can be held, counted or changed.

A unit is given out when its last byte has arrived. Bytes of a protocol nobody knows are given out
as they are, at once; those of a unit without end once :data:`PATIENCE` of them wait. While a
connection is cut into units its bytes are kept in memory.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labchat.tap.faults.actions import Piece
from labchat.wire.conversation import Conversation
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame
from labchat.wire.http1 import Request, Response
from labchat.wire.index import KINDS
from labchat.wire.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labchat.wire.conversation import Message, Unit

PATIENCE = 2**20
"""Bytes that may wait for the rest of their unit: 1 MiB."""

LOOK = 64
"""Bytes that must look like the start of a message, as far as they are there."""

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")


def _begun(*words: str) -> str:
    """A pattern for the beginnings of these words, "" too, with nothing behind them."""
    return "|".join(sorted({word[:n] for word in words for n in range(len(word) + 1)}))


STARTS = {
    Direction.C2S: re.compile(rf"[\r\n]*(?:[A-Z]{{1,20}} |(?:{_begun(*METHODS)})\Z)".encode()),
    Direction.S2C: re.compile(rf"[\r\n]*(?:HTTP/1\.|(?:{_begun('HTTP/1.')})\Z)".encode()),
}
"""What requests and responses begin with: a method and a space, or the version."""


class Splitter:
    """Cuts both directions of one connection.

    Args:
        history: what has passed already, in order, so that the cut starts at the right place.
    """

    def __init__(self, history: Iterable[tuple[Direction, bytes]] = ()) -> None:
        self._conversation = Conversation()
        self._rows = dict.fromkeys(Direction, 0)
        self._gone = dict.fromkeys(Direction, 0)
        self._expecting = dict.fromkeys(Direction, False)
        for direction, data in history:
            self._conversation.feed(direction, data)
        for direction in Direction:
            self._pass_by(direction)

    def feed(self, direction: Direction, data: bytes) -> list[Piece]:
        """Take bytes, b"" for the end; give the units they complete, of either direction."""
        if data:
            self._conversation.feed(direction, data)
        else:
            self._conversation.end(direction)
        first, then = direction.other, direction
        pieces = [*self._units(first), *self._units(then), *self._impatient(direction)]
        return pieces if data else [*pieces, Piece(direction, b"")]

    def give_up(self) -> list[Piece]:
        """What waits for the rest of its unit, as it is: units are wanted no longer."""
        return [piece for d in Direction if (piece := self._waiting(d)) is not None]

    def insert(self, direction: Direction, data: bytes) -> None:
        """Bytes the tap itself sends; known here, so that what follows is understood."""
        if not self._conversation.pending(direction):
            self._conversation.feed(direction, data)
            self._pass_by(direction)

    def _pass_by(self, direction: Direction) -> None:
        """Whatever is there has gone on already."""
        self._rows[direction] = len(self._conversation.units(direction))
        self._gone[direction] = self._conversation.pending(direction)

    def _units(self, direction: Direction) -> Iterator[Piece]:
        while self._rows[direction] < len(self._conversation.units(direction)):
            row = self._rows[direction]
            self._rows[direction] += 1
            data = self._conversation.raw(direction, row)
            gone = min(self._gone[direction], len(data))
            self._gone[direction] -= gone
            if gone == 0:
                yield self._piece(direction, row, data)
            elif gone < len(data):
                yield Piece(direction, data[gone:], rest=True)

    def _impatient(self, direction: Direction) -> list[Piece]:
        pending = self._conversation.pending(direction)
        if pending - self._gone[direction] > PATIENCE or self._hopeless(direction, pending):
            piece = self._waiting(direction)
            return [] if piece is None else [piece]
        return []

    def _waiting(self, direction: Direction) -> Piece | None:
        """What has not been given out, as bytes."""
        pending = self._conversation.pending(direction)
        gone, self._gone[direction] = self._gone[direction], pending
        buffer = self._conversation.buffer(direction)
        data = bytes(buffer[len(buffer) - pending + gone :])
        return Piece(direction, data, rest=gone > 0) if data else None

    def _hopeless(self, direction: Direction, pending: int) -> bool:
        """Whether what waits is nothing that could be cut into units."""
        conversation = self._conversation
        if conversation.protocol == "tunnel" or conversation.late:
            return True
        if conversation.protocol not in {"", "http"} or self._expecting[direction]:
            return False
        buffer = conversation.buffer(direction)
        start = len(buffer) - pending
        return STARTS[direction].match(buffer[start : start + LOOK]) is None

    def _expect(self, unit: Unit) -> None:
        """What may come now that is no start line: frames after an upgrade, events of a stream."""
        if isinstance(unit, Request):
            self._expecting[Direction.C2S] = unit.header("Upgrade") is not None
        if isinstance(unit, Response):
            self._expecting[Direction.C2S] = False
            self._expecting[Direction.S2C] = unit.part in {"head", "event"}

    def _piece(self, direction: Direction, row: int, data: bytes) -> Piece:
        unit = self._conversation.unit(direction, row)
        message = self._conversation.message(direction, row)
        self._expect(unit)
        kind = self._conversation.units(direction).kind[row]
        return Piece(
            direction,
            data,
            KINDS[kind],
            opcode=unit.opcode if isinstance(unit, Frame) else None,
            path=unit.target if isinstance(unit, Request) else "",
            body=_body(unit, message),
            summary=summarize(unit, message),
            unit=unit,
        )


def _body(unit: Unit, message: Message | None) -> bytes:
    if isinstance(unit, Frame):
        return unit.payload if message is None else message.payload
    return unit.body if isinstance(unit, Request | Response) else b""
