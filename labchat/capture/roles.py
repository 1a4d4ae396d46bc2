"""Who is the client of a connection whose beginning was not captured.

PURE. The first bytes of each side say more than the ports do; the ports say more than nothing.
"""

from __future__ import annotations

import re

SAMPLE = 16
"""How many bytes of each side are looked at."""

_REQUEST = re.compile(rb"[A-Z]{3,12} [/*hHa-z]")
_EPHEMERAL = 32_768


def first_is_client(first: bytes, second: bytes, first_port: int, second_port: int) -> bool:
    """Whether the side that spoke first is the client.

    Args:
        first: the first bytes of the side that was seen first.
        second: the first bytes of the other side; may be empty.
        first_port: the port of the side that was seen first.
        second_port: the other's.
    """
    said = looks_like_client(first)
    if said is not None:
        return said
    said = looks_like_client(second)
    if said is not None:
        return not said
    if (first_port < _EPHEMERAL) != (second_port < _EPHEMERAL):
        return first_port >= _EPHEMERAL
    return first_port >= second_port


def looks_like_client(sample: bytes) -> bool | None:
    """True for what only clients send, False for what only servers send, else None."""
    if sample.startswith(b"HTTP/"):
        return False
    if _REQUEST.match(sample):
        return True
    if len(sample) > 5 and sample[0] == 22 and sample[1] == 3:
        return {1: True, 2: False}.get(sample[5])
    return _masked(sample)


def _masked(sample: bytes) -> bool | None:
    """Whether ``sample`` begins like a masked WebSocket frame; None if like no frame at all."""
    if len(sample) < 2 or sample[0] & 0x30 or sample[0] & 0x0F not in (0, 1, 2, 8, 9, 10):
        return None
    return bool(sample[1] & 0x80)
