"""WebSocket frames: RFC 6455 §5, one frame at a time.

:func:`dissect` names every bit of one frame, :func:`build` makes one, right or wrong on purpose.
What only the stream can tell (fragments, UTF-8 across them, what was negotiated) is added by
:mod:`labchat.wire.conversation`. Field names are those of the figure in §5.2.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from labchat.wire.building import build, length_size, unmask
from labchat.wire.codes import CloseCode, Opcode, close_code_problem, opcode_name
from labchat.wire.fields import Direction, Field, Span, Violation, make

__all__ = [
    "CloseCode",
    "Frame",
    "Opcode",
    "build",
    "close_code_problem",
    "dissect",
    "invalid_utf8",
    "opcode_name",
    "unmask",
]


class Frame(NamedTuple):
    """One frame, as it was on the wire.

    Attributes:
        data: the raw bytes, header and all.
        fields: top-level fields; their leaves tile ``data``.
        violations: what this frame breaks; spans are bits of ``data``.
        payload: unmasked, not inflated.
    """

    data: bytes
    fields: tuple[Field, ...]
    violations: tuple[Violation, ...]
    payload: bytes

    @property
    def fin(self) -> bool:
        """The last fragment of its message."""
        return self.data[0] > 127

    @property
    def rsv(self) -> int:
        """The reserved bits, 0 to 7: RSV1 is 4, RSV2 is 2, RSV3 is 1."""
        return self.data[0] >> 4 & 7

    @property
    def opcode(self) -> int:
        """0 to 15: an int, since peers send what they like."""
        return self.data[0] & 15

    @property
    def masked(self) -> bool:
        """The MASK bit."""
        return self.data[1] > 127

    @property
    def payload_length(self) -> int:
        """Bytes of payload."""
        return len(self.payload)

    @property
    def header_length(self) -> int:
        """Bytes before the payload: 2 to 14."""
        return len(self.data) - len(self.payload)

    @property
    def masking_key(self) -> bytes | None:
        """Four bytes, or None when the frame is not masked."""
        stop = self.header_length
        return self.data[stop - 4 : stop] if self.data[1] > 127 else None

    @property
    def is_control(self) -> bool:
        """Close, ping, pong, or reserved for control (RFC 6455 §5.5)."""
        return self.data[0] & 8 != 0

    @property
    def close_code(self) -> int | None:
        """The status code of a close frame, or None."""
        if self.opcode != Opcode.CLOSE or len(self.payload) < 2:
            return None
        return int.from_bytes(self.payload[:2], "big")

    @property
    def close_reason(self) -> str | None:
        """The reason of a close frame that has a code (bad UTF-8 replaced), or None."""
        if self.close_code is None:
            return None
        return self.payload[2:].decode("utf-8", "replace")


def dissect(data: bytes, *, role: Direction | None = None, rsv_allowed: int | None = None) -> Frame:
    """Name every bit of the frame that ``data`` is.

    Args:
        data: exactly one frame (what :mod:`labchat.wire.index` found).
        role: who sent it: C2S checks that it is masked, S2C that it is not; None checks neither.
        rsv_allowed: the reserved bits that a negotiated extension gives a meaning (RSV1 is 4);
            None when that is not known, and nothing is checked.

    Raises:
        ValueError: ``data`` is not exactly one frame.
    """
    second = data[1] if len(data) > 1 else 0
    length, head = second & 127, 2
    if length > 125:
        head = 4 if length == 126 else 10
        length = int.from_bytes(data[2:head])
    start = head + 4 if second > 127 else head
    if len(data) != start + length:
        raise ValueError(f"not exactly one frame: {len(data)} bytes, {start + length} expected")
    fields, violations = _start(data[0], second, role, rsv_allowed)
    payload = data[start:]
    if head > 2:
        fields += (make(Field, ("Extended payload length", _EXTENDED[head], length, ())),)
        if length < _LEAST[head] or data[0] & 8:
            violations += _length_rules(data, length)
    if start > head:
        key = data[head:start]
        payload = unmask(payload, key)
        fields += (make(Field, ("Masking-key", _KEY[head], key, ())),)
    if data[0] & 15 == 8:
        return _close(data, fields, payload, violations)
    if length:
        fields += (make(Field, ("Payload Data", _span(8 * start, 8 * len(data)), payload, ())),)
    return make(Frame, (data, fields, violations, payload))


_span = lru_cache(maxsize=4096)(Span)
"""Spans of payloads, of which few sizes make up most."""


def _close(
    data: bytes,
    fields: tuple[Field, ...],
    payload: bytes,
    violations: tuple[Violation, ...],
) -> Frame:
    """A close frame: its payload is a status code and a reason (RFC 6455 §5.5.1)."""
    at, stop = 8 * (len(data) - len(payload)), 8 * len(data)
    children: tuple[Field, ...] = ()
    if len(payload) == 1:
        rule = "a close body is empty, or starts with a status code of two bytes"
        violations += (Violation(rule, "RFC 6455 §5.5.1", Span(at, stop)),)
    elif payload:
        code = int.from_bytes(payload[:2], "big")
        children = (Field("status code", Span(at, at + 16), code),)
        violations += tuple(_close_problems(code, payload[2:], at))
    if len(payload) > 2:
        reason = payload[2:].decode("utf-8", "replace")
        children += (Field("reason", Span(at + 16, stop), reason),)
    if payload:
        fields += (Field("Payload Data", Span(at, stop), payload, children),)
    return Frame(data, fields, violations, payload)


def invalid_utf8(data: bytes, *, complete: bool = True) -> tuple[int, int] | None:
    """Where ``data`` stops being UTF-8 (RFC 3629): (start, stop) of the offending bytes, or None.

    The first byte that cannot stand where it stands; when the data ends inside a character, the
    bytes of that unfinished character, unless more may follow (``complete`` is false).
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return (error.start, len(data)) if complete else None
        at = error.start if error.reason == "invalid start byte" else error.end
        return at, at + 1
    return None


def _close_problems(code: int, reason: bytes, at: int) -> list[Violation]:
    found = []
    problem = close_code_problem(code)
    if problem:
        found.append(Violation(*problem, Span(at, at + 16)))
    bad = invalid_utf8(reason)
    if bad:
        rule = f"the reason is not UTF-8: byte {bad[0]} of it is 0x{reason[bad[0]]:02X}"
        span = Span(at + 16 + 8 * bad[0], at + 16 + 8 * bad[1])
        found.append(Violation(rule, "RFC 6455 §5.5.1", span))
    return found


@lru_cache(maxsize=4096)
def _start(
    first: int, second: int, role: Direction | None, rsv_allowed: int | None
) -> tuple[tuple[Field, ...], tuple[Violation, ...]]:
    """What the first two bytes are, and what they break by themselves: a chat uses few pairs."""
    found = _opcode_rules(first)
    if first & 0x70 and rsv_allowed is not None:
        found += _rsv_rules(first, rsv_allowed)
    if role is not None and (second > 127) != (role is Direction.C2S):
        found += (_MUST_MASK if role is Direction.C2S else _MUST_NOT_MASK,)
    return _first_byte(first) + _second_byte(second), found


_MUST_MASK = Violation("a client must mask every frame it sends", "RFC 6455 §5.1", Span(8, 9))
_MUST_NOT_MASK = Violation("a server must not mask any frame", "RFC 6455 §5.1", Span(8, 9))


def _rsv_rules(first: int, allowed: int) -> tuple[Violation, ...]:
    """RSV bits that no extension explains, and RSV1 where RFC 7692 forbids it."""
    rsv, opcode = first >> 4 & 7, first & 15
    found: tuple[Violation, ...] = ()
    for number, bit in ((1, 4), (2, 2), (3, 1)):
        if rsv & bit & ~allowed:
            rule = f"RSV{number} must be 0 unless an extension was agreed that gives it a meaning"
            found += (Violation(rule, "RFC 6455 §5.2", Span(number, number + 1)),)
    if rsv & 4 & allowed and opcode not in (Opcode.TEXT, Opcode.BINARY):
        rule = "RSV1 marks a compressed message on its first frame only, never on a control frame"
        found += (Violation(rule, "RFC 7692 §6.1", Span(1, 2)),)
    return found


def _length_rules(data: bytes, length: int) -> tuple[Violation, ...]:
    """Rules that an extended length can break."""
    found: tuple[Violation, ...] = ()
    size = 2 if data[1] & 127 == 126 else 8
    if length_size(length) < size:
        rule = f"the length must take the fewest bytes; {length} fits a shorter form"
        found += (Violation(rule, "RFC 6455 §5.2", Span(9, 16 + 8 * size)),)
    if length >> 63:
        rule = "the most significant bit of a 64-bit length must be 0"
        found += (Violation(rule, "RFC 6455 §5.2", Span(16, 17)),)
    if data[0] & 8:
        rule = "a control frame carries 125 bytes at most and uses no extended length"
        found += (Violation(rule, "RFC 6455 §5.5", Span(9, 16 + 8 * size)),)
    return found


def _opcode_rules(first: int) -> tuple[Violation, ...]:
    opcode, found = first & 15, []
    if opcode not in Opcode.__members__.values():
        kind = "control" if opcode & 8 else "data"
        rule = f"opcode 0x{opcode:X} is reserved for further {kind} frames"
        found.append(Violation(rule, "RFC 6455 §5.2", Span(4, 8)))
    if opcode & 8 and first < 128:
        rule = "a control frame must not be fragmented"
        found.append(Violation(rule, "RFC 6455 §5.5", Span(0, 1)))
    return tuple(found)


def _first_byte(byte: int) -> tuple[Field, ...]:
    return (
        Field("FIN", Span(0, 1), byte >> 7),
        Field("RSV1", Span(1, 2), byte >> 6 & 1),
        Field("RSV2", Span(2, 3), byte >> 5 & 1),
        Field("RSV3", Span(3, 4), byte >> 4 & 1),
        Field("opcode", Span(4, 8), byte & 15),
    )


def _second_byte(byte: int) -> tuple[Field, ...]:
    return (
        Field("MASK", Span(8, 9), byte >> 7),
        Field("Payload len", Span(9, 16), byte & 127),
    )


_LEAST = {4: 126, 10: 1 << 16}
"""By where the extended length ends: the least length that needs it."""
_EXTENDED = {4: Span(16, 32), 10: Span(16, 80)}
_KEY = {head: Span(8 * head, 8 * head + 32) for head in (2, 4, 10)}
