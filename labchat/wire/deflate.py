"""permessage-deflate: RFC 7692. What was agreed, and the inflating of messages, bounded."""

from __future__ import annotations

import zlib
from collections import deque
from dataclasses import dataclass

TAIL = b"\x00\x00\xff\xff"
"""What the sender cut off each message and the receiver puts back (RFC 7692 §7.2.2)."""

MAX_MESSAGE = 32 << 20
"""Bytes of one inflated message at most; a longer one is not shown (a zip bomb grows 1000-fold)."""

INVALID = "not valid DEFLATE data"
"""How a problem starts that the sender is to blame for."""

_WINDOW = 1 << 15


@dataclass(frozen=True, slots=True)
class Parameters:
    """permessage-deflate as the server's response agreed it (RFC 7692 §7.1).

    Attributes:
        server_no_context_takeover: the server starts each message with an empty window.
        client_no_context_takeover: the client does.
        server_max_window_bits: log2 of the server's LZ77 window, 8 to 15.
        client_max_window_bits: log2 of the client's.
    """

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = 15
    client_max_window_bits: int = 15


@dataclass(frozen=True, slots=True)
class Inflated:
    """What one message was before compression.

    Attributes:
        payload: the bytes, or what came out before ``problem``.
        problem: why the bytes are not whole, in a sentence, or None.
    """

    payload: bytes
    problem: str | None = None


class Inflater:
    """Inflates the messages of one direction, in order.

    Attributes:
        takeover: the window lives on from message to message.
        wbits: log2 of the window, 8 to 15.
        known: the window's content is known; False after a message that could not be inflated,
            and for a capture that began in mid-stream.
    """

    __slots__ = ("_held", "_recent", "_stream", "begins_known", "known", "takeover", "wbits")

    def __init__(self, *, takeover: bool = True, wbits: int = 15, known: bool = True) -> None:
        self.takeover = takeover
        self.wbits = wbits
        self.known = self.begins_known = known
        self._recent: deque[bytes] = deque()
        self._held = 0
        self._stream = self._fresh(b"")

    def fresh(self) -> Inflater:
        """Another one with the same parameters, that has read nothing yet."""
        return Inflater(takeover=self.takeover, wbits=self.wbits, known=self.begins_known)

    def window(self) -> bytes:
        """The last bytes inflated (32 KiB at most): enough to go on from here later."""
        return b"".join(self._recent)[-_WINDOW:]

    def resume(self, window: bytes, *, known: bool) -> None:
        """Go on as after a message that left ``window``."""
        self.known = known
        self._recent.clear()
        self._held = 0
        self._remember(window)
        self._stream = self._fresh(window)

    def inflate(self, data: bytes, limit: int = MAX_MESSAGE) -> Inflated:
        """The message whose unmasked, joined payload is ``data``; never more than ``limit``."""
        if not self.takeover:
            self._stream = self._fresh(b"")
        try:
            payload = self._stream.decompress(data + TAIL, limit + 1)
            if self._stream.eof:
                payload = self._after_final_block(payload, limit + 1)
        except zlib.error as error:
            return self._give_up(b"", _explain(error, known=self.known))
        if len(payload) > limit:
            return self._give_up(payload[:limit], f"inflates to more than {limit} bytes")
        if self.takeover:
            self._remember(payload)
        return Inflated(payload)

    def peek(self, data: bytes, limit: int = MAX_MESSAGE) -> bytes:
        """What the first bytes of an unfinished message inflate to; the window stays."""
        stream = self._stream.copy() if self.takeover else self._fresh(b"")
        try:
            return stream.decompress(data, limit)
        except zlib.error:
            return b""

    def _fresh(self, window: bytes) -> zlib._Decompress:
        # zlib deflates with 9 bits when asked for 8 (and says 8), so that 8 must be read as 9.
        return zlib.decompressobj(-max(self.wbits, 9), zdict=window)

    def _after_final_block(self, payload: bytes, limit: int) -> bytes:
        """A block with BFINAL set ends zlib's stream, not the message (RFC 7692 §7.2.3.4)."""
        while self._stream.eof and len(payload) < limit:
            rest = self._stream.unused_data
            self._stream = self._fresh((self.window() + payload)[-_WINDOW:])
            if rest in (TAIL, b"\x00" + TAIL):
                break
            payload += self._stream.decompress(rest, limit - len(payload))
        return payload

    def _remember(self, payload: bytes) -> None:
        if payload:
            self._recent.append(payload[-_WINDOW:])
            self._held += len(self._recent[-1])
            while self._held - len(self._recent[0]) >= _WINDOW:
                self._held -= len(self._recent.popleft())

    def _give_up(self, payload: bytes, problem: str) -> Inflated:
        if self.takeover:
            self.resume(b"", known=False)
        return Inflated(payload, problem)


def _explain(error: zlib.error, *, known: bool) -> str:
    if known:
        return f"{INVALID}: " + str(error).rpartition(": ")[2]
    return "not to be read: it may need earlier messages that this capture does not hold"
