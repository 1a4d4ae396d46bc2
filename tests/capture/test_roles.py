from __future__ import annotations

import pytest

from labchat.capture.roles import first_is_client, looks_like_client

HELLO = b"\x16\x03\x01\x02\x00\x01\x00"
SERVER_HELLO = b"\x16\x03\x03\x02\x00\x02\x00"


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (b"GET / HTTP/1.1\r\n", True),
        (b"OPTIONS * HTTP/1.", True),
        (b"HTTP/1.1 200 OK\r\n", False),
        (HELLO, True),
        (SERVER_HELLO, False),
        (b"\x16\x03\x01\x02\x00\x09\x00", None),
        (b"\x81\x85abcdefg", True),
        (b"\x81\x05Hello", False),
        (b"\x8a\x80", True),
        (b"\xf1\x85abcd", None),
        (b"\x83\x05abcd", None),
        (b"\x81", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_side(sample: bytes, said: bool | None) -> None:
    assert looks_like_client(sample) is said


@pytest.mark.parametrize(
    ("first", "second", "ports", "client"),
    [
        (b"GET / HTTP/1.1", b"", (80, 50000), True),
        (b"HTTP/1.1 200 O", b"", (50000, 80), False),
        (b"", b"GET / HTTP/1.1", (50000, 80), False),
        (b"?", b"HTTP/1.1 200 O", (80, 50000), True),
        (b"?", b"?", (50000, 80), True),
        (b"?", b"?", (80, 50000), False),
        (b"?", b"?", (3000, 80), True),
        (b"?", b"?", (50000, 60000), False),
    ],
)
def test_words_count_before_ports(
    first: bytes, second: bytes, ports: tuple[int, int], client: bool
) -> None:
    assert first_is_client(first, second, *ports) is client
