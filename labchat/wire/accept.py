"""From Sec-WebSocket-Key to Sec-WebSocket-Accept, step by step: RFC 6455 §4.2.2."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha1

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""The fixed string that only a server which knows WebSocket appends (RFC 6455 §1.3)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step from key to accept value.

    Attributes:
        name: what is done.
        value: what comes out, as text (the SHA-1 in hexadecimal).
        data: the same as bytes.
    """

    name: str
    value: str
    data: bytes


def accept_key(key: str) -> str:
    """The Sec-WebSocket-Accept that answers ``key`` (RFC 6455 §4.2.2)."""
    return derivation(key)[-1].value


def derivation(key: str) -> tuple[Step, Step, Step, Step]:
    """From key to accept value, step by step: key, with the GUID, SHA-1, base64."""
    joined = key.strip() + GUID
    digest = sha1(joined.encode("utf-8"), usedforsecurity=False).digest()
    accept = b64encode(digest)
    return (
        Step("Sec-WebSocket-Key", key.strip(), key.strip().encode("utf-8")),
        Step("append the GUID", joined, joined.encode("utf-8")),
        Step("SHA-1", digest.hex(), digest),
        Step("base64", accept.decode("ascii"), accept),
    )
