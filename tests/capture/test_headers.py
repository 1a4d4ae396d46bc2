from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labchat.capture import headers, segments

if TYPE_CHECKING:
    from collections.abc import Callable

V4 = headers.ends("10.0.0.1:50000", "10.0.0.2:80")
V6 = headers.ends("[fe80::1%eth0]:50000", "[::1]:80")


def rfc1071(data: bytes) -> int:
    """The sum as RFC 1071 §4.1 writes it, word by word."""
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@given(st.binary(max_size=200))
def test_the_checksum_is_that_of_rfc_1071(data: bytes) -> None:
    assert headers.checksum(data) == rfc1071(data)


@pytest.mark.parametrize("data", [b"", b"\0\0", b"\xff\xff", b"\xff\xff\xff\xff", b"\0\1\xf2\x03"])
def test_the_checksum_knows_both_zeros(data: bytes) -> None:
    assert headers.checksum(data) == rfc1071(data)


@pytest.mark.parametrize("size", [1023, 1024, 1025, 1026, 1027, 65_495])
@pytest.mark.parametrize("make", [bytes, lambda size: b"\xff" * size, random.Random(1).randbytes])
def test_the_checksum_of_much_data_is_the_same(size: int, make: Callable[[int], bytes]) -> None:
    data = make(size)
    assert headers.checksum(data) == rfc1071(data)
    assert headers.checksum(b"ab", memoryview(data)) == rfc1071(b"ab" + data)


@pytest.mark.parametrize("way", [V4, V6, V6.reverse], ids=["v4", "v6", "v6 back"])
@pytest.mark.parametrize("data", [b"", b"x", b"Hello, world"])
def test_a_segment_is_read_back(way: headers.Ends, data: bytes) -> None:
    flags = headers.PSH | headers.ACK
    packet = headers.segment(way, seq=2**32 + 5, ack=7, flags=flags, data=data)

    found = segments.parse(packet, 0, len(packet), 101)

    key = way.source + way.target
    key += way.source_port.to_bytes(2, "big") + way.target_port.to_bytes(2, "big")
    assert found == (key, 5, 7, flags, data)


@pytest.mark.parametrize("way", [V4, V6], ids=["v4", "v6"])
def test_checksums_add_up(way: headers.Ends) -> None:
    packet = headers.segment(way, seq=1, ack=0, flags=headers.SYN)
    size = 20 if way.version == 4 else 40

    if way.version == 4:
        assert rfc1071(packet[:20]) == 0
    tcp = packet[size:]
    pseudo = way.source + way.target + len(tcp).to_bytes(4, "big") + b"\0\0\0\6"
    assert rfc1071(pseudo + tcp) == 0


def test_a_segment_without_ack_acknowledges_nothing() -> None:
    packet = headers.segment(V4, seq=1, ack=99, flags=headers.SYN)
    assert packet[28:32] == bytes(4)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:80", "127.0.0.1", 80),
        ("[::1]:8080", "::1", 8080),
        ("localhost:3000", "localhost", 3000),
        ("localhost", "localhost", 0),
        ("host:99999", "host:99999", 0),
        ("host:٣", "host:٣", 0),
        ("", "", 0),
    ],
)
def test_addresses_are_split(text: str, host: str, port: int) -> None:
    assert headers.split_address(text) == (host, port)


def test_a_name_gets_an_address_that_is_nowhere() -> None:
    first = headers.ends("unknown:0", "example.org:80", number=1)
    second = headers.ends("unknown:0", "example.org:80", number=2)

    assert first.source[:2] == first.target[:2] == bytes([198, 18])
    assert first.target == second.target
    assert (first.source, first.source_port) != (second.source, second.source_port)


def test_ends_of_two_versions_become_version_6() -> None:
    mixed = headers.ends("127.0.0.1:5000", "[::1]:80")
    assert (mixed.version, mixed.source[-4:]) == (6, bytes([127, 0, 0, 1]))


@pytest.mark.parametrize(
    "addresses", [("10.0.0.1:50000", "10.0.0.2:80"), ("[fe80::1]:50000", "[::1]:80")]
)
def test_addresses_come_back_from_a_key(addresses: tuple[str, str]) -> None:
    packet = headers.segment(headers.ends(*addresses), seq=1, ack=0, flags=headers.ACK)
    found = segments.parse(packet, 0, len(packet), 101)
    assert isinstance(found, tuple)
    assert headers.ends_of(found[0]) == addresses


def test_a_note_is_no_traffic() -> None:
    for way in (V4, V6):
        packet = headers.note(way, "held here")
        assert packet.endswith(b"held here")
        assert segments.parse(packet, 0, len(packet), 101) == segments.REMARK
