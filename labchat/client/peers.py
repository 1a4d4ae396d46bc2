"""The other users: who is known, who is here, who is typing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Peers:
    """Everybody but oneself.

    Args:
        user: oneself.
        limit: how many are remembered; who was met first is forgotten first.
    """

    def __init__(self, user: str, limit: int) -> None:
        self._user = user
        self._limit = limit
        self._known: dict[str, None] = {}
        self._online: dict[str, None] = {}
        self.typing: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """All who were met, in the order of meeting."""
        return tuple(self._known)

    @property
    def online(self) -> tuple[str, ...]:
        """Those who are connected now, as far as the server told."""
        return tuple(self._online)

    def meet(self, user: str) -> None:
        """There is such a user."""
        if user != self._user:
            self._known[user] = None
        if len(self._known) > self._limit:
            forgotten = next(iter(self._known))
            del self._known[forgotten]
            self._online.pop(forgotten, None)

    def present(self, online: Iterable[str], offline: Iterable[str]) -> None:
        """These came, those went."""
        for user in online:
            if user != self._user:
                self._online[user] = None
                self.meet(user)
        for user in offline:
            self.meet(user)
            self._online.pop(user, None)

    def typing_are(self, users: Iterable[str]) -> None:
        """These are typing, and nobody else."""
        self.typing = tuple(user for user in users if user != self._user)

    def out_of_sight(self) -> None:
        """Without a connection nobody is known to be here, or typing."""
        self.typing, self._online = (), {}
