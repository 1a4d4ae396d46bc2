"""What is written but not yet safe: the queue behind pending, sent, stored, failed.

A post has a *leg* for each path it must take: the WebSocket, the POST, or both with one id, as
the text does. It is ``STORED`` as soon as the server confirms it on either leg; it leaves the
outbox when no leg is left. A leg that loses its connection is due again, under the same id, in
the order of writing; the server keeps one row for one id, so a resend does no harm.

Pure: the outbox decides, somebody else sends. Each method returns the bubbles it changed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum

from labchat.chat.session import Bubble, Delivery, Transport
from labchat.errors import TooLong


class Path(StrEnum):
    """One way to the server."""

    WEBSOCKET = "websocket"
    POST = "post"


class Leg(StrEnum):
    """How far a post got on one path."""

    DUE = "due"
    IN_FLIGHT = "in flight"
    DONE = "done"


PATHS: dict[Transport, tuple[Path, ...]] = {
    Transport.WEBSOCKET: (Path.WEBSOCKET,),
    Transport.POST: (Path.POST,),
    Transport.BOTH: (Path.WEBSOCKET, Path.POST),
}


@dataclass(slots=True)
class _Entry:
    bubble: Bubble
    legs: dict[Path, Leg]

    @property
    def stored(self) -> bool:
        return self.bubble.delivery is Delivery.STORED

    @property
    def in_flight(self) -> bool:
        return Leg.IN_FLIGHT in self.legs.values()


class Outbox:
    """Posts on their way, oldest first.

    Args:
        limit: how many posts may wait at once.
    """

    def __init__(self, limit: int = 1_000) -> None:
        self._limit = limit
        self._entries: dict[str, _Entry] = {}
        self._due: dict[Path, deque[str]] = {path: deque() for path in Path}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, post_id: object) -> bool:
        return post_id in self._entries

    def put(self, bubble: Bubble, transport: Transport) -> Bubble:
        """Take a post in; it is now pending.

        Raises:
            TooLong: as many posts wait as may.
        """
        if len(self._entries) >= self._limit:
            raise TooLong(f"outbox full: {self._limit:,} posts at most".replace(",", " "))
        paths = PATHS[transport]
        pending = replace(bubble, delivery=Delivery.PENDING, seq=None, reason=None)
        self._entries[bubble.id] = _Entry(pending, dict.fromkeys(paths, Leg.DUE))
        for path in paths:
            self._due[path].append(bubble.id)
        return pending

    def due(self, path: Path) -> bool:
        """Whether a post waits for this path."""
        return bool(self._due[path])

    def take(self, path: Path) -> Bubble | None:
        """The next post for this path, now in flight there; None if none is due."""
        if not self._due[path]:
            return None
        entry = self._entries[self._due[path].popleft()]
        entry.legs[path] = Leg.IN_FLIGHT
        return entry.bubble

    def sent(self, post_id: str) -> Bubble | None:
        """The post was handed to a connection that is up."""
        entry = self._entries.get(post_id)
        if entry is None or entry.bubble.delivery is not Delivery.PENDING:
            return None
        entry.bubble = replace(entry.bubble, delivery=Delivery.SENT, reason=None)
        return entry.bubble

    def confirm(self, post_id: str, path: Path, seq: int | None) -> Bubble | None:
        """The server has stored the post and said so on this path."""
        entry = self._entries.get(post_id)
        if entry is None:
            return None
        known = entry.bubble.seq if seq is None else seq
        entry.bubble = replace(entry.bubble, delivery=Delivery.STORED, seq=known, reason=None)
        self._finish(entry, path)
        return entry.bubble

    def told(self, post_id: str, seq: int) -> Bubble | None:
        """The server told the post back to its author: it is stored, by whichever path.

        If the WebSocket has yet to carry it, the POST did, and a server may only store what is
        posted: that leg stays due, for the others to hear the post.
        """
        entry = self._entries.get(post_id)
        if entry is not None and entry.legs.get(Path.WEBSOCKET) is Leg.DUE and len(entry.legs) > 1:
            entry.bubble = replace(entry.bubble, delivery=Delivery.STORED, seq=seq, reason=None)
            return entry.bubble
        return self.confirm(post_id, Path.WEBSOCKET, seq)

    def hold(self, post_id: str, path: Path, reason: str) -> Bubble | None:
        """This path failed for now: the leg is due again, or dropped if already stored."""
        entry = self._entries.get(post_id)
        if entry is None:
            return None
        if entry.stored and path is Path.POST:
            self._finish(entry, path)
            return entry.bubble
        entry.legs[path] = Leg.DUE
        self._requeue(path)
        self._fall_back(entry, reason)
        return entry.bubble

    def lose(self, path: Path, reason: str) -> list[Bubble]:
        """The connection is gone: whatever was in flight on this path is due again."""
        lost = [e for e in self._entries.values() if e.legs.get(path) is Leg.IN_FLIGHT]
        for entry in lost:
            entry.legs[path] = Leg.DUE
            self._fall_back(entry, reason)
        self._requeue(path)
        return [entry.bubble for entry in lost]

    def reject(self, post_id: str, reason: str) -> Bubble | None:
        """The server refuses the post: it failed, unless it is stored already."""
        entry = self._entries.get(post_id)
        if entry is None:
            return None
        self._drop(post_id)
        if entry.stored:
            return entry.bubble
        return replace(entry.bubble, delivery=Delivery.FAILED, reason=reason)

    def _finish(self, entry: _Entry, path: Path) -> None:
        if entry.legs.get(path) is Leg.DUE:
            self._due[path].remove(entry.bubble.id)
        entry.legs[path] = Leg.DONE
        if set(entry.legs.values()) == {Leg.DONE}:
            del self._entries[entry.bubble.id]

    def _drop(self, post_id: str) -> None:
        del self._entries[post_id]
        for path in Path:
            self._requeue(path)

    def _requeue(self, path: Path) -> None:
        """Rebuild the due queue in the order of writing."""
        self._due[path] = deque(
            post_id for post_id, entry in self._entries.items() if entry.legs.get(path) is Leg.DUE
        )

    def _fall_back(self, entry: _Entry, reason: str) -> None:
        if not entry.stored and not entry.in_flight:
            entry.bubble = replace(entry.bubble, delivery=Delivery.PENDING, reason=reason)
