"""One direction of one connection under faults: what waits, and what is due when.

Pure: it is given the time, and asked what to do; the relay does it and sleeps.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

from labchat.tap.faults.actions import Action, Deliver, Hold, Piece
from labchat.tap.faults.chain import Chain

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator

    from labchat.tap.faults.chain import Switched


class Lane:
    """Pieces on their way through the faults."""

    def __init__(self, rng: random.Random) -> None:
        self._chain = Chain(rng)
        self._waiting: list[tuple[int, int, Action]] = []
        self._held: deque[Piece] = deque()
        self._count = 0
        self._last = 0
        self._bytes = 0

    @property
    def idle(self) -> bool:
        """Whether bytes may pass it by: no rule, nothing waiting."""
        return not (self._chain or self._waiting or self._held)

    @property
    def whole_units(self) -> bool:
        """Whether it must be given whole units."""
        return self._chain.whole_units

    @property
    def size(self) -> int:
        """How many bytes wait here."""
        return self._bytes

    @property
    def next_due(self) -> int | None:
        """When something is to be done, or None."""
        return self._waiting[0][0] if self._waiting else None

    def switch(self, rules: Iterable[Switched], now: int) -> None:
        """Change the rules. What was held starts anew; what has a time keeps it."""
        for due, action in self._chain.switch(rules, now):
            self._schedule(due, action)
        held, self._held = self._held, deque()
        for piece in held:
            self._bytes -= len(piece.data)
            self.take(piece, now)

    def take(self, piece: Piece, now: int) -> None:
        """A piece arrived."""
        if self._held:
            self._hold(piece)
        else:
            self._in_order(self._chain.push(piece, now))

    def data(self) -> Iterator[bytes]:
        """The bytes that wait, in order."""
        for _, _, action in sorted(self._waiting, key=lambda entry: entry[:2]):
            if isinstance(action, Deliver):
                yield action.piece.data
        for piece in self._held:
            yield piece.data

    def ready(self, now: int) -> list[Action]:
        """What is to be done by now, in order."""
        done = []
        while self._waiting and self._waiting[0][0] <= now:
            action = heapq.heappop(self._waiting)[2]
            if isinstance(action, Deliver):
                self._bytes -= len(action.piece.data)
            done.append(action)
        return done

    def clear(self) -> int:
        """Throw away all that waits; returns how many bytes that were."""
        lost, self._bytes = self._bytes, 0
        self._waiting.clear()
        self._held.clear()
        return lost

    def _in_order(self, timed: Iterable[tuple[int, Action]]) -> None:
        """What a piece leads to happens after what the pieces before it led to."""
        for due, action in timed:
            if isinstance(action, Hold):
                self._hold(action.piece)
                continue
            if isinstance(action, Deliver):
                self._bytes += len(action.piece.data)
            self._last = max(self._last, due)
            self._schedule(self._last, action)

    def _schedule(self, due: int, action: Action) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (due, self._count, action))

    def _hold(self, piece: Piece) -> None:
        self._held.append(piece)
        self._bytes += len(piece.data)
