"""The examples printed in RFC 6455 and RFC 7692, through a whole capture."""

from __future__ import annotations

import pytest

from labchat.capture.capture import Capture
from labchat.capture.model import Chunk
from labchat.capture.plain import plain
from labchat.wire import handshake
from labchat.wire.fields import Direction

C, S = Direction.C2S, Direction.S2C


def opened(extensions: str = "") -> tuple[Capture, int, int]:
    """The opening handshake of RFC 6455 §1.2 and §1.3; the capture and both offsets."""
    asked = (
        "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Origin: http://example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\n"
        f"Sec-WebSocket-Version: 13\r\n{extensions}\r\n"
    ).encode()
    answered = (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n"
        f"{extensions}\r\n"
    ).encode()
    capture = Capture()
    capture.open(0, client="127.0.0.1:50001", server="127.0.0.1:80")
    capture.append(1, Chunk(1, C, 0, asked))
    capture.append(1, Chunk(2, S, 0, answered))
    return capture, len(asked), len(answered)


def test_the_accept_key() -> None:
    assert handshake.accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert handshake.accept_key("x3JJHMbDL1EzLkh9GBhXDw==") == "HSmrc0sMlYUkAGmm5OPpG2HaGWk="
    capture, _, _ = opened()
    assert [row.kind.value for row in capture.rows()] == ["request", "response"]
    assert not [row for row in capture.rows() if row.violations]


@pytest.mark.parametrize(
    ("way", "data", "opcode", "text"),
    [
        (S, "81 05 48 65 6c 6c 6f", 1, "Hello"),
        (C, "81 85 37 fa 21 3d 7f 9f 4d 51 58", 1, "Hello"),
        (S, "89 05 48 65 6c 6c 6f", 9, None),
        (C, "8a 85 37 fa 21 3d 7f 9f 4d 51 58", 10, None),
    ],
)
def test_single_frames(way: Direction, data: str, opcode: int, text: str | None) -> None:
    """RFC 6455 §5.7."""
    capture, *offsets = opened()
    raw = bytes.fromhex(data)
    capture.append(1, Chunk(3, way, offsets[way is S], raw))
    made = plain(capture.unit(3))
    assert (made["opcode"], made["text"]) == (opcode, text)
    assert bytes.fromhex(made["payload"]) == b"Hello"
    assert made["violations"] == []


def test_a_fragmented_text() -> None:
    """RFC 6455 §5.7."""
    capture, _, offset = opened()
    capture.append(1, Chunk(3, S, offset, bytes.fromhex("01 03 48 65 6c 80 02 6c 6f")))
    assert [plain(capture.unit(n))["text"] for n in (3, 4)] == [None, "Hello"]


@pytest.mark.parametrize(
    ("head", "size"), [("82 7E 0100", 256), ("82 7F 0000000000010000", 65_536)]
)
def test_the_longer_lengths(head: str, size: int) -> None:
    """RFC 6455 §5.7."""
    capture, _, offset = opened()
    capture.append(1, Chunk(3, S, offset, bytes.fromhex(head) + bytes(size)))
    assert plain(capture.unit(3))["payload_length"] == size


@pytest.mark.parametrize(
    "data",
    [
        ["c1 07 f2 48 cd c9 c9 07 00"],
        ["41 03 f2 48 cd", "80 04 c9 c9 07 00"],
        ["c1 07 f2 48 cd c9 c9 07 00", "c1 05 f2 00 11 00 00"],
        ["c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00"],
        ["c1 08 f3 48 cd c9 c9 07 00 00"],
        ["c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00"],
    ],
    ids=["one block", "fragments", "sliding window", "no compression", "BFINAL", "two blocks"],
)
def test_compressed_texts(data: list[str]) -> None:
    """RFC 7692 §7.2.3.1 to §7.2.3.5."""
    capture, _, offset = opened("Sec-WebSocket-Extensions: permessage-deflate\r\n")
    capture.append(1, Chunk(3, S, offset, b"".join(map(bytes.fromhex, data))))
    texts = [plain(capture.unit(row.n))["text"] for row in capture.rows(3)]
    assert {text for text in texts if text} == {"Hello"}
    assert not [row for row in capture.rows(3) if row.violations]
