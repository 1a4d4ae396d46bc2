"""Bytes that are neither HTTP/1.1 nor WebSocket: kept, and told as far as they can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labchat.wire.cursor import Cursor
from labchat.wire.walk import Reason

if TYPE_CHECKING:
    from labchat.wire.fields import Field, Violation

REASONS = {
    Reason.NOT_HTTP: "not HTTP/1.1: no start line stands here",
    Reason.CUT: "cut off: the connection or the capture ended in the middle of a unit",
    Reason.REST: "the rest of a unit of which bytes were lost",
    Reason.TLS: "TLS: encrypted, so that nothing inside can be read",
    Reason.TUNNEL: "another protocol, to which the connection was switched",
    Reason.HTTP2: "HTTP/2: frames of its own kind, not dissected here",
    Reason.UNSURE: "after lost bytes: nothing marks where the next WebSocket frame starts",
    Reason.SKIPPED: "after lost bytes: the rest of a frame, up to the next one, which is inferred",
}
"""Sentences for :class:`labchat.wire.walk.Reason`."""

_CONTENT_TYPES = {20: "change_cipher_spec", 21: "alert", 22: "handshake", 23: "application_data"}


@dataclass(frozen=True, slots=True)
class Undissected:
    """Bytes without a meaning we know.

    Attributes:
        data: the bytes.
        fields: one field over them all; of a TLS record its header and fragment.
        violations: always ().
        reason: why, in a sentence.
    """

    data: bytes
    fields: tuple[Field, ...]
    violations: tuple[Violation, ...]
    reason: str


def dissect(data: bytes, reason: int) -> Undissected:
    """The bytes with the reason why they are not dissected."""
    cursor = Cursor(data)
    sentence = REASONS[reason]
    if reason == Reason.TLS:
        sentence = _record(cursor)
    else:
        cursor.take("bytes", len(data), data)
    return Undissected(data, cursor.fields, (), sentence)


def _record(cursor: Cursor) -> str:
    """One TLS record (RFC 8446 §5.1)."""
    data = cursor.data
    kind = _CONTENT_TYPES.get(data[0], f"content type {data[0]}")
    cursor.take("ContentType", 1, data[0])
    cursor.take("legacy_record_version", 3, data[1:3])
    cursor.take("length", 5, int.from_bytes(data[3:5], "big"))
    cursor.take("fragment", len(data), data[5:])
    if data[0] == 22 and data[5:6] == b"\x01":
        return "a TLS ClientHello: encrypted from here on, so that nothing inside can be read"
    if data[0] == 22 and data[5:6] == b"\x02":
        return "a TLS ServerHello: encrypted, so that nothing inside can be read"
    return f"TLS {kind}: encrypted, so that nothing inside can be read"
