"""What can be set about a client, and where its server is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from labchat.chat.backoff import DEFAULT, Policy
from labchat.errors import SettingsError

if TYPE_CHECKING:
    import ssl

_SECURE = {"ws": False, "http": False, "wss": True, "https": True}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a client holds at once.

    Attributes:
        text: characters of one post.
        outbox: posts on their way.
        bubbles: posts remembered; the oldest are forgotten first.
        message: bytes of one message from the server; more closes with 1009.
        answer: bytes of one answer to a POST or GET; a longer one is not read to its end.
        peers: users remembered; who was met first is forgotten first.
        queue: messages read from the socket and not yet handled; then reading stops and TCP
            holds the server back.
    """

    text: int = 65_536
    outbox: int = 1_000
    bubbles: int = 10_000
    message: int = 1 << 20
    answer: int = 32 << 20
    peers: int = 10_000
    queue: int = 16


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How a dead connection is found out: a ping each ``interval``, a pong within ``timeout``.

    Both in seconds. A half-open TCP connection says nothing, so silence is the only sign.
    """

    interval: float = 20.0
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How a client connects.

    Attributes:
        policy: when to try again.
        heartbeat: how to find a dead connection out, or None.
        compression: offer permessage-deflate (RFC 7692).
        token: sent as Bearer on both paths, if given.
        origin: the Origin header of the handshake; a client that is no browser has none.
        since: the ``lastSeq`` of the first registration; 0 asks for everything, None for nothing.
        open_timeout: seconds for TCP and handshake, and again for the answer to ``register``.
        close_timeout: seconds to wait for the peer's close frame.
        rest_timeout: seconds for one POST or GET.
        stable: seconds a connection must have stood before its loss counts as a first one.
        typing_every: seconds between two typing events to the same user.
        ssl: TLS context for ``wss``; None takes the system's.
        limits: how much is held at once.
    """

    policy: Policy = DEFAULT
    heartbeat: Heartbeat | None = field(default_factory=Heartbeat)
    compression: bool = False
    token: str | None = None
    origin: str | None = None
    since: int | None = None
    open_timeout: float = 10.0
    close_timeout: float = 2.0
    rest_timeout: float = 10.0
    stable: float = 5.0
    typing_every: float = 1.0
    ssl: ssl.SSLContext | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Address:
    """The two faces of one server.

    Attributes:
        websocket: where the handshake goes.
        rest: what ``api/messages`` is relative to; ends with a slash.
    """

    websocket: str
    rest: str

    @classmethod
    def of(cls, url: str) -> Address:
        """From ``ws://host:port/`` or ``http://host:port/``, with or without a path prefix.

        Raises:
            SettingsError: another scheme, or no host.
        """
        parts = urlsplit(url)
        if parts.scheme not in _SECURE or not parts.hostname:
            raise SettingsError(f"not a server's address: {url!r}; want ws://HOST:PORT/ or http://")
        secure = "s" if _SECURE[parts.scheme] else ""
        path = parts.path if parts.path.endswith("/") else parts.path + "/"
        rest_path = path.removesuffix("ws/") if path.endswith("/ws/") else path
        return cls(
            websocket=urlunsplit(("ws" + secure, parts.netloc, parts.path or "/", "", "")),
            rest=urlunsplit(("http" + secure, parts.netloc, rest_path, "", "")),
        )
