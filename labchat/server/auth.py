"""Users and their tokens: how a token is made, kept, sent and recognised.

A token is 32 random bytes, so its SHA-256 is all that need be kept: nothing can be guessed from
it, and no slow hash is needed as for passwords that people choose.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from labchat.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labchat.server.store import Store

SUBPROTOCOL = "labchat"
"""The WebSocket subprotocol that is chosen when a token is offered in one."""
_OFFER = "labchat.token."


class Unknown(Refused):
    """No token, or one that nobody has."""


class NotYours(Refused):
    """The token is somebody else's."""


def new_token() -> str:
    """A fresh token, fit for a header and for a subprotocol."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def identify(store: Store, token: str | None) -> str:
    """Whose token this is. Raises Unknown."""
    if not token:
        raise Unknown("This server wants a token; see `labchat user add`.")
    known = await store.token(digest(token))
    if known is None or not hmac.compare_digest(known.digest, digest(token)):
        raise Unknown("This token is not known.")
    return known.user


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token of an ``Authorization: Bearer`` field (RFC 6750 §2.1), if there is one."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def offered(subprotocols: list[str]) -> str | None:
    """The token among the offered subprotocols: ``labchat.token.<token>``, beside ``labchat``.

    Browsers cannot set headers on a WebSocket, and a token in a URL ends in logs.
    """
    for name in subprotocols:
        if name.startswith(_OFFER):
            return name.removeprefix(_OFFER)
    return None
