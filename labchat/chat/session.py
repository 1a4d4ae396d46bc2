"""What one user sees: the posts and how far each got, the link and how it fares.

The client fills these in, the panel draws them; neither knows the other. Everything is frozen,
so that a snapshot may cross a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Delivery(StrEnum):
    """How far a post got, as its author can know it."""

    PENDING = "pending"
    """In the outbox: not on the wire, or on the wire with no connection to carry it."""
    SENT = "sent"
    """Handed to a connection that is up; nobody has said that it is stored."""
    STORED = "stored"
    """The server has committed it and said so, with its ``seq``."""
    FAILED = "failed"
    """Refused, or given up; ``reason`` says why."""
    RECEIVED = "received"
    """Somebody else's post."""


class Link(StrEnum):
    """The state of the connection to the server."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    """Waiting for the next attempt."""
    OFFLINE = "offline"
    """Told to be offline, or all attempts used up."""
    REFUSED = "refused"
    """The server said no; trying again is no use."""
    CLOSED = "closed"
    """Closed by this side, for good."""


class Transport(StrEnum):
    """On which path posts go out."""

    WEBSOCKET = "websocket"
    POST = "post"
    BOTH = "both"
    """As the text does: the WebSocket for speed, POST to store; one id on both."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One post as a user sees it.

    Attributes:
        id: names the post on every path.
        text: what was written. Hostile until shown as text.
        sender, receiver: user ids.
        created_at: RFC 3339 time, as its author stamped it.
        delivery: how far it got.
        seq: the server's sequence number, once stored.
        reason: why it failed, or what it waits for; a short phrase.
    """

    id: str
    text: str
    sender: str
    receiver: str
    created_at: str
    delivery: Delivery
    seq: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a chat panel draws.

    Attributes:
        user: who this is.
        link: the connection's state.
        detail: a sentence about the link, or "".
        attempt: number of the coming (or running) reconnect attempt, 0 when connected.
        max_attempts: after how many the policy gives up, or None.
        next_attempt_in: seconds to the next attempt, counted when the snapshot was made, or None.
        transport: on which path posts go out.
        bubbles: oldest first.
        typing: user ids who are typing to this user now.
        peers: user ids known, this user left out.
        online: those of them who are connected now, as far as the server told.
    """

    user: str
    link: Link
    detail: str = ""
    attempt: int = 0
    max_attempts: int | None = None
    next_attempt_in: float | None = None
    transport: Transport = Transport.BOTH
    bubbles: tuple[Bubble, ...] = ()
    typing: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    online: tuple[str, ...] = ()


class ChatSource(Protocol):
    """What a chat panel needs of a client; every call returns at once, from any thread."""

    def snapshot(self) -> Snapshot:
        """The state right now."""
        ...

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed`` (from any thread) after each change; returns its undoing."""
        ...

    def post(self, text: str, receiver: str) -> str:
        """Put a post into the outbox; returns its id. Raises TooLong, InvalidEvent."""
        ...

    def type_to(self, receiver: str) -> None:
        """Say that the user is typing."""
        ...

    def retry(self, post_id: str) -> None:
        """Put a failed post back into the outbox."""
        ...

    def go_offline(self) -> None:
        """Close and stay offline, as a browser's ``offline`` event does."""
        ...

    def go_online(self) -> None:
        """Connect now, whatever the countdown says."""
        ...

    def set_transport(self, transport: Transport) -> None:
        """Choose the path of the posts to come."""
        ...
