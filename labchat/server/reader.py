"""Reading WebSocket frames (RFC 6455 §5, RFC 7692 §7.2.2): bytes in, messages out. Pure.

Fails as early as the bytes allow, as Autobahn's strict cases ask: UTF-8 is checked byte by byte as
it arrives, lengths before the payload is read, inflated size while inflating.
"""

from __future__ import annotations

import codecs
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from tornado.util import _websocket_mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.server.deflate import Inflater

FIN, RSV1, RSV, OPCODE, MASK = 0x80, 0x40, 0x70, 0x0F, 0x80
MAX_CONTROL = 125
EMPTY_BLOCK_TAIL = b"\x00\x00\xff\xff"
"""What a sender of permessage-deflate leaves out at the end of a message (RFC 7692 §7.2.1)."""


class Opcode(IntEnum):
    """RFC 6455 §5.2."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


TEXT, BINARY = int(Opcode.TEXT), int(Opcode.BINARY)
"""The same numbers; looking a member up costs as much as unmasking a short message."""


class Code(IntEnum):
    """Close codes this server sends (RFC 6455 §7.4.1, and IANA's registry for 1013)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    INVALID_DATA = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    TRY_AGAIN_LATER = 1013


class Fail(Exception):
    """_Fail the WebSocket Connection_ (RFC 6455 §7.1.7) with this code and reason."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Message(NamedTuple):
    """A whole message, or a control frame (never fragmented).

    Attributes:
        opcode: TEXT, BINARY, CLOSE, PING or PONG.
        data: the payload, unmasked and inflated. A text message's is valid UTF-8.
    """

    opcode: int
    data: bytes


class Reader:
    """Puts messages together from what arrives, in whatever pieces.

    Args:
        limit: bytes in one message, after inflating. Beyond: Fail 1009.
        inflater: what inflates compressed messages; None: permessage-deflate was not agreed to.
    """

    __slots__ = (
        "_body",
        "_buffer",
        "_frame",
        "_inflating",
        "_limit",
        "_opcode",
        "_utf8",
        "inflater",
    )

    def __init__(self, limit: int, inflater: Inflater | None = None) -> None:
        self.inflater = inflater
        self._limit = limit
        self._buffer = bytearray()
        self._frame: _Head | None = None
        self._opcode: int | None = None  # of the data message under way
        self._body = bytearray()
        self._inflating = False
        self._utf8: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> Iterator[Message]:
        """What these bytes complete, one by one. Raises Fail after what came before the fault."""
        self._buffer += data
        while (message := self._step()) is not _MORE:
            if message is not None:
                yield message

    def whole(self, data: bytes) -> bytes | None:
        """The payload of a message in one frame, alone in what arrived: nearly every message.

        None for all else, and for whatever is wrong: that is found, and named, by ``feed``.
        """
        if len(data) < 6 or data[0] not in _PLAIN or not data[1] & MASK:
            return None
        if self._buffer or self._frame is not None or self._opcode is not None:
            return None
        size, at = data[1] & 0x7F, 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        if len(data) != at + 4 + size or not _LEAST[at] <= size <= self._limit or data[1] == 0xFF:
            return None
        payload = unmask(data[at + 4 :], data[at : at + 4])
        return payload if data[0] == FIN | BINARY or _is_utf8(payload) else None

    def _step(self) -> Message | None:
        """Take one head or one piece of payload from the buffer, if there is enough of it."""
        if self._frame is None:
            self._frame = self._head()
            if self._frame is None:
                return _MORE
        frame = self._frame
        if frame.opcode & 0x8:
            return self._control(frame)
        return self._data(frame)

    def _head(self) -> _Head | None:
        """The frame's head, once it is all there; its first two bytes are judged before."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        self._judge(first, second)
        size = second & 0x7F
        at = 2
        if size == 126:
            at, size = 4, int.from_bytes(buffer[2:4], "big")
        elif size == 127:
            at, size = 10, int.from_bytes(buffer[2:10], "big")
        if len(buffer) < at:
            return None
        if size < _LEAST[at] or size >> 63:
            raise Fail(Code.PROTOCOL_ERROR, "the length is not in its shortest form")
        if not first & 0x8 and size + len(self._body) > self._limit:
            raise Fail(Code.TOO_BIG, f"a message may have {self._limit} bytes")
        if len(buffer) < at + 4:
            return None
        key = bytes(buffer[at : at + 4])
        del buffer[: at + 4]
        self._begin(first)
        return _Head(first & OPCODE, bool(first & FIN), key, size)

    def _judge(self, first: int, second: int) -> None:
        """The rules of §5.2, §5.4 and §5.5 that two bytes can break."""
        opcode = first & OPCODE
        rsv = first & RSV
        control = opcode & 0x8
        if not second & MASK:
            raise Fail(Code.PROTOCOL_ERROR, "a client masks its frames")
        if opcode not in _OPCODES:
            raise Fail(Code.PROTOCOL_ERROR, f"opcode {opcode} is reserved")
        if rsv and (rsv != RSV1 or self.inflater is None or control or not opcode):
            raise Fail(Code.PROTOCOL_ERROR, "a reserved bit is set")
        if control and not first & FIN:
            raise Fail(Code.PROTOCOL_ERROR, "a control frame is never fragmented")
        if control and second & 0x7F > MAX_CONTROL:
            raise Fail(Code.PROTOCOL_ERROR, "a control frame has at most 125 bytes")
        if opcode == Opcode.CONTINUATION and self._opcode is None:
            raise Fail(Code.PROTOCOL_ERROR, "there is nothing to continue")
        if opcode in _DATA and self._opcode is not None:
            raise Fail(Code.PROTOCOL_ERROR, "the message before is not finished")

    def _begin(self, first: int) -> None:
        """A data message starts here; control frames and continuations leave its state alone."""
        opcode = first & OPCODE
        if opcode not in _DATA:
            return
        self._opcode = opcode
        self._inflating = bool(first & RSV1)
        self._utf8 = _utf8_decoder() if opcode == Opcode.TEXT else None

    def _control(self, frame: _Head) -> Message | None:
        if len(self._buffer) < frame.left:
            return _MORE
        data = self._take(frame, frame.left)
        self._frame = None
        if frame.opcode == Opcode.CLOSE:
            check_close(data)
        return Message(frame.opcode, data)

    def _data(self, frame: _Head) -> Message | None:
        if frame.left:
            if not self._buffer:
                return _MORE
            self._accept(self._take(frame, min(frame.left, len(self._buffer))))
        if frame.left:
            return _MORE
        self._frame = None
        return self._finish() if frame.fin else None

    def _take(self, frame: _Head, size: int) -> bytes:
        """The next bytes of the payload, unmasked."""
        piece = unmask(bytes(self._buffer[:size]), frame.key)
        del self._buffer[:size]
        frame.advance(size)
        return piece

    def _accept(self, piece: bytes, *, last: bool = False) -> None:
        """Inflate, measure and check a piece of the message."""
        if self._inflating and self.inflater is not None:
            piece = self.inflater.inflate(piece, self._limit - len(self._body))
        if self._utf8 is not None:
            try:
                self._utf8.decode(piece, last)
            except UnicodeDecodeError:
                raise Fail(Code.INVALID_DATA, "the text is not UTF-8") from None
        self._body += piece

    def _finish(self) -> Message:
        self._accept(EMPTY_BLOCK_TAIL if self._inflating else b"", last=True)
        if self._inflating and self.inflater is not None:
            self.inflater.end(self._body)
        message = Message(self._opcode or 0, bytes(self._body))
        self._body = bytearray()
        self._opcode = None
        return message


class _Head:
    """The head of the frame under way, and how much of its payload is to come."""

    __slots__ = ("fin", "key", "left", "opcode")

    def __init__(self, opcode: int, fin: bool, key: bytes, left: int) -> None:
        self.opcode = opcode
        self.fin = fin
        self.key = key
        self.left = left

    def advance(self, size: int) -> None:
        """``size`` bytes were taken; the key is turned to go on where they ended."""
        self.left -= size
        turn = size % 4
        self.key = self.key[turn:] + self.key[:turn]


_MORE = Message(-1, b"")
"""What a step returns when it needs more bytes."""
_LEAST = {2: 0, 4: 126, 10: 1 << 16}
"""By where the head's length ends: the least length that may be written so (§5.2)."""
_PLAIN = frozenset({FIN | Opcode.TEXT, FIN | Opcode.BINARY})
_DATA = frozenset({Opcode.TEXT, Opcode.BINARY})
_OPCODES = frozenset(Opcode)
_utf8_decoder = codecs.getincrementaldecoder("utf-8")


def unmask(data: bytes, key: bytes) -> bytes:
    """XOR with the key, repeated (§5.3); by Tornado's function, which is in C where it can be."""
    return _websocket_mask(key, data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def check_close(data: bytes) -> None:
    """A close frame's body: nothing, or a code that may be sent and UTF-8 (§5.5.1, §7.4)."""
    if not data:
        return
    if len(data) == 1:
        raise Fail(Code.PROTOCOL_ERROR, "a close code has two bytes")
    code = int.from_bytes(data[:2], "big")
    if not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise Fail(Code.PROTOCOL_ERROR, f"{code} is no code to close with")
    try:
        data[2:].decode()
    except UnicodeDecodeError:
        raise Fail(Code.INVALID_DATA, "the reason is not UTF-8") from None
