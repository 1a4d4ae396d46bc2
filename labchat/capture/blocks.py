"""The blocks of a pcapng file, built: section, interface, packet, and their options.

PURE. The reading side is :mod:`labchat.capture.readers`. Block layouts:
https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labchat.capture.model import Bytes

SECTION = 0x0A0D0D0A
INTERFACE = 1
PACKET_OBSOLETE = 2
SIMPLE_PACKET = 3
SECRETS = 10
ENHANCED_PACKET = 6
BYTE_ORDER = 0x1A2B3C4D

OPT_END = 0
OPT_COMMENT = 1
OPT_USER_APPLICATION = 4
OPT_IF_NAME = 2
OPT_IF_TSRESOL = 9
OPT_IF_TSOFFSET = 14

LINKTYPE_RAW = 101
"""Packets begin with their IP header: no link layer to invent."""

Option = tuple[int, bytes]


def padded(data: bytes) -> bytes:
    """``data`` with zeros up to the next multiple of four bytes."""
    return data + bytes(-len(data) % 4)


def options(entries: Iterable[Option]) -> bytes:
    """An option list with its end mark; nothing at all when it is empty."""
    parts = [struct.pack("<HH", code, len(value)) + padded(value) for code, value in entries]
    return b"".join(parts) + bytes(4) if parts else b""


def block(kind: int, body: bytes) -> bytes:
    """A whole block around ``body``, whose length is a multiple of four."""
    total = len(body) + 12
    return struct.pack("<II", kind, total) + body + struct.pack("<I", total)


def section(*, application: str, comments: Iterable[str]) -> bytes:
    """A section header of unknown length, little-endian, version 1.0."""
    entries = [(OPT_COMMENT, comment_bytes(comment)) for comment in comments]
    entries.append((OPT_USER_APPLICATION, application.encode()))
    return block(SECTION, struct.pack("<IHHq", BYTE_ORDER, 1, 0, -1) + options(entries))


def interface(*, name: str, linktype: int = LINKTYPE_RAW) -> bytes:
    """An interface whose timestamps count nanoseconds and whose packets are never cut."""
    entries = [(OPT_IF_NAME, name.encode()), (OPT_IF_TSRESOL, b"\x09")]
    return block(INTERFACE, struct.pack("<HHI", linktype, 0, 0) + options(entries))


def packet(wall_ns: int, data: bytes, comments: Iterable[str] = ()) -> bytes:
    """An enhanced packet on interface 0, ``wall_ns`` nanoseconds after the Unix epoch."""
    return b"".join(packet_parts(wall_ns, data, comments=comments))


def packet_parts(
    wall_ns: int, head: bytes, data: Bytes = b"", comments: Iterable[str] = ()
) -> tuple[Bytes, ...]:
    """Such a packet of ``head`` and ``data``, in parts to be joined, so that data is not copied."""
    high, low = divmod(wall_ns, 1 << 32)
    size = len(head) + len(data)
    notes = options((OPT_COMMENT, comment_bytes(comment)) for comment in comments)
    rest = bytes(-size % 4) + notes
    total = 32 + size + len(rest)
    fixed = struct.pack("<IIIIIII", ENHANCED_PACKET, total, 0, high, low, size, size)
    return fixed + head, data, rest + struct.pack("<I", total)


def comment_bytes(text: str) -> bytes:
    """``text`` as an option value: UTF-8, at most 65,535 bytes, never cut inside a character."""
    data = text.encode("utf-8", "replace")
    return data if len(data) <= 0xFFFF else data[:0xFFFF].decode("utf-8", "ignore").encode()
