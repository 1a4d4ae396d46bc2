from __future__ import annotations

import pytest

from labchat.errors import SettingsError
from labchat.tap.edit import changed, reframe, with_payload
from labchat.wire import frames
from labchat.wire.http1 import dissect_request, dissect_response

KEY = b"abcd"
MASKED = frames.dissect(frames.build(1, b"hello", mask=KEY))
PLAIN = frames.dissect(frames.build(1, b"hello", rsv=4))


def test_a_frame_with_another_payload_keeps_its_header():
    sent = frames.dissect(with_payload(MASKED, "größer"))
    assert (sent.payload.decode(), sent.masking_key, sent.fin) == ("größer", KEY, True)


def test_a_compressed_frame_becomes_an_uncompressed_one():
    assert frames.dissect(with_payload(PLAIN, b"x")).rsv == 0


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ({}, MASKED.data),
        ({"fin": False}, bytes([0x01]) + MASKED.data[1:]),
        ({"rsv": 4}, bytes([0xC1]) + MASKED.data[1:]),
        ({"opcode": 3}, bytes([0x83]) + MASKED.data[1:]),
        ({"mask": False}, b"\x81\x05hello"),
        ({"mask": bytes(4)}, b"\x81\x85\0\0\0\0hello"),
        ({"declared_length": 9}, bytes([0x81, 0x89]) + MASKED.data[2:]),
        ({"length_form": 16}, bytes([0x81, 0xFE, 0, 5]) + MASKED.data[2:]),
    ],
)
def test_header_bits(header, data):
    assert reframe(MASKED, **header) == data


def test_a_part_that_a_frame_does_not_have():
    with pytest.raises(SettingsError, match="no rsv1 to edit, but fin, rsv"):
        reframe(MASKED, rsv1=True)


def test_a_mask_can_be_added():
    assert reframe(PLAIN, mask=True)[:6] == b"\xc1\x85\0\0\0\0"
    assert reframe(PLAIN) == PLAIN.data


def test_a_header_that_cannot_be():
    with pytest.raises(SettingsError, match="cannot be made"):
        reframe(MASKED, opcode=16)


def test_a_request_says_its_new_length():
    request = dissect_request(
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nA: b\r\n\r\n{}"
    )
    assert with_payload(request, '{"a":1}') == (
        b'POST /api/messages HTTP/1.1\r\nHost: x\r\nA: b\r\nContent-Length: 7\r\n\r\n{"a":1}'
    )


def test_a_chunked_response_gets_a_length():
    response = dissect_response(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    )
    assert with_payload(response, b"hello") == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    )


def test_what_has_no_payload_is_edited_as_bytes():
    with pytest.raises(SettingsError, match="edit its bytes"):
        with_payload(None, b"x")


def test_changed_bytes():
    assert changed(b"abc", b"aXcd") == (1, 3)
    assert changed(b"abc", b"ab") == ()
