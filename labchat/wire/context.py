"""Rules a frame breaks that only its stream can tell: order, fragments, UTF-8, what was agreed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labchat.wire import frames
from labchat.wire.deflate import INVALID
from labchat.wire.fields import Span, Violation
from labchat.wire.index import FRAME, REQUEST, RESPONSE

if TYPE_CHECKING:
    from labchat.wire.fields import Direction
    from labchat.wire.frames import Frame
    from labchat.wire.index import Columns
    from labchat.wire.messages import Message, Messages


_CLOSE = re.compile(rb"[\x08\x18\x28\x38\x48\x58\x68\x78\x88\x98\xa8\xb8\xc8\xd8\xe8\xf8]")
"""A first byte with the opcode of close; no unit that is not a frame has such a one."""


class Closes:
    """Remembers the first close frame of a direction; looks at each row once."""

    __slots__ = ("_seen", "_units", "first")

    def __init__(self, units: Columns) -> None:
        self._units = units
        self._seen = 0
        self.first: int | None = None

    def before(self, row: int) -> bool:
        """A close frame came before ``row``."""
        if self.first is None and self._seen < row:
            found = _CLOSE.search(self._units.first, self._seen)
            self.first = found.start() if found else None
            self._seen = len(self._units)
        return self.first is not None and self.first < row


class FrameReader:
    """The frames of one direction, each with its field tree and all that it breaks.

    Args:
        buffer: the direction's bytes, which grow.
        units: the direction's units, which grow.
        direction: who sends.
        rsv_allowed: RSV bits with a meaning; None when that is not known.
        messages: the direction's messages.
    """

    def __init__(
        self,
        buffer: bytearray,
        units: Columns,
        direction: Direction,
        rsv_allowed: int | None,
        messages: Messages,
    ) -> None:
        self._buffer = buffer
        self._units = units
        self._direction = direction
        self._rsv_allowed = rsv_allowed
        self._messages = messages
        self._closes = Closes(units)

    def frame(self, row: int) -> Frame:
        """Frame ``row``, dissected."""
        start = self._units.start[row]
        data = bytes(self._buffer[start : start + self._units.length[row]])
        frame = frames.dissect(data, role=self._direction, rsv_allowed=self._rsv_allowed)
        if self._is_plain(frame, row):
            return frame
        found = self._violations(frame, row)
        return frame._replace(violations=(*frame.violations, *found)) if found else frame

    def _is_plain(self, frame: Frame, row: int) -> bool:
        """Nothing to find: good by itself, after a whole message, before any close."""
        before = self._units.first[row - 1]
        if not _WHOLE_TEXT <= before <= _WHOLE_BINARY or self._closes.before(row):
            return False
        return _plainly_good(frame)

    def _is_ascii(self, frame: Frame, row: int) -> bool:
        """A fragment that is ASCII and goes on after ASCII: it breaks neither UTF-8 nor DEFLATE."""
        units, first = self._units, self._units.link[row]
        if units.first[first] & 0x40 or not frame.payload.isascii():
            return False
        if first == row:
            return True
        if units.link[row - 1] != first or units.kind[row - 1] != FRAME:
            return False
        before = self._messages.payload(row - 1)
        return bool(before) and before[-1] < 128

    def _violations(self, frame: Frame, row: int) -> list[Violation]:
        """What ``frame`` breaks together with the others of its direction."""
        found: list[Violation] = []
        if self._closes.before(row):
            rule = "after a close frame an endpoint must not send anything"
            found.append(Violation(rule, "RFC 6455 §5.5.1", Span(0, 8 * len(frame.data))))
        opcode = frame.data[0] & 15
        if opcode & 8:
            return found
        if opcode:
            if _interrupts(row, self._units):
                rule = "a new message must not start before the last fragment of the one open"
                found.append(Violation(rule, "RFC 6455 §5.4", Span(4, 8)))
        elif self._units.link[row] == row and _begins_nowhere(row, self._units):
            rule = "a continuation frame has no message to continue"
            found.append(Violation(rule, "RFC 6455 §5.4", Span(4, 8)))
        if not _plainly_good(frame) and not self._is_ascii(frame, row):
            message = self._messages.of(row)
            assert message is not None
            found += _payload_problems(frame, row, message, self._messages)
        return found


_WHOLE_TEXT, _WHOLE_BINARY = 0x81, 0x82
"""First bytes of messages of one frame, not compressed."""


def _plainly_good(frame: Frame) -> bool:
    """A whole message of its own, neither compressed nor in need of a look at its UTF-8."""
    first = frame.data[0]
    return first == _WHOLE_BINARY or (first == _WHOLE_TEXT and frame.payload.isascii())


def _interrupts(row: int, units: Columns) -> bool:
    """The data frame before ``row`` was not the last of its message."""
    for before in range(row - 1, -1, -1):
        if units.kind[before] != FRAME:
            return False
        if not units.first[before] & 8:
            return units.first[before] < 128
    return False


def _begins_nowhere(row: int, units: Columns) -> bool:
    """All that came before continuation frame ``row`` is there, and it opened no message."""
    for before in range(row - 1, -1, -1):
        if units.kind[before] != FRAME:
            return units.kind[before] == REQUEST or units.kind[before] == RESPONSE
        if not units.first[before] & 8:
            return True
    return False


def _payload_problems(
    frame: Frame, row: int, message: Message, messages: Messages
) -> list[Violation]:
    """Bad UTF-8 at its exact byte, or data that does not inflate, told at the right frame."""
    begin = frame.header_length if frame.payload else 0
    whole = Span(8 * begin, 8 * len(frame.data))
    last = row == message.last
    if last and message.complete and (message.problem or "").startswith(INVALID):
        return [Violation(f"the compressed message is {message.problem}", "RFC 7692 §7.2.2", whole)]
    if not message.violations:
        return []
    bad = message.violations[0]
    if message.compressed:
        return [Violation(bad.rule + ", once inflated", bad.section, whole)] if last else []
    before = messages.begins(message, row)
    start, stop = bad.span.start // 8 - before, bad.span.stop // 8 - before
    start, stop = max(start, 0), min(stop, len(frame.payload))
    if start >= stop:
        return []
    head = frame.header_length
    return [Violation(bad.rule, bad.section, Span(8 * (head + start), 8 * (head + stop)))]
