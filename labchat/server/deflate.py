"""permessage-deflate (RFC 7692 §7): which offer is taken, with what answer, and inflating."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from labchat.server.reader import Code, Fail

_OFFER = re.compile(r'\s*([\w-]+)\s*(?:=\s*"?([^";,\s]*)"?\s*)?')
_FLAGS = frozenset({"server_no_context_takeover", "client_no_context_takeover"})
_BITS = frozenset({"server_max_window_bits", "client_max_window_bits"})


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both ends go by.

    Attributes:
        server_bits, client_bits: LZ77 window of each sender, 9 to 15 for ours (zlib has no 8).
        client_takeover: whether the client keeps its window from message to message.
        client_bits_asked: the answer names the client's window, since the offer gave it a value.
    """

    server_bits: int = 15
    client_bits: int = 15
    client_takeover: bool = True
    client_bits_asked: bool = False

    def answer(self) -> str:
        """The value of the response's Sec-WebSocket-Extensions.

        It always has ``server_no_context_takeover``, which a server may add by itself
        (§7.1.1.1): a message compressed by itself is the same for every receiver.
        """
        parts = ["permessage-deflate", "server_no_context_takeover"]
        if not self.client_takeover:
            parts.append("client_no_context_takeover")
        if self.server_bits != 15:
            parts.append(f"server_max_window_bits={self.server_bits}")
        if self.client_bits_asked:
            parts.append(f"client_max_window_bits={self.client_bits}")
        return "; ".join(parts)


def agree(header: str) -> Agreed | None:
    """The first offer that can be met, as §5 of RFC 7692 asks; a bad offer is passed over."""
    for offer in header.split(","):
        name, *parameters = offer.split(";")
        if name.strip() == "permessage-deflate":
            agreed = _meet(parameters)
            if agreed is not None:
                return agreed
    return None


def _meet(parameters: list[str]) -> Agreed | None:
    given: dict[str, str | None] = {}
    for parameter in parameters:
        match = _OFFER.fullmatch(parameter)
        if match is None or match[1] in given or not _sound(match[1], match[2]):
            return None
        given[match[1]] = match[2]
    client_bits = given.get("client_max_window_bits")
    return Agreed(
        server_bits=int(given.get("server_max_window_bits") or 15),
        client_bits=int(client_bits or 15),
        client_takeover="client_no_context_takeover" not in given,
        client_bits_asked=client_bits is not None,
    )


def _sound(name: str, value: str | None) -> bool:
    """Whether a parameter is one of §7.1's with a value that it may have, and that zlib has."""
    if name in _FLAGS:
        return value is None
    if name not in _BITS:
        return False
    if value is None:
        return name == "client_max_window_bits"
    low = 9 if name == "server_max_window_bits" else 8
    return value.isascii() and value.isdecimal() and value[0] != "0" and low <= int(value) <= 15


class Inflater:
    """The receiving half of permessage-deflate (RFC 7692 §7.2.2).

    Args:
        window_bits: LZ77 window of the sender, 8 to 15.
        takeover: whether the window is kept from message to message.
    """

    __slots__ = ("_stream", "_takeover", "_window_bits")

    def __init__(self, window_bits: int, *, takeover: bool) -> None:
        self._window_bits = window_bits
        self._takeover = takeover
        self._stream = zlib.decompressobj(-window_bits)

    def inflate(self, data: bytes, limit: int) -> bytes:
        """Inflate a piece to at most ``limit`` bytes. Raises Fail 1009 beyond, 1007 on nonsense."""
        try:
            piece = self._stream.decompress(data, limit + 1)
        except zlib.error as error:
            raise Fail(Code.INVALID_DATA, "the message does not inflate") from error
        if len(piece) > limit:
            raise Fail(Code.TOO_BIG, "the message is too big once inflated")
        return piece

    def end(self, body: bytearray) -> None:
        """The message is whole: start afresh, or go on with its end as the window.

        A message may end in a final block (RFC 7692 §7.2.3.4), after which zlib's stream is over.
        """
        if not self._takeover:
            self._stream = zlib.decompressobj(-self._window_bits)
        elif self._stream.eof:
            window = bytes(body[-(1 << self._window_bits) :])
            self._stream = zlib.decompressobj(-self._window_bits, zdict=window)
