"""WebSocket messages out of frames: reassembled (RFC 6455 §5.4), inflated (RFC 7692), checked.

Messages are made when asked for. With context takeover a message can only be inflated after
those before it: the windows left at every 256 KiB of frames are kept, so that any message costs
at most that much inflating again, and the windows an eighth of the bytes captured.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from labchat.wire import frames
from labchat.wire.fields import Field, Span, Violation
from labchat.wire.frames import Opcode
from labchat.wire.index import FRAME, GAP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labchat.wire.deflate import Inflater
    from labchat.wire.index import Columns

CHECKPOINT = 256 << 10
"""Bytes of frames between two kept windows."""


@dataclass(frozen=True, slots=True)
class Message:
    """One WebSocket message: a view with its own coordinates, which are bits of ``payload``.

    Attributes:
        payload: unmasked, joined, inflated; what came so far of an unfinished message.
        opcode: of its first frame: 1 text, 2 binary.
        text: the payload decoded, for a whole text message that is UTF-8; else None.
        compressed: RSV1 was set and permessage-deflate was agreed, or may have been.
        wire_length: bytes of payload on the wire, compressed.
        frames: numbers of its frames in order: units of the capture, or rows of the lane.
        complete: its last frame (FIN) is there.
        problem: why the payload is not all there, in a sentence, or None.
        violations: broken rules; spans are bits of ``payload``.
        fields: one field over the payload, for those who draw views as trees.
    """

    payload: bytes
    opcode: int
    text: str | None
    compressed: bool
    wire_length: int
    frames: tuple[int, ...]
    complete: bool
    problem: str | None = None
    violations: tuple[Violation, ...] = ()

    @property
    def data(self) -> bytes:
        """The bytes of this view: the payload."""
        return self.payload

    @property
    def fields(self) -> tuple[Field, ...]:
        """One field, "Application data", over the whole payload (RFC 6455 §5.2)."""
        span = Span(0, 8 * len(self.payload))
        return (Field("Application data", span, self.payload),) if self.payload else ()

    @property
    def first(self) -> int:
        """Number of its first frame."""
        return self.frames[0]

    @property
    def last(self) -> int:
        """Number of its last frame so far."""
        return self.frames[-1]

    @property
    def ratio(self) -> float:
        """Bytes on the wire for each byte of payload; 1.0 for an empty message."""
        return self.wire_length / len(self.payload) if self.payload else 1.0


class Messages:
    """The messages of one direction.

    Args:
        buffer: the direction's bytes, which grow.
        units: the direction's units, which grow.
        deflate: permessage-deflate was agreed (or may have been): RSV1 means compressed.
        inflater: reads the compressed ones.
    """

    def __init__(
        self, buffer: bytearray, units: Columns, *, deflate: bool, inflater: Inflater
    ) -> None:
        self._buffer = buffer
        self._units = units
        self._deflate = deflate
        self._inflater = inflater
        self._next = 0
        self._since = 0
        self._kept = [(0, b"", inflater.known)]
        self._last: Message | None = None
        self._at = 0
        self._begins: dict[int, int] = {}

    def rows(self, first: int) -> Iterator[int]:
        """The frames of the message whose first frame is ``first``, up to its FIN or a stop."""
        units = self._units
        for row in range(first, len(units)):
            if units.kind[row] != FRAME:
                return
            byte = units.first[row]
            if byte & 8:
                continue
            if units.link[row] != first:
                return
            yield row
            if byte > 127:
                return

    def of(self, row: int) -> Message | None:
        """The message that data frame ``row`` belongs to; None for a control frame."""
        units = self._units
        if units.kind[row] != FRAME or units.first[row] & 8:
            return None
        first = units.link[row]
        last = self._last
        if last is not None and last.first == first and (last.complete or self._at == len(units)):
            return last
        alone = first == row and units.first[row] > 127
        rows = (row,) if alone else tuple(self.rows(first))
        self._last, self._at, self._begins = self._message(first, rows), len(units), {}
        return self._last

    def begins(self, message: Message, row: int) -> int:
        """Where the payload of frame ``row`` begins in ``message``, the last one asked for."""
        if not self._begins:
            sizes = (len(self.payload(part)) for part in message.frames)
            self._begins = dict(zip(message.frames, accumulate(sizes, initial=0), strict=False))
        return self._begins[row]

    def payload(self, row: int) -> bytes:
        """The unmasked payload of frame ``row``."""
        start = self._units.start[row]
        data = bytes(self._buffer[start : start + self._units.length[row]])
        code = data[1] & 127
        head = 2 if code < 126 else 4 if code == 126 else 10
        if data[1] < 128:
            return data[head:]
        return frames.unmask(data[head + 4 :], data[head : head + 4])

    def payloads(self) -> Iterator[tuple[int, bytes]]:
        """(row of its last frame, payload) of each whole message, in order, inflated.

        The quick way through all of them; what does not inflate gives what came before that.
        """
        inflater = self._inflater.fresh()
        kinds, firsts, links = self._units.kind, self._units.first, self._units.link
        for row in range(len(kinds)):
            first = firsts[row]
            if kinds[row] == GAP:
                inflater.resume(b"", known=False)
            elif kinds[row] == FRAME and first > 127 and not first & 8:
                begin = links[row]
                data = self.payload(row) if begin == row else self._joined(self.rows(begin))
                yield row, inflater.inflate(data).payload if self._is_compressed(begin) else data

    def _joined(self, rows: Iterable[int]) -> bytes:
        return b"".join([self.payload(row) for row in rows])

    def _message(self, first: int, rows: tuple[int, ...]) -> Message:
        opcode = self._units.first[first] & 15
        complete = self._units.first[rows[-1]] > 127
        compressed = self._is_compressed(first)
        problem = None
        payload = self._joined(rows)
        wire = len(payload)
        if compressed:
            payload, problem = self._inflated(first, payload, complete=complete)
        text: str | None = None
        violations: tuple[Violation, ...] = ()
        if opcode == Opcode.TEXT and problem is None:
            text, violations = _decoded(payload, complete=complete)
        return Message(payload, opcode, text, compressed, wire, rows, complete, problem, violations)

    def _is_compressed(self, row: int) -> bool:
        byte = self._units.first[row]
        return self._deflate and byte & 0x48 == 0x40 and byte & 15 != 0

    def _inflated(self, first: int, data: bytes, *, complete: bool) -> tuple[bytes, str | None]:
        self._seek(first)
        if not complete:
            return self._inflater.peek(data), "not finished yet"
        self._next = first + 1
        self._since += len(data)
        done = self._inflater.inflate(data)
        return done.payload, done.problem

    def _seek(self, first: int) -> None:
        """Bring the inflater to the state before the message that starts at ``first``."""
        if not self._inflater.takeover:
            return
        at = bisect_right(self._kept, first, key=lambda kept: kept[0]) - 1
        if self._next > first or self._kept[at][0] > self._next:
            self._next, window, known = self._kept[at]
            self._since = 0
            self._inflater.resume(window, known=known)
        for row in range(self._next, first):
            self._pass(row)
        self._next = first

    def _pass(self, row: int) -> None:
        units = self._units
        if self._since >= CHECKPOINT and row > self._kept[-1][0]:
            self._kept.append((row, self._inflater.window(), self._inflater.known))
            self._since = 0
        if units.kind[row] == GAP:
            self._inflater.resume(b"", known=False)
        elif units.kind[row] == FRAME and units.link[row] == row and self._is_compressed(row):
            data = self._joined(self.rows(row))
            self._since += len(data)
            self._inflater.inflate(data)


def _decoded(payload: bytes, *, complete: bool) -> tuple[str | None, tuple[Violation, ...]]:
    """A text message decoded, or the bytes that keep it from being UTF-8 (RFC 6455 §8.1)."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None, _bad_text(payload, complete=complete)
    return (text if complete else None), ()


def _bad_text(payload: bytes, *, complete: bool) -> tuple[Violation, ...]:
    bad = frames.invalid_utf8(payload, complete=complete)
    if bad is None:
        return ()
    rule = f"a text message is UTF-8: byte {bad[0]} of it is 0x{payload[bad[0]]:02X}"
    if frames.invalid_utf8(payload, complete=False) is None:
        rule = f"a text message is UTF-8: it ends inside the character at byte {bad[0]}"
    return (Violation(rule, "RFC 6455 §8.1", Span(8 * bad[0], 8 * bad[1])),)
