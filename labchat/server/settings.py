"""What a server can be told, each setting with its meaning; no setting lives anywhere else."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labchat.chat.rooms import Routing
from labchat.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Delivery(StrEnum):
    """When a message that came by WebSocket goes out to others."""

    RELAY_FIRST = "relay-first"
    """At once, before it is stored, as in the text: fast, and gone if the store then fails."""
    COMMIT_FIRST = "commit-first"
    """After the commit: what others see is stored, and carries its ``seq``."""


class PostPolicy(StrEnum):
    """What ``POST /api/messages`` does."""

    STORES = "stores"
    """Only that, as in the text: others see the message when they poll."""
    RELAYS = "relays"
    """It stores, and sends the message to those who are connected."""


class Ids(StrEnum):
    """Who names a message."""

    CLIENT = "client"
    """The client may; one id names the message on both paths, and a retry does not double it."""
    SERVER = "server"
    """The server always does, as the text's POST: a retry makes a second message."""


class Auth(StrEnum):
    """Who may speak."""

    OFF = "off"
    """Anybody, as anybody."""
    TOKEN = "token"  # noqa: S105 - the name of a mode
    """Who has a user's token, and only as that user."""


class Synchronous(StrEnum):
    """When SQLite waits for the disk (``PRAGMA synchronous``)."""

    FULL = "FULL"
    """At every commit: what was acknowledged survives a power cut."""
    NORMAL = "NORMAL"
    """At checkpoints: it survives the death of the process, not always that of the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of everything; each limit names what happens beyond it.

    Attributes:
        text: characters in a message text. Beyond: ``too-long`` error, or 413.
        frame: bytes in a WebSocket message of the chat, after inflating. Beyond: close 1009.
        echo: the same at ``/echo``.
        body: bytes in a request body. Beyond: 413.
        headers: bytes in a request head. Beyond: 431; of a head four times as long no more is
            read, and the connection is cut without an answer.
        header_seconds: how long a request head may take, and a connection may idle. Beyond: closed.
        body_seconds: how long a request body may take. Beyond: closed.
        posts_per_second: per user, with a burst of twice as many; 0: no limit.
            Beyond: ``rate-limited`` error, or 429 with Retry-After.
        per_user: WebSocket connections of one user. Beyond: close 1013.
        connections: WebSocket connections in all. Beyond: 503 with Retry-After.
        queue: bytes waiting for a slow consumer. Beyond half of it typing and presence are left
            out; beyond all of it: close 1013.
        unstored: posts waiting for the disk. Beyond: ``unavailable`` error, or 503.
        pending: posts of one connection waiting for the disk. Beyond: it is not read from.
        page: messages in one page of history.
        wait: longest long poll, in seconds.
    """

    text: int = 10_000
    frame: int = 64 * 1024
    echo: int = 32 * 1024 * 1024
    body: int = 64 * 1024
    headers: int = 16 * 1024
    header_seconds: float = 15.0
    body_seconds: float = 15.0
    posts_per_second: float = 0.0
    per_user: int = 32
    connections: int = 10_000
    queue: int = 1024 * 1024
    unstored: int = 10_000
    pending: int = 64
    page: int = 500
    wait: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one server. The defaults follow the text, on loopback.

    Attributes:
        host: address to listen on. Beyond loopback only with ``auth``.
        port: port to listen on; 0 picks a free one.
        db: the SQLite file; made if it is not there.
        routing: who receives a post.
        delivery: when a message that came by WebSocket goes out.
        post: what POST does.
        ids: who names a message.
        auth: who may speak.
        synchronous: when SQLite waits for the disk.
        compression: whether permessage-deflate is agreed to.
        heartbeat: seconds between pings; a connection that lets one go unanswered until the next
            is due is closed. 0: no pings.
        lease: seconds a user stays present after the last sign of life.
        typing: seconds after which "is typing" lapses.
        origins: web origins (``https://example.org``) that may open a WebSocket or read the API
            beside the server's own; ``any`` lets every page in (the attack lesson).
        echo: whether ``/echo`` is there.
        tls_cert, tls_key: PEM files; with both the server speaks TLS only.
        grace: seconds that open connections get to close when the server stops.
        limits: how much of everything.
    """

    host: str = "127.0.0.1"
    port: int = 3000
    db: Path = Path("labchat.db")
    routing: Routing = Routing.BROADCAST
    delivery: Delivery = Delivery.RELAY_FIRST
    post: PostPolicy = PostPolicy.STORES
    ids: Ids = Ids.CLIENT
    auth: Auth = Auth.OFF
    synchronous: Synchronous = Synchronous.FULL
    compression: bool = False
    heartbeat: float = 30.0
    lease: float = 5.0
    typing: float = 5.0
    origins: tuple[str, ...] = ()
    echo: bool = True
    tls_cert: Path | None = None
    tls_key: Path | None = None
    grace: float = 2.0
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Raises SettingsError if two settings do not go together."""
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"There is no port {self.port}; ports go from 0 to 65535.")
        if self.heartbeat < 0 or self.lease <= 0 or self.typing <= 0 or self.grace < 0:
            raise SettingsError("Times are in seconds and cannot be negative.")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsError("TLS needs both a certificate and its key.")
        if self.auth is Auth.OFF and not is_loopback(self.host):
            raise SettingsError(
                f"Listening on {self.host} lets others in, so it needs --auth token; "
                "without it the server listens on loopback only."
            )

    @property
    def tls(self) -> bool:
        """Whether the server speaks TLS."""
        return self.tls_cert is not None


def guarded() -> Settings:
    """The defaults with ``auth``: private, rate-limited, and POST is heard at once."""
    return Settings(
        auth=Auth.TOKEN,
        routing=Routing.DIRECT,
        delivery=Delivery.COMMIT_FIRST,
        post=PostPolicy.RELAYS,
        echo=False,
        limits=replace(Limits(), posts_per_second=20.0),
    )


def choose(*, limits: Mapping[str, float | None], **given: object) -> Settings:
    """Settings from a command line: what is None keeps its default, which depends on ``auth``.

    Raises SettingsError if a value has no meaning, or two do not go together.
    """
    chosen = {name: _meant(name, value) for name, value in given.items() if value is not None}
    base = guarded() if chosen.get("auth") is Auth.TOKEN else Settings()
    wanted = {name: value for name, value in limits.items() if value is not None}
    for name, value in wanted.items():
        if value < 0:
            raise SettingsError(f"The limit {name} cannot be negative.")
    changes: dict[str, Any] = {**chosen, "limits": replace(base.limits, **_any(wanted))}
    return replace(base, **changes)


def _any(values: Mapping[str, object]) -> dict[str, Any]:
    return dict(values)


def _meant(name: str, value: object) -> object:
    """The setting's value; words become members of its enumeration."""
    kind = _WORDS.get(name)
    if kind is None:
        return value
    try:
        return kind(str(value))
    except ValueError:
        words = " or ".join(kind)
        raise SettingsError(f"{name} is {words}, not {value!r}.") from None


_WORDS: dict[str, type[StrEnum]] = {
    "routing": Routing,
    "delivery": Delivery,
    "post": PostPolicy,
    "ids": Ids,
    "auth": Auth,
    "synchronous": Synchronous,
}


def is_loopback(host: str) -> bool:
    """Whether the address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
