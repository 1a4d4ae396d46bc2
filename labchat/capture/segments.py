"""From a packet to its TCP segment: link layers, IPv4, IPv6 with its extension headers.

PURE. Offsets into a buffer instead of objects, since a file may hold a million packets.
Link types: https://www.tcpdump.org/linktypes.html
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from labchat.capture.headers import NOTE, TCP

if TYPE_CHECKING:
    from collections.abc import Callable

Segment = tuple[bytes, int, int, int, bytes]
"""Both ends as one key, sequence number, acknowledgment number, flags, data.

The key is the packed source and target address, then source and target port: 12 bytes in IPv4,
36 in IPv6.
"""

Skipped = str
"""Why a packet holds no segment for us, as a noun phrase that can be counted."""

FRAGMENT = "IP fragment, which labchat does not put together"
NOT_IP = "packet that is not IP"
NOT_TCP = "packet that is not TCP"
SHORT = "packet cut off inside its headers"
REMARK = "remark of labchat's own"

_VLAN = (0x8100, 0x88A8, 0x9100)
_IPV4, _IPV6 = 0x0800, 0x86DD
_EXTENSIONS = (0, 43, 60, 135, 139, 140)
"""IPv6 headers that say their own length in units of eight bytes (RFC 8200 §4, RFC 7045)."""
_FRAGMENT_HEADER, _AUTHENTICATION = 44, 51

_TCP = struct.Struct("!IIBB")
_PLAIN = struct.Struct("!xxHxxH16xIIBB")
"""An IPv4 header without options and the TCP header behind it."""
_V4 = struct.Struct("!BxHxxHxB")


def ethernet(buffer: bytes, start: int, stop: int) -> int:
    """Offset of the IP header behind an Ethernet header and its VLAN tags, or -1."""
    at = start + 12
    while at + 2 <= stop:
        kind = buffer[at] << 8 | buffer[at + 1]
        if kind in _VLAN:
            at += 4
            continue
        return at + 2 if kind in (_IPV4, _IPV6) else -1
    return -1


def cooked(buffer: bytes, start: int, stop: int) -> int:
    """Behind Linux "any" device's header, version 1: 16 bytes, the protocol last."""
    return _typed(buffer, start + 14, start + 16, stop)


def cooked2(buffer: bytes, start: int, stop: int) -> int:
    """Version 2 of the same: 20 bytes, the protocol first."""
    return _typed(buffer, start, start + 20, stop)


def loopback(_buffer: bytes, start: int, _stop: int) -> int:
    """Behind BSD loopback's address family: four bytes in either order; IP tells its version."""
    return start + 4


def raw(_buffer: bytes, start: int, _stop: int) -> int:
    """No link layer at all."""
    return start


def _typed(buffer: bytes, kind_at: int, payload_at: int, stop: int) -> int:
    if payload_at > stop:
        return -1
    kind = buffer[kind_at] << 8 | buffer[kind_at + 1]
    if kind in _VLAN and payload_at + 4 <= stop:
        return _typed(buffer, payload_at + 2, payload_at + 4, stop)
    return payload_at if kind in (_IPV4, _IPV6) else -1


LINKS: dict[int, Callable[[bytes, int, int], int]] = {
    0: loopback,
    1: ethernet,
    12: raw,
    14: raw,
    101: raw,
    108: loopback,
    113: cooked,
    228: raw,
    229: raw,
    276: cooked2,
}
"""How to find the IP header, by link type."""


def parse(buffer: bytes, start: int, stop: int, linktype: int) -> Segment | Skipped:
    """The TCP segment of the packet ``buffer[start:stop]``, or why there is none."""
    link = LINKS.get(linktype)
    if link is None:
        return f"packet of link type {linktype}, which labchat does not read"
    at = link(buffer, start, stop)
    if at < 0:
        return NOT_IP
    if at + 40 <= stop and buffer[at] == 0x45 and buffer[at + 9] == TCP:
        return _plain(buffer, at, stop)
    if at + 20 > stop:
        return SHORT
    version = buffer[at] >> 4
    if version == 4:
        return _ipv4(buffer, at, stop)
    return _ipv6(buffer, at, stop) if version == 6 else NOT_IP


def _plain(buffer: bytes, at: int, stop: int) -> Segment | Skipped:
    """What nearly every packet is, read in one go."""
    total, fragment, seq, ack, offset, flags = _PLAIN.unpack_from(buffer, at)
    if fragment & 0x3FFF:
        return FRAGMENT
    if total and at + total < stop:
        stop = at + total
    data = at + 20 + (offset >> 4) * 4
    if data > stop or offset < 0x50:
        return SHORT
    return buffer[at + 12 : at + 24], seq, ack, flags, buffer[data:stop]


def _ipv4(buffer: bytes, at: int, stop: int) -> Segment | Skipped:
    first, total, fragment, protocol = _V4.unpack_from(buffer, at)
    size = (first & 0x0F) * 4
    if protocol != TCP:
        return REMARK if protocol == NOTE else NOT_TCP
    if fragment & 0x3FFF:
        return FRAGMENT
    if total:  # 0: the network card was to fill it in (segmentation offload)
        stop = min(stop, at + total)
    tcp = at + size
    if size < 20 or tcp + 20 > stop:
        return SHORT
    key = buffer[at + 12 : at + 20] + buffer[tcp : tcp + 4]
    return _tcp(buffer, tcp, stop, key)


def _ipv6(buffer: bytes, at: int, stop: int) -> Segment | Skipped:
    if at + 40 > stop:
        return SHORT
    length = buffer[at + 4] << 8 | buffer[at + 5]
    if length:  # 0: a jumbogram, or segmentation offload
        stop = min(stop, at + 40 + length)
    found = _behind_extensions(buffer, buffer[at + 6], at + 40, stop)
    if isinstance(found, str):
        return found
    if found + 20 > stop:
        return SHORT
    return _tcp(buffer, found, stop, buffer[at + 8 : at + 40] + buffer[found : found + 4])


def _behind_extensions(buffer: bytes, kind: int, at: int, stop: int) -> int | Skipped:
    while kind != TCP:
        if kind == NOTE:
            return REMARK
        if kind == _FRAGMENT_HEADER:
            return FRAGMENT
        if kind not in _EXTENSIONS and kind != _AUTHENTICATION:
            return NOT_TCP
        if at + 8 > stop:
            return SHORT
        size = (buffer[at + 1] + 2) * 4 if kind == _AUTHENTICATION else (buffer[at + 1] + 1) * 8
        kind = buffer[at]
        at += size
    return at


def _tcp(buffer: bytes, at: int, stop: int, key: bytes) -> Segment | Skipped:
    seq, ack, offset, flags = _TCP.unpack_from(buffer, at + 4)
    data = at + (offset >> 4) * 4
    if data > stop or offset < 0x50:
        return SHORT
    return key, seq, ack, flags, buffer[data:stop]
