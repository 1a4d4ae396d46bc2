"""Synthetic IP and TCP headers around recorded bytes, so that Wireshark can follow them.

PURE. The addresses and ports are the recorded ones; sequence numbers follow the
stream offsets; what a recording of a byte stream cannot know (window, hop limit) is set to values
that raise no warning. RFC 791, RFC 8200, RFC 9293.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labchat.capture.model import Bytes

FIN = 0x01
SYN = 0x02
RST = 0x04
PSH = 0x08
ACK = 0x10

TCP = 6
NOTE = 253
"""The IP protocol "for experimentation and testing" (RFC 3692): carries remarks, never traffic."""

MAX_SEGMENT = 65_535 - 20 - 20
"""The largest TCP payload that an IPv4 packet can hold, in bytes."""

SYN_OPTIONS = struct.pack("!BBHBBBx", 2, 4, MAX_SEGMENT, 3, 3, 14)
"""Maximum segment size, and a window scale of 2^14, so that no window ever looks full."""

_IPV4 = struct.Struct("!HHHHHH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_TCP = struct.Struct("!HHIIHHHH")

_LONG = 1024
"""Bytes from which on numpy adds faster than a long integer divides."""

_SYNTHETIC_NET = int(ipaddress.IPv4Address("198.18.0.0"))


@dataclass(frozen=True, slots=True)
class Ends:
    """The packed addresses and ports of one direction of a connection.

    Attributes:
        version: 4 or 6, the same for both addresses.
        source, target: packed addresses, 4 or 16 bytes.
        source_port, target_port: 0 to 65,535.
        total: what both addresses add to a checksum.
    """

    version: int
    source: bytes
    target: bytes
    source_port: int
    target_port: int
    total: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Add the addresses up once, not for each packet."""
        object.__setattr__(self, "total", _sum(self.source + self.target) % 0xFFFF)

    @property
    def reverse(self) -> Ends:
        """The same connection, the other way."""
        return Ends(self.version, self.target, self.source, self.target_port, self.source_port)


def split_address(text: str) -> tuple[str, int]:
    """Host and port of ``"127.0.0.1:80"`` or ``"[::1]:80"``; port 0 where there is none."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 0xFFFF:
        host, port = text, "0"
    return host.removeprefix("[").removesuffix("]"), int(port)


def ends(client: str, server: str, *, number: int = 1) -> Ends:
    """The packed ends of connection ``number``, as seen from the client.

    A host that is no IP address gets one of 198.18.0.0/15 (RFC 2544, never on the Internet), a
    client without a port one of the ephemeral ports, so that connections stay apart.
    """
    (source, source_port), (target, target_port) = split_address(client), split_address(server)
    first, second = _address(source, 2 * number), _address(target, 1)
    if first.version != second.version:
        first, second = _mapped(first), _mapped(second)
    port = source_port or 49_152 + number % 16_384
    return Ends(first.version, first.packed, second.packed, port, target_port)


def ends_of(key: bytes) -> tuple[str, str]:
    """Source and target of a segment's key, as "127.0.0.1:80" or "[::1]:80"."""
    size = (len(key) - 4) // 2
    source, target = (ipaddress.ip_address(key[at : at + size]) for at in (0, size))
    ports = struct.unpack("!HH", key[-4:])
    return _joined(source, ports[0]), _joined(target, ports[1])


def segment(way: Ends, *, seq: int, ack: int, flags: int, data: bytes = b"") -> bytes:
    """An IP packet that holds one TCP segment; ``seq`` and ``ack`` are taken modulo 2^32."""
    return segment_head(way, seq=seq, ack=ack, flags=flags, data=data) + data


def segment_head(way: Ends, *, seq: int, ack: int, flags: int, data: Bytes = b"") -> bytes:
    """What stands before ``data`` in such a packet: the IP and the TCP header."""
    extra = SYN_OPTIONS if flags & SYN else b""
    seq, ack = seq & 0xFFFFFFFF, ack & 0xFFFFFFFF if flags & ACK else 0
    size = 20 + len(extra)
    ports, shape, length = (way.source_port, way.target_port), size << 10 | flags, size + len(data)
    total = way.total + TCP + length + sum(ports) + seq + ack + shape + 0xFFFF
    check = _complement(total + _sum(extra) + _sum(data))
    tcp = _TCP.pack(*ports, seq, ack, shape, 0xFFFF, check, 0)
    return ip_header(way, TCP, length) + tcp + extra


def note(way: Ends, text: str) -> bytes:
    """An IP packet of protocol 253 whose payload is a remark."""
    data = text.encode("utf-8", "replace")[:1200]
    return ip_header(way, NOTE, len(data)) + data


def ip_header(way: Ends, protocol: int, length: int) -> bytes:
    """An IPv4 or IPv6 header before ``length`` bytes of ``protocol``."""
    if way.version == 6:
        return _IPV6.pack(6 << 28, length, protocol, 64, way.source, way.target)
    kind = 64 << 8 | protocol
    check = _complement(0x4500 + 20 + length + 0x4000 + kind + way.total)
    return _IPV4.pack(0x4500, 20 + length, 0, 0x4000, kind, check, way.source, way.target)


def checksum(data: bytes, more: Bytes = b"") -> int:
    """The Internet checksum of ``data``, of even length unless ``more`` is empty, and ``more``.

    RFC 1071. One's complement addition is addition modulo 65,535, and a number is congruent to
    the sum of its 16-bit digits: one division does it.
    """
    return _complement(_sum(data) + _sum(more))


def _complement(total: int) -> int:
    return 0xFFFF - (total % 0xFFFF or (0xFFFF if total else 0))


def _sum(data: Bytes) -> int:
    """A number congruent to the sum of the 16-bit digits of ``data``; 0 only if all are."""
    if len(data) >= _LONG:
        return _sum_long(data)
    return int.from_bytes(data, "big") << 8 * (len(data) % 2)


def _sum_long(data: Bytes) -> int:
    """The same, twenty times as fast; byte order may wait until the end (RFC 1071, section 2 B)."""
    import numpy as np

    whole = len(data) // 4 * 4
    digits = np.frombuffer(data, dtype="<u4", count=whole // 4)
    swapped = int(digits.sum(dtype=np.uint64))
    swapped += int.from_bytes(data[whole:], "little")
    folded = swapped % 0xFFFF or (0xFFFF if swapped else 0)
    return (folded & 0xFF) << 8 | folded >> 8


def _joined(host: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> str:
    return f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"


def _address(host: str, fallback: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ipaddress.IPv4Address(_SYNTHETIC_NET + fallback % 0x1FFFF)


def _mapped(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv6Address:
    if isinstance(address, ipaddress.IPv6Address):
        return address
    return ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
