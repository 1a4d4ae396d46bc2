"""Who is here, who is writing to whom, and who receives what. Pure: time is an argument.

A session is whatever the server holds of one connection; here it is only something hashable.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)


class Routing(StrEnum):
    """Who receives a post."""

    BROADCAST = "broadcast"
    """Everybody who is connected, as in the text; a private message is not private."""
    DIRECT = "direct"
    """The sessions of its sender and of its receiver, and nobody else."""


class Members(Generic[S]):
    """The open sessions, and the user of each once it has registered."""

    def __init__(self) -> None:
        self._user: dict[S, str | None] = {}
        self._sessions: dict[str, set[S]] = {}

    def __len__(self) -> int:
        return len(self._user)

    def __iter__(self) -> Iterator[S]:
        return iter(self._user)

    def open(self, session: S) -> None:
        """A connection is up; nobody knows yet who it is."""
        self._user[session] = None

    def register(self, session: S, user: str) -> None:
        """The session belongs to ``user`` from now on, whoever it was before."""
        self._forget(session)
        self._user[session] = user
        self._sessions.setdefault(user, set()).add(session)

    def close(self, session: S) -> str | None:
        """The connection is gone; returns its user if that was the user's last session."""
        user = self._forget(session)
        self._user.pop(session, None)
        return user if user is not None and user not in self._sessions else None

    def user(self, session: S) -> str | None:
        """Who the session has registered as."""
        return self._user.get(session)

    def sessions(self, user: str) -> frozenset[S]:
        """The open sessions of a user."""
        return frozenset(self._sessions.get(user, ()))

    def receivers(self, routing: Routing, sender: str, receiver: str) -> Iterable[S]:
        """Who receives a post from ``sender`` to ``receiver``."""
        if routing is Routing.BROADCAST:
            return tuple(self._user)
        return self.sessions(sender) | self.sessions(receiver)

    def _forget(self, session: S) -> str | None:
        user = self._user.get(session)
        if user is not None:
            mine = self._sessions[user]
            mine.discard(session)
            if not mine:
                del self._sessions[user]
        return user


class TypingBoard:
    """Who is writing to whom; each entry lapses unless it is said again.

    Args:
        lapse: seconds after which an entry is dropped.
    """

    def __init__(self, lapse: float) -> None:
        self._lapse = lapse
        self._until: dict[tuple[str, str], float] = {}

    def start(self, sender: str, receiver: str, now: float) -> bool:
        """``sender`` is writing to ``receiver``; true if that is news."""
        news = (sender, receiver) not in self._until
        self._until[sender, receiver] = now + self._lapse
        return news

    def stop(self, sender: str, receiver: str) -> bool:
        """``sender`` has stopped, or sent what was written; true if that is news."""
        return self._until.pop((sender, receiver), None) is not None

    def drop(self, sender: str) -> list[str]:
        """``sender`` is gone; returns to whom it was writing."""
        gone = [pair for pair in self._until if pair[0] == sender]
        for pair in gone:
            del self._until[pair]
        return [receiver for _, receiver in gone]

    def lapse(self, now: float) -> list[str]:
        """Drop what is overdue; returns to whom it was being written."""
        gone = [pair for pair, until in self._until.items() if until <= now]
        for pair in gone:
            del self._until[pair]
        return [receiver for _, receiver in gone]

    def everybody(self) -> tuple[str, ...]:
        """All who are writing, in the order in which they began."""
        return tuple(dict.fromkeys(sender for sender, _ in self._until))

    def writing_to(self, receiver: str) -> tuple[str, ...]:
        """All who are writing to ``receiver``."""
        return tuple(sender for sender, to in self._until if to == receiver)


class Leases:
    """Presence: a user is here as long as somebody renews the lease.

    A dropped connection does not make a user absent at once; a client that comes back within the
    lease is never seen to leave. A client without a connection renews by asking.

    Args:
        term: seconds a lease lasts after its last renewal.
    """

    def __init__(self, term: float) -> None:
        self._term = term
        self._until: dict[str, float] = {}
        self._came: dict[str, None] = {}
        self._went: dict[str, None] = {}

    def renew(self, user: str, now: float) -> None:
        """The user gave a sign of life."""
        if user not in self._until and self._went.pop(user, user) is not None:
            self._came[user] = None
        self._until[user] = now + self._term

    def lapse(self, now: float) -> None:
        """Drop the users whose lease is over."""
        for user in [user for user, until in self._until.items() if until <= now]:
            del self._until[user]
            if self._came.pop(user, user) is not None:
                self._went[user] = None

    def here(self) -> tuple[str, ...]:
        """All who are here, in the order in which they came."""
        return tuple(self._until)

    def changes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Who came and who went since the last call; each change is told once."""
        came, went = tuple(self._came), tuple(self._went)
        self._came.clear()
        self._went.clear()
        return came, went
