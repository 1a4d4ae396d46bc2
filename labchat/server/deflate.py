"""Agreeing to permessage-deflate (RFC 7692 §7): which offer is taken, and with what answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
