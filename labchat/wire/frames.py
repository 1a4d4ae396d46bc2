"""WebSocket frames: RFC 6455 §5, one frame at a time.

:func:`dissect` names every bit of one frame, :func:`build` makes one, right or wrong on purpose.
What only the stream can tell (fragments, UTF-8 across them, what was negotiated) is added by
:mod:`labchat.wire.conversation`. Field names are those of the figure in §5.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from labchat.wire.fields import Direction, Field, Span, Violation

MAX_CONTROL_PAYLOAD = 125
"""Bytes a control frame may carry (RFC 6455 §5.5)."""


class Opcode(IntEnum):
    """What a frame is (RFC 6455 §5.2, §11.8); 0x3-0x7 and 0xB-0xF are reserved."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class CloseCode(IntEnum):
    """Status codes (RFC 6455 §7.4.1 and the IANA registry of §11.7)."""

    NORMAL_CLOSURE = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    RESERVED = 1004
    NO_STATUS_RCVD = 1005
    ABNORMAL_CLOSURE = 1006
    INVALID_FRAME_PAYLOAD_DATA = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXT = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_HANDSHAKE = 1015

    @property
    def phrase(self) -> str:
        """The code in words: "going away"."""
        return self.name.lower().replace("_", " ")


_NEVER_ON_THE_WIRE = {
    CloseCode.RESERVED: "1004 is reserved; its meaning was never defined",
    CloseCode.NO_STATUS_RCVD: "1005 means that no code was sent, so it cannot be sent",
    CloseCode.ABNORMAL_CLOSURE: "1006 means that no close frame came, so it cannot be in one",
    CloseCode.TLS_HANDSHAKE: "1015 means that TLS failed, so it cannot be in a frame",
}


def close_code_problem(code: int) -> tuple[str, str] | None:
    """Why ``code`` must not stand in a close frame, as (sentence, section), or None."""
    if code in _NEVER_ON_THE_WIRE:
        return _NEVER_ON_THE_WIRE[CloseCode(code)], "RFC 6455 §7.4.1"
    if code < 1000:
        return f"status codes 0 to 999 are not used; this is {code}", "RFC 6455 §7.4.2"
    if 1015 < code < 3000:
        return f"{code} is reserved for the protocol and not assigned", "RFC 6455 §7.4.2"
    if code >= 5000:
        return f"status codes end at 4999; this is {code}", "RFC 6455 §7.4.2"
    return None


@dataclass(frozen=True, slots=True)
class Frame:
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


def opcode_name(opcode: int) -> str:
    """The opcode in one word: "text", "ping", "reserved 0x3"."""
    try:
        return Opcode(opcode).name.lower()
    except ValueError:
        return f"reserved 0x{opcode:X}"


def unmask(payload: bytes, key: bytes) -> bytes:
    """XOR byte i of ``payload`` with byte i mod 4 of ``key`` (RFC 6455 §5.3); its own inverse."""
    size = len(payload)
    if size < LONG:
        veil = int.from_bytes((key * ((size + 3) >> 2))[:size])
        return (int.from_bytes(payload) ^ veil).to_bytes(size)
    plain = bytearray(size)
    for offset in range(4):
        plain[offset::4] = payload[offset::4].translate(_xor_table(key[offset]))
    return bytes(plain)


LONG = 2048
"""From this many bytes on, four table look-ups beat one wide XOR."""


@lru_cache(maxsize=256)
def _xor_table(byte: int) -> bytes:
    return bytes(value ^ byte for value in range(256))


def length_size(length: int) -> int:
    """Bytes of extended payload length the shortest form needs: 0, 2 or 8 (RFC 6455 §5.2)."""
    if length <= 125:
        return 0
    return 2 if length <= 0xFFFF else 8


def build(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = None,
    length_form: int | None = None,
    declared_length: int | None = None,
) -> bytes:
    """One frame as bytes; it may break any rule, since labs send wrong frames too.

    Args:
        opcode: 0 to 15, reserved ones too.
        payload: plain; masked here when ``mask`` is given.
        fin: the FIN bit.
        rsv: 0 to 7; RSV1 is 4.
        mask: the four bytes of the masking key, or None for no mask.
        length_form: bits of the length to write: 7, 16 or 64; the shortest when None.
        declared_length: the length to claim instead of the true one.

    Raises:
        ValueError: a value that the header cannot hold.
    """
    if not 0 <= opcode <= 15 or not 0 <= rsv <= 7:
        raise ValueError("opcode is 0 to 15, rsv 0 to 7")
    if mask is not None and len(mask) != 4:
        raise ValueError("a masking key has four bytes")
    length = len(payload) if declared_length is None else declared_length
    first = bytes([fin << 7 | rsv << 4 | opcode])
    head = first + _length_bytes(length, length_form, masked=mask is not None)
    return head + payload if mask is None else head + mask + unmask(payload, mask)


_FORMS = {7: 0, 16: 2, 64: 8}


def _length_bytes(length: int, form: int | None, *, masked: bool) -> bytes:
    if form is not None and form not in _FORMS:
        raise ValueError("a length has 7, 16 or 64 bits")
    size = length_size(length) if form is None else _FORMS[form]
    if not 0 <= length < (126, 1 << 16, 0, 0, 1 << 64)[size >> 1]:
        raise ValueError(f"{length} does not fit the length form")
    code = {0: length, 2: 126, 8: 127}[size]
    return bytes([masked << 7 | code]) + (length.to_bytes(size, "big") if size else b"")


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
    fields, payload = _FIRST[data[0]] + _SECOND[second], data[start:]
    if head > 2:
        fields += (Field("Extended payload length", _EXTENDED[head], length),)
    if start > head:
        key = data[head:start]
        fields += (Field("Masking-key", _KEY[head], key),)
        payload = unmask(payload, key)
    violations = _violations(data, length, role, rsv_allowed)
    if data[0] & 15 == 8:
        return _close(data, fields, payload, violations)
    if length:
        fields += (Field("Payload Data", Span(8 * start, 8 * len(data)), payload),)
    return Frame(data, fields, violations, payload)


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


def _violations(
    data: bytes, length: int, role: Direction | None, rsv_allowed: int | None
) -> tuple[Violation, ...]:
    """The rules that the header alone can break; () for nearly every frame, quickly."""
    first, second = data[0], data[1]
    found = _HEADER_RULES[first]
    code = second & 127
    if code > 125:
        found += _length_rules(data, length, control=first & 8 != 0)
    if first & 0x70 and rsv_allowed is not None:
        found += _rsv_rules(first, rsv_allowed)
    if role is not None and (second > 127) != (role is Direction.C2S):
        found += (_MUST_MASK if role is Direction.C2S else _MUST_NOT_MASK,)
    return found


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


def _length_rules(data: bytes, length: int, *, control: bool) -> tuple[Violation, ...]:
    found: tuple[Violation, ...] = ()
    size = 2 if data[1] & 127 == 126 else 8
    if length_size(length) < size:
        rule = f"the length must take the fewest bytes; {length} fits a shorter form"
        found += (Violation(rule, "RFC 6455 §5.2", Span(9, 16 + 8 * size)),)
    if length >> 63:
        rule = "the most significant bit of a 64-bit length must be 0"
        found += (Violation(rule, "RFC 6455 §5.2", Span(16, 17)),)
    if control:
        rule = "a control frame carries 125 bytes at most and uses no extended length"
        found += (Violation(rule, "RFC 6455 §5.5", Span(9, 16 + 8 * size)),)
    return found


def _header_rules(first: int) -> tuple[Violation, ...]:
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


# All 256 values of the first and of the second byte, dissected once: most of a frame's tree.
_FIRST = tuple(_first_byte(byte) for byte in range(256))
_SECOND = tuple(_second_byte(byte) for byte in range(256))
_HEADER_RULES = tuple(_header_rules(byte) for byte in range(256))
_EXTENDED = {4: Span(16, 32), 10: Span(16, 80)}
_KEY = {head: Span(8 * head, 8 * head + 32) for head in (2, 4, 10)}
