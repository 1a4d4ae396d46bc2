"""What one client did and heard, entry by entry: the evidence a checker judges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(StrEnum):
    """What happened."""

    POSTED = "posted"
    """The user wrote a post; it is in the outbox."""
    SENT = "sent"
    """It was handed to a connection."""
    HELD = "held"
    """It came back: its connection is gone, or the server cannot take it now."""
    STORED = "stored"
    """The server acknowledged it."""
    FAILED = "failed"
    """It was refused or given up."""
    SETTLED = "settled"
    """No path has anything left to do for it; it left the outbox."""
    RECEIVED = "received"
    """Somebody else's post was shown to the user."""
    REPEATED = "repeated"
    """The same post was heard again and not shown again."""
    LINK = "link"
    """The connection's state changed; ``detail`` is the state."""
    PEERS = "peers"
    """Who is typing, or who is here, changed."""
    GARBLED = "garbled"
    """The server said something that is no event of ours; ``detail`` says what is wrong."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a client's journal.

    Attributes:
        at_ns: monotonic nanoseconds.
        user: whose client.
        kind: what happened.
        id: the post it is about, or "".
        seq: the post's sequence number, if known.
        detail: the reason, the state, the text of the post: what the kind calls for.
    """

    at_ns: int
    user: str
    kind: Kind
    id: str = ""
    seq: int | None = None
    detail: str = ""


Journal: TypeAlias = "Callable[[Entry], None]"
