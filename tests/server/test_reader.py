"""The frame reader, without a socket: each vector is read whole and byte by byte."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labchat.server.deflate import Inflater
from labchat.server.reader import Code, Fail, Message, Opcode, Reader, unmask
from labchat.server.writer import Outgoing, close_frame, frame

KEY = bytes.fromhex("37fa213d")


def masked(first, payload, key=KEY):
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size <= 0xFFFF:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + key + unmask(payload, key)


def deflated(data):
    stream = zlib.compressobj(wbits=-15)
    return (stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]


def read(data, *, step=None, limit=1000, inflater=None):
    """All messages, and the code of the failure, if it fails."""
    reader = Reader(limit, inflater)
    got = []
    pieces = [data[at : at + step] for at in range(0, len(data), step)] if step else [data]
    try:
        for piece in pieces:
            for message in reader.feed(piece):
                got.append((message.opcode, message.data))  # noqa: PERF401 - kept when it fails
    except Fail as fail:
        return got, fail.code
    return got, None


SOUND = {
    "a text": (masked(0x81, b"Hello"), [(1, b"Hello")]),
    "an empty text": (masked(0x81, b""), [(1, b"")]),
    "a binary": (masked(0x82, bytes(range(256))), [(2, bytes(range(256)))]),
    "in fragments": (
        masked(0x01, b"Hel") + masked(0x00, b"") + masked(0x80, b"lo"),
        [(1, b"Hello")],
    ),
    "a ping between fragments": (
        masked(0x01, b"Hel") + masked(0x89, b"?") + masked(0x80, b"lo"),
        [(9, b"?"), (1, b"Hello")],
    ),
    "a character over two fragments": (
        masked(0x01, "é".encode()[:1]) + masked(0x80, "é".encode()[1:]),
        [(1, "é".encode())],
    ),
    "a pong": (masked(0x8A, b""), [(10, b"")]),
    "a close without a code": (masked(0x88, b""), [(8, b"")]),
    "a close with a reason": (masked(0x88, b"\x03\xe8bye"), [(8, b"\x03\xe8bye")]),
    "a close for an application": (masked(0x88, b"\x0f\xa0"), [(8, b"\x0f\xa0")]),
}

BROKEN = {
    "unmasked": (b"\x81\x05Hello", Code.PROTOCOL_ERROR),
    "RSV1 without an extension": (masked(0xC1, b"Hello"), Code.PROTOCOL_ERROR),
    "RSV2": (masked(0xA1, b"Hello"), Code.PROTOCOL_ERROR),
    "a reserved opcode": (masked(0x83, b""), Code.PROTOCOL_ERROR),
    "a reserved control opcode": (masked(0x8B, b""), Code.PROTOCOL_ERROR),
    "a fragmented ping": (masked(0x09, b""), Code.PROTOCOL_ERROR),
    "a long ping": (masked(0x89, b"x" * 126), Code.PROTOCOL_ERROR),
    "nothing to continue": (masked(0x80, b"x"), Code.PROTOCOL_ERROR),
    "a new message too soon": (masked(0x01, b"x") + masked(0x81, b"y"), Code.PROTOCOL_ERROR),
    "not UTF-8": (masked(0x81, b"\xce\xba\xff"), Code.INVALID_DATA),
    "half a character": (masked(0x81, b"\xce"), Code.INVALID_DATA),
    "a surrogate": (masked(0x81, b"\xed\xa0\x80"), Code.INVALID_DATA),
    "too big": (masked(0x82, b"x" * 1001), Code.TOO_BIG),
    "too big in pieces": (masked(0x02, b"x" * 600) + masked(0x80, b"x" * 600), Code.TOO_BIG),
    "a length of 5 in 16 bits": (b"\x81\xfe\x00\x05" + KEY + bytes(5), Code.PROTOCOL_ERROR),
    "a length of 119 in 64 bits": (
        b"\x82\xff" + (119).to_bytes(8, "big") + KEY + bytes(119),
        Code.PROTOCOL_ERROR,
    ),
    "a length with the highest bit": (b"\x82\xff\x80" + bytes(7) + KEY, Code.PROTOCOL_ERROR),
    "a 1-byte close": (masked(0x88, b"\x03"), Code.PROTOCOL_ERROR),
    "a close reason that is not UTF-8": (masked(0x88, b"\x03\xe8\xff"), Code.INVALID_DATA),
}


@pytest.mark.parametrize("step", [None, 1, 3])
@pytest.mark.parametrize(("data", "messages"), SOUND.values(), ids=SOUND)
def test_what_is_sound(data, messages, step):
    assert read(data, step=step) == (messages, None)


@pytest.mark.parametrize("step", [None, 1])
@pytest.mark.parametrize(("data", "code"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken(data, code, step):
    before = masked(0x81, b"before")
    assert read(before + data, step=step) == ([(1, b"before")], code)
    assert read(data, step=step) == ([], code)


@pytest.mark.parametrize(
    "code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]
)
def test_codes_that_are_never_sent(code):
    assert read(masked(0x88, code.to_bytes(2, "big"))) == ([], Code.PROTOCOL_ERROR)


def test_it_fails_as_soon_as_the_bytes_allow():
    head = masked(0x01, b"x" * 100)[:6]
    assert read(head + unmask(b"ok\xff", KEY))[1] is Code.INVALID_DATA
    assert read(b"\x82\xff" + (1 << 62).to_bytes(8, "big"))[1] is Code.TOO_BIG
    assert read(b"\x81\x05")[1] is Code.PROTOCOL_ERROR


def compressed(data, opcode=0x41):
    """A compressed message in two fragments, with a ping between them."""
    body = deflated(data)
    return masked(opcode, body[:3]) + masked(0x89, b"?") + masked(0x80, body[3:])


@pytest.mark.parametrize("step", [None, 1])
def test_a_ping_inside_a_compressed_message_changes_nothing(step):
    inflater = Inflater(15, takeover=True)
    got = read(compressed(b"Hello Hello Hello", 0x42), step=step, inflater=inflater)
    assert got == ([(9, b"?"), (2, b"Hello Hello Hello")], None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (masked(0xC9, b""), Code.PROTOCOL_ERROR),
        (masked(0x41, b"x") + masked(0xC0, b"x"), Code.PROTOCOL_ERROR),
        (masked(0xC1, b"\xff\xff\xff"), Code.INVALID_DATA),
        (masked(0xC1, deflated(b"\xff\xfe")), Code.INVALID_DATA),
        (masked(0xC2, deflated(b"x" * 1001)), Code.TOO_BIG),
        (masked(0xC2, deflated(bytes(10_000_000))[:990]), Code.TOO_BIG),
    ],
    ids=["RSV1 on a ping", "RSV1 on a continuation", "no deflate", "no UTF-8", "too big", "a bomb"],
)
def test_what_is_broken_in_compression(data, code):
    assert read(data, inflater=Inflater(15, takeover=True))[1] is code


def test_the_window_is_kept_or_not():
    stream = zlib.compressobj(wbits=-15)
    first, second = (
        (stream.compress(b"Hello Hello") + stream.flush(zlib.Z_SYNC_FLUSH))[:-4] for _ in "12"
    )
    data = masked(0xC1, first) + masked(0xC1, second)
    assert len(second) < len(first)
    assert read(data, inflater=Inflater(15, takeover=True))[0] == [(1, b"Hello Hello")] * 2
    assert read(data, inflater=Inflater(15, takeover=False))[1] is Code.INVALID_DATA


def test_a_final_block_does_not_end_the_connection():
    stream = zlib.compressobj(wbits=-15)
    final = stream.compress(b"Hello") + stream.flush(zlib.Z_FINISH) + b"\x00"
    for takeover in (True, False):
        inflater = Inflater(15, takeover=takeover)
        data = masked(0xC1, final) + masked(0xC1, deflated(b"again"))
        assert read(data, inflater=inflater)[0] == [(1, b"Hello"), (1, b"again")]


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_chunking_gives_the_same(data, step):
    assert read(data, step=step) == read(data)


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_unmasking_twice_gives_the_payload(data, key):
    assert unmask(unmask(data, key), key) == data
    assert unmask(data, key) == bytes(byte ^ key[at % 4] for at, byte in enumerate(data))


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_frames_are_written_in_the_shortest_form(size):
    payload = b"x" * size
    assert frame(Opcode.BINARY, payload).endswith(payload)
    assert (
        len(frame(Opcode.BINARY, payload))
        == size + {0: 2, 125: 2, 126: 4, 65535: 4, 65536: 10}[size]
    )


def test_a_reason_is_cut_at_a_character():
    assert close_frame(None) == b"\x88\x00"
    cut = close_frame(1000, "é" * 100)
    assert len(cut) == 126
    assert cut[4:].decode() == "é" * 61


def test_a_message_is_deflated_once_per_window():
    message = Outgoing(b"Hello Hello Hello")
    assert message.encoded(None) == b"\x81\x11Hello Hello Hello"
    assert message.encoded(15) is message.encoded(15)
    data = message.encoded(15)
    assert data[0] == 0xC1
    inflated = Inflater(15, takeover=False).inflate(data[2:] + b"\x00\x00\xff\xff", 100)
    assert inflated == b"Hello Hello Hello"


def test_messages_come_one_by_one():
    reader = Reader(100)
    feed = reader.feed(masked(0x81, b"one") + masked(0x81, b"two"))
    assert next(feed) == Message(1, b"one")
    assert [message.data for message in reader.feed(b"")] == [b"two"]
