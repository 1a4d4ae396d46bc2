"""Writing WebSocket frames: the server's half, unmasked (RFC 6455 §5.1), encoded once for all."""

from __future__ import annotations

import zlib

from labchat.server.reader import EMPTY_BLOCK_TAIL, FIN, RSV1, TEXT, Opcode


def frame(opcode: int, payload: bytes, *, compressed: bool = False) -> bytes:
    """One whole frame."""
    first = FIN | RSV1 | opcode if compressed else FIN | opcode
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size <= 0xFFFF:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def close_frame(code: int | None, reason: str = "") -> bytes:
    """A close frame; the reason is cut to what a control frame holds, at a character."""
    if code is None:
        return frame(Opcode.CLOSE, b"")
    text = reason.encode()[:123].decode(errors="ignore").encode()
    return frame(Opcode.CLOSE, code.to_bytes(2, "big") + text)


class Outgoing:
    """A message on its way to one or many: framed once, deflated once per window size.

    That it can be shared is why the server always agrees to ``server_no_context_takeover``: each
    message is then compressed by itself and is the same for everybody.
    """

    __slots__ = ("_deflated", "opcode", "payload", "plain")

    def __init__(self, payload: bytes, opcode: int = TEXT) -> None:
        self.payload = payload
        self.opcode = opcode
        self.plain = frame(opcode, payload)
        self._deflated: dict[int, bytes] | None = None

    def encoded(self, window_bits: int | None) -> bytes:
        """The frame for a connection with this window, or without permessage-deflate."""
        if window_bits is None:
            return self.plain
        if self._deflated is None:
            self._deflated = {}
        if window_bits not in self._deflated:
            data = _deflate(self.payload, window_bits)
            self._deflated[window_bits] = frame(self.opcode, data, compressed=True)
        return self._deflated[window_bits]


class _Joint(Outgoing):
    """Several messages, one after the other, in one write."""

    __slots__ = ("_parts",)

    def __init__(self, parts: list[Outgoing]) -> None:
        self._parts = parts
        self.plain = b"".join(part.plain for part in parts)

    def encoded(self, window_bits: int | None) -> bytes:
        """The frames for a connection with this window, or without permessage-deflate."""
        if window_bits is None:
            return self.plain
        return b"".join(part.encoded(window_bits) for part in self._parts)


def joint(messages: list[Outgoing]) -> Outgoing:
    """These messages as one."""
    return messages[0] if len(messages) == 1 else _Joint(messages)


def _deflate(data: bytes, window_bits: int) -> bytes:
    stream = zlib.compressobj(6, zlib.DEFLATED, -window_bits, 8)
    return (stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)).removesuffix(EMPTY_BLOCK_TAIL)
