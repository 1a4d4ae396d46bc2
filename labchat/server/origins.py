"""Which web pages may reach this server (RFC 6455 §10.2). Pure.

Any page in a browser may open a WebSocket to a loopback port, and post to it; no CORS preflight
asks first. So every request with an ``Origin`` is held against the server's own origin and the
allowed ones. A request without one comes from no page, and passes.

A page may also point a name of its own at 127.0.0.1 and then *is* same-origin (DNS rebinding):
so on loopback, in open mode, the ``Host`` must be a loopback name too, or that of an allowed
origin.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from labchat.server.settings import Auth, Settings, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY = "any"


def objection(headers: Mapping[str, str], settings: Settings) -> str | None:
    """Why a request is refused for where it comes from, as a sentence; None if it is not."""
    if ANY in settings.origins:
        return None
    host = headers.get("Host", "").lower()
    if settings.auth is Auth.OFF and not _known(host, settings):
        return (
            f"This server answers to loopback names only, not to {host!r}. Behind a proxy, start "
            f"it with the origin that browsers see: --origin https://{host or 'HOST'}"
        )
    origin = headers.get("Origin")
    if origin is None or origin in settings.origins or _own(origin, host):
        return None
    return f"Pages from {origin!r} may not use this server, unless it runs with --origin {origin}"


def shared(origin: str | None, settings: Settings) -> bool:
    """Whether a page of this origin may read what the API answers (CORS)."""
    return origin is not None and (origin in settings.origins or ANY in settings.origins)


def _own(origin: str, host: str) -> bool:
    """Whether the page came from this server; the scheme may differ behind a proxy."""
    return urlsplit(origin).netloc.lower() == host


def _known(host: str, settings: Settings) -> bool:
    return _loopback(host) or any(urlsplit(o).netloc.lower() == host for o in settings.origins)


@lru_cache(64)
def _loopback(host: str) -> bool:
    """Whether a Host names this machine; nearly all requests name the same."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
