"""One frame at a time: RFC 6455 §5, from its own examples to its last rule."""

from __future__ import annotations

import os

import pytest

from labchat.wire import frames
from labchat.wire.fields import Direction, Span, leaves
from labchat.wire.frames import CloseCode, Opcode

C2S, S2C = Direction.C2S, Direction.S2C
KEY = bytes.fromhex("37fa213d")

RFC_EXAMPLES = [
    ("810548656c6c6f", True, 1, False, b"Hello"),
    ("818537fa213d7f9f4d5158", True, 1, True, b"Hello"),
    ("010348656c", False, 1, False, b"Hel"),
    ("80026c6f", True, 0, False, b"lo"),
    ("890548656c6c6f", True, 9, False, b"Hello"),
    ("8a8537fa213d7f9f4d5158", True, 10, True, b"Hello"),
    ("827e0100" + "61" * 256, True, 2, False, b"a" * 256),
    ("827f0000000000010000" + "61" * 65536, True, 2, False, b"a" * 65536),
]


@pytest.mark.parametrize(("wire", "fin", "opcode", "masked", "payload"), RFC_EXAMPLES)
def test_the_examples_of_section_5_7(wire, fin, opcode, masked, payload):
    data = bytes.fromhex(wire)
    frame = frames.dissect(data, role=C2S if masked else S2C, rsv_allowed=0)
    assert (frame.fin, frame.rsv, frame.opcode, frame.masked) == (fin, 0, opcode, masked)
    assert frame.payload == payload
    assert frame.payload_length == len(payload)
    assert frame.header_length == len(data) - len(payload)
    assert frame.masking_key == (KEY if masked else None)
    assert frame.is_control == (opcode >= 8)
    assert frame.violations == ()
    assert frames.build(opcode, payload, fin=fin, mask=KEY if masked else None) == data


def test_every_bit_of_a_frame_has_a_name():
    frame = frames.dissect(frames.build(1, b"x" * 134, mask=KEY))
    assert [(leaf.name, leaf.span, leaf.value) for leaf in leaves(frame.fields)] == [
        ("FIN", Span(0, 1), 1),
        ("RSV1", Span(1, 2), 0),
        ("RSV2", Span(2, 3), 0),
        ("RSV3", Span(3, 4), 0),
        ("opcode", Span(4, 8), 1),
        ("MASK", Span(8, 9), 1),
        ("Payload len", Span(9, 16), 126),
        ("Extended payload length", Span(16, 32), 134),
        ("Masking-key", Span(32, 64), KEY),
        ("Payload Data", Span(64, 64 + 8 * 134), b"x" * 134),
    ]


BROKEN = [
    # what, frame, role, allowed RSV, (section, span, words)
    (
        "unmasked client",
        frames.build(1, b"a"),
        C2S,
        0,
        ("RFC 6455 §5.1", (8, 9), "client must mask"),
    ),
    ("masked server", frames.build(1, b"a", mask=KEY), S2C, 0, ("RFC 6455 §5.1", (8, 9), "server")),
    ("RSV1", frames.build(1, b"a", rsv=4), S2C, 0, ("RFC 6455 §5.2", (1, 2), "RSV1")),
    ("RSV2", frames.build(1, b"a", rsv=2), S2C, 4, ("RFC 6455 §5.2", (2, 3), "RSV2")),
    ("RSV3", frames.build(1, b"a", rsv=1), S2C, 4, ("RFC 6455 §5.2", (3, 4), "RSV3")),
    ("RSV1 on a ping", frames.build(9, b"a", rsv=4), S2C, 4, ("RFC 7692 §6.1", (1, 2), "RSV1")),
    ("RSV1 on a continuation", frames.build(0, b"a", rsv=4), S2C, 4, ("RFC 7692 §6.1", (1, 2), "")),
    ("reserved data", frames.build(3, b"a"), S2C, 0, ("RFC 6455 §5.2", (4, 8), "0x3 is reserved")),
    ("reserved control", frames.build(11), S2C, 0, ("RFC 6455 §5.2", (4, 8), "0xB is reserved")),
    (
        "fragmented ping",
        frames.build(9, fin=False),
        S2C,
        0,
        ("RFC 6455 §5.5", (0, 1), "fragmented"),
    ),
    ("long ping", frames.build(9, b"a" * 126), S2C, 0, ("RFC 6455 §5.5", (9, 32), "125")),
    (
        "16 bits for 5",
        frames.build(1, b"a" * 5, length_form=16),
        S2C,
        0,
        ("RFC 6455 §5.2", (9, 32), "fewest"),
    ),
    (
        "64 bits for 5",
        frames.build(1, b"a" * 5, length_form=64),
        S2C,
        0,
        ("RFC 6455 §5.2", (9, 80), "fewest"),
    ),
    (
        "64 bits for 300",
        frames.build(1, b"a" * 300, length_form=64),
        S2C,
        0,
        ("RFC 6455 §5.2", (9, 80), "fewest"),
    ),
    (
        "a close of one byte",
        frames.build(8, b"\x03"),
        S2C,
        0,
        ("RFC 6455 §5.5.1", (16, 24), "two bytes"),
    ),
    ("close 1005", frames.build(8, b"\x03\xed"), S2C, 0, ("RFC 6455 §7.4.1", (16, 32), "1005")),
    (
        "a reason that is no UTF-8",
        frames.build(8, b"\x03\xe8ab\xff"),
        S2C,
        0,
        ("RFC 6455 §5.5.1", (48, 56), "0xFF"),
    ),
]


@pytest.mark.parametrize(
    ("data", "role", "allowed", "broken"),
    [case[1:] for case in BROKEN],
    ids=[case[0] for case in BROKEN],
)
def test_each_rule_is_flagged_at_its_bits(data, role, allowed, broken):
    (found,) = frames.dissect(data, role=role, rsv_allowed=allowed).violations
    section, span, words = broken
    assert found.section == section
    assert found.span == Span(*span)
    assert words in found.rule


def test_what_is_not_known_is_not_flagged():
    data = frames.build(1, b"a", rsv=7)
    assert frames.dissect(data).violations == ()
    assert frames.dissect(data, role=S2C, rsv_allowed=7).violations == ()


def test_the_top_bit_of_a_64_bit_length_is_flagged():
    """Such a frame cannot be captured whole, so the rule is asked directly."""
    (found,) = frames._length_rules(b"\x82\x7f", 1 << 63)
    assert found.span == Span(16, 17)


CODES = [
    *((code, None) for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011)),
    *((code, None) for code in (1012, 1013, 1014, 3000, 3999, 4000, 4999)),
    *((code, "RFC 6455 §7.4.1") for code in (1004, 1005, 1006, 1015)),
    *((code, "RFC 6455 §7.4.2") for code in (0, 999, 1016, 1100, 2000, 2999, 5000, 65535)),
]


@pytest.mark.parametrize(("code", "section"), CODES)
def test_which_close_codes_may_be_on_the_wire(code, section):
    problem = frames.close_code_problem(code)
    assert (problem[1] if problem else None) == section
    frame = frames.dissect(frames.build(8, code.to_bytes(2, "big") + "né".encode()))
    assert frame.close_code == code
    assert frame.close_reason == "né"
    assert [one.section for one in frame.violations] == ([section] if section else [])
    assert [leaf.name for leaf in leaves(frame.fields)][-2:] == ["status code", "reason"]


def test_a_close_without_a_body_has_no_code():
    frame = frames.dissect(frames.build(8))
    assert (frame.close_code, frame.close_reason) == (None, None)
    assert frames.dissect(frames.build(1, b"ab")).close_code is None


def test_codes_and_opcodes_have_words():
    assert CloseCode(1001).phrase == "going away"
    assert frames.opcode_name(Opcode.PING) == "ping"
    assert frames.opcode_name(0xB) == "reserved 0xB"


UTF8 = [
    (b"", None),
    ("κόσμε".encode(), None),
    (b"a\xffb", (1, 2)),
    (b"a\xc0\x80", (1, 2)),
    (b"\xed\xa0\x80", (1, 2)),
    (b"\xf4\x90\x80\x80", (1, 2)),
    (b"\xe2\x82a", (2, 3)),
    (b"ok \xe2\x82", (3, 5)),
]


@pytest.mark.parametrize(("data", "where"), UTF8)
def test_the_byte_that_is_not_utf8_is_named(data, where):
    assert frames.invalid_utf8(data) == where


def test_an_unfinished_character_may_go_on_in_the_next_fragment():
    assert frames.invalid_utf8(b"ok \xe2\x82", complete=False) is None


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 2047, 2048, 2049, 70_001])
def test_unmasking_is_its_own_inverse_and_what_the_rfc_says(size):
    data, key = os.urandom(size), os.urandom(4)
    masked = frames.unmask(data, key)
    assert masked == bytes(byte ^ key[at % 4] for at, byte in enumerate(data))
    assert frames.unmask(masked, key) == data


WRONG = [
    {"opcode": 16},
    {"opcode": 1, "rsv": 8},
    {"opcode": 1, "mask": b"abc"},
    {"opcode": 1, "length_form": 8},
    {"opcode": 1, "payload": b"a" * 126, "length_form": 7},
    {"opcode": 1, "payload": b"a" * 65536, "length_form": 16},
    {"opcode": 1, "declared_length": -1},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_no_header_can_hold_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        frames.build(**wrong)


def test_a_wrong_length_can_be_claimed():
    assert frames.build(1, b"abc", declared_length=1 << 63)[:10].hex() == "817f8000000000000000"


@pytest.mark.parametrize("data", [b"", b"\x81", b"\x81\x05abc", b"\x81\x00x", b"\x81\x85abcd"])
def test_only_exactly_one_frame_is_dissected(data):
    with pytest.raises(ValueError, match="not exactly one frame"):
        frames.dissect(data)
