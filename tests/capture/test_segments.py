from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labchat.capture import headers, segments

V4 = headers.ends("10.0.0.1:50000", "10.0.0.2:80")
V6 = headers.ends("[fe80::1]:50000", "[fe80::2]:80")


def packet(way: headers.Ends = V4, data: bytes = b"Hello") -> bytes:
    return headers.segment(way, seq=100, ack=200, flags=headers.ACK, data=data)


def data_of(frame: bytes, linktype: int) -> bytes | str:
    found = segments.parse(b"junk" + frame + b"junk", 4, 4 + len(frame), linktype)
    return found if isinstance(found, str) else found[4]


ETHERNET = bytes(12)
SLL = bytes(14)
LINKS = {
    "null, little-endian": (0, b"\x02\0\0\0"),
    "null, big-endian": (0, b"\0\0\0\x02"),
    "OpenBSD loop": (108, b"\0\0\0\x02"),
    "Ethernet": (1, ETHERNET + b"\x08\0"),
    "Ethernet, VLAN": (1, ETHERNET + b"\x81\0\0\x05\x08\0"),
    "Ethernet, VLAN in VLAN": (1, ETHERNET + b"\x88\xa8\0\x05\x81\0\0\x06\x08\0"),
    "raw": (101, b""),
    "raw, BSD": (12, b""),
    "raw, OpenBSD": (14, b""),
    "IPv4": (228, b""),
    "Linux cooked": (113, SLL + b"\x08\0"),
    "Linux cooked, VLAN": (113, SLL + b"\x81\0\0\x05\x08\0"),
    "Linux cooked 2": (276, b"\x08\0" + bytes(18)),
}


@pytest.mark.parametrize("link", LINKS)
def test_every_link_layer_is_passed(link: str) -> None:
    linktype, head = LINKS[link]
    assert data_of(head + packet(), linktype) == b"Hello"


@pytest.mark.parametrize(
    ("linktype", "head"),
    [
        (1, ETHERNET + b"\x86\xdd"),
        (113, SLL + b"\x86\xdd"),
        (276, b"\x86\xdd" + bytes(18)),
        (229, b""),
    ],
)
def test_ipv6_is_passed(linktype: int, head: bytes) -> None:
    assert data_of(head + packet(V6), linktype) == b"Hello"


@pytest.mark.parametrize(
    ("linktype", "frame"),
    [
        (1, ETHERNET + b"\x08\x06" + bytes(28)),
        (1, bytes(12)),
        (1, b""),
        (113, SLL + b"\x08\x06" + bytes(28)),
        (113, b"short"),
        (113, SLL + b"\x81\0"),
        (101, b"\x70" + bytes(50)),
    ],
)
def test_what_is_not_ip_is_said_to_be_so(linktype: int, frame: bytes) -> None:
    assert data_of(frame, linktype) == segments.NOT_IP


def test_an_unknown_link_type_is_named() -> None:
    assert "link type 147" in str(data_of(packet(), 147))


def test_ethernet_padding_is_no_data() -> None:
    assert data_of(ETHERNET + b"\x08\0" + packet(data=b"x") + bytes(5), 1) == b"x"


def test_ip_options_are_passed() -> None:
    plain = packet()
    longer = b"\x46" + plain[1:2] + struct.pack("!H", len(plain) + 4) + plain[4:20] + b"\1\1\1\0"
    assert data_of(longer + plain[20:], 101) == b"Hello"


def test_tcp_options_are_passed() -> None:
    plain = packet()
    longer = plain[:32] + b"\x60" + plain[33:40] + b"\1\1\1\0" + plain[40:]
    longer = longer[:2] + struct.pack("!H", len(longer)) + longer[4:]
    assert data_of(longer, 101) == b"Hello"


@pytest.mark.parametrize("way", [V4, V6], ids=["v4", "v6"])
def test_a_length_left_to_the_network_card_is_the_packets_own(way: headers.Ends) -> None:
    plain = bytearray(packet(way))
    at = 2 if way.version == 4 else 4
    plain[at : at + 2] = b"\0\0"
    assert data_of(bytes(plain), 101) == b"Hello"


def test_a_length_left_to_the_card_with_options_too() -> None:
    plain = packet()
    assert data_of(b"\x46\0\0\0" + plain[4:20] + b"\1\1\1\0" + plain[20:], 101) == b"Hello"


@pytest.mark.parametrize("fragment", [b"\x20\x00", b"\x00\x10"], ids=["first", "later"])
def test_fragments_are_named_not_misread(fragment: bytes) -> None:
    plain = packet()
    assert data_of(plain[:6] + fragment + plain[8:], 101) == segments.FRAGMENT
    longer = b"\x46" + plain[1:6] + fragment + plain[8:20] + bytes(4) + plain[20:]
    assert data_of(longer, 101) == segments.FRAGMENT


def extended(*chain: tuple[int, bytes]) -> bytes:
    """An IPv6 packet with extension headers before its TCP header."""
    plain = packet(V6)
    kinds = [kind for kind, _ in chain] + [headers.TCP]
    body = b"".join(bytes([kinds[n + 1]]) + rest for n, (_, rest) in enumerate(chain))
    body += plain[40:]
    return plain[:4] + struct.pack("!HB", len(body), kinds[0]) + plain[7:40] + body


def test_ipv6_extension_headers_are_passed() -> None:
    chain = [(0, b"\0" + bytes(6)), (43, b"\1" + bytes(14)), (60, b"\0" + bytes(6))]
    assert data_of(extended(*chain, (51, b"\x01" + bytes(10))), 101) == b"Hello"


def test_ipv6_fragments_are_named() -> None:
    assert data_of(extended((44, bytes(7))), 101) == segments.FRAGMENT


def test_ipv6_extension_headers_cut_off() -> None:
    whole = extended((0, b"\0" + bytes(6)))
    assert data_of(whole[:44], 101) == segments.SHORT
    assert data_of(whole[:60], 101) == segments.SHORT


@pytest.mark.parametrize("way", [V4, V6], ids=["v4", "v6"])
def test_what_is_not_tcp_is_named(way: headers.Ends) -> None:
    frame = headers.ip_header(way, 17, 30) + bytes(30)
    assert data_of(frame, 101) == segments.NOT_TCP


@pytest.mark.parametrize(
    "frame",
    [
        packet()[:19],
        packet()[:39],
        packet(V6)[:39],
        b"\x44" + packet()[1:],
        packet()[:32] + b"\x40" + packet()[33:],
        packet()[:32] + b"\xf0" + packet()[33:],
        packet(V6)[:52] + b"\xf0" + packet(V6)[53:],
        b"\x4f" + packet()[1:],
    ],
)
def test_what_is_cut_off_in_its_headers_is_named(frame: bytes) -> None:
    assert data_of(frame, 101) == segments.SHORT


@given(st.binary(max_size=120), st.sampled_from(sorted(segments.LINKS)))
def test_no_packet_raises(frame: bytes, linktype: int) -> None:
    segments.parse(frame, 0, len(frame), linktype)


@given(st.data(), st.sampled_from([V4, V6]))
def test_no_damaged_packet_raises(data: st.DataObject, way: headers.Ends) -> None:
    frame = bytearray(packet(way))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    stop = data.draw(st.integers(0, len(frame)))
    segments.parse(bytes(frame), 0, stop, 101)
