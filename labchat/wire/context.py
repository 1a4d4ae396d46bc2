"""Rules a frame breaks that only its stream can tell: order, fragments, UTF-8, what was agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.wire.deflate import INVALID
from labchat.wire.fields import Span, Violation
from labchat.wire.frames import Opcode
from labchat.wire.index import FRAME

if TYPE_CHECKING:
    from labchat.wire.frames import Frame
    from labchat.wire.index import Columns
    from labchat.wire.messages import Message, Messages


class Closes:
    """Remembers the first close frame of a direction; looks at each row once."""

    __slots__ = ("_seen", "_units", "first")

    def __init__(self, units: Columns) -> None:
        self._units = units
        self._seen = 0
        self.first: int | None = None

    def before(self, row: int) -> bool:
        """A close frame came before ``row``."""
        units = self._units
        while self.first is None and self._seen < row:
            at = self._seen
            if units.kind[at] == FRAME and units.first[at] & 15 == Opcode.CLOSE:
                self.first = at
            self._seen += 1
        return self.first is not None and self.first < row


def violations(
    frame: Frame, row: int, units: Columns, closes: Closes, messages: Messages
) -> tuple[Violation, ...]:
    """What ``frame``, which is row ``row`` of its direction, breaks together with others."""
    found: list[Violation] = []
    opcode = frame.data[0] & 15
    if closes.before(row):
        rule = "after a close frame an endpoint must not send anything"
        found.append(Violation(rule, "RFC 6455 §5.5.1", Span(0, 8 * len(frame.data))))
    if opcode & 8:
        return tuple(found)
    if opcode == Opcode.CONTINUATION and units.link[row] == row:
        rule = "a continuation frame has no message to continue"
        found.append(Violation(rule, "RFC 6455 §5.4", Span(4, 8)))
    if opcode and _interrupts(row, units):
        rule = "a new message must not start before the last fragment of the one that is open"
        found.append(Violation(rule, "RFC 6455 §5.4", Span(4, 8)))
    if not _plainly_good(frame):
        message = messages.of(row)
        assert message is not None
        found += _payload_problems(frame, row, message, messages)
    return tuple(found)


def _plainly_good(frame: Frame) -> bool:
    """A whole message of its own, neither compressed nor in need of a look at its UTF-8."""
    first = frame.data[0]
    return first == 0x82 or (first == 0x81 and frame.payload.isascii())


def _interrupts(row: int, units: Columns) -> bool:
    """The data frame before ``row`` was not the last of its message."""
    for before in range(row - 1, -1, -1):
        if units.kind[before] != FRAME:
            return False
        if not units.first[before] & 8:
            return units.first[before] < 128
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
    before = sum(len(messages.payload(part)) for part in message.frames if part < row)
    start, stop = bad.span.start // 8 - before, bad.span.stop // 8 - before
    start, stop = max(start, 0), min(stop, len(frame.payload))
    if start >= stop:
        return []
    head = frame.header_length
    return [Violation(bad.rule, bad.section, Span(8 * (head + start), 8 * (head + stop)))]
