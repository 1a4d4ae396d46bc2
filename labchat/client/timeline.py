"""The bubbles of one user: each id once, in an order that agrees with the server's.

Pure. Posts stand in the order in which they were written or heard; where sequence numbers are
known, they decide. Memory is bounded: the oldest bubbles go first; their ids are remembered for
longer, so that a late repeat of a forgotten post is not taken for a new one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labchat.chat.session import Bubble

_MEMORY = 10
"""How many times as many ids are remembered as bubbles are kept."""


class Timeline:
    """Bubbles by id and in order.

    Args:
        limit: how many are kept.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._by_id: dict[str, Bubble] = {}
        self._order: list[str] = []
        self._forgotten: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._order)

    def get(self, post_id: str) -> Bubble | None:
        """The bubble of that id, or None."""
        return self._by_id.get(post_id)

    def forgot(self, post_id: str) -> bool:
        """Whether a bubble of that id was here and had to go."""
        return post_id in self._forgotten

    def bubbles(self) -> tuple[Bubble, ...]:
        """All bubbles, oldest first."""
        return tuple(self._by_id[post_id] for post_id in self._order)

    def put(self, bubble: Bubble) -> None:
        """Add a bubble, or replace the one of its id."""
        known = self._by_id.get(bubble.id)
        self._by_id[bubble.id] = bubble
        if known is None:
            self._order.insert(self._place(bubble), bubble.id)
            self._trim()
        elif bubble.seq is not None and known.seq is None:
            self._settle(bubble, bubble.seq)

    def number(self, bubble: Bubble, seq: int | None) -> Bubble:
        """The bubble with its ``seq``, if that was not known."""
        if seq is None or bubble.seq is not None:
            return bubble
        numbered = replace(bubble, seq=seq)
        self.put(numbered)
        return numbered

    def _place(self, bubble: Bubble) -> int:
        """Where a new bubble goes: before the numbered ones that follow it, else last."""
        place = len(self._order)
        if bubble.seq is None:
            return place
        for index in range(len(self._order) - 1, -1, -1):
            other = self._seq_at(index)
            if other is not None and other < bubble.seq:
                break
            if other is not None:
                place = index
        return place

    def _settle(self, bubble: Bubble, seq: int) -> None:
        """Move a bubble that was just numbered, if the number on either side disagrees."""
        index = self._find(bubble.id)
        before = self._nearest(range(index - 1, -1, -1))
        behind = self._nearest(range(index + 1, len(self._order)))
        if (before is None or before < seq) and (behind is None or behind > seq):
            return
        del self._order[index]
        self._order.insert(self._behind_smaller(seq), bubble.id)

    def _behind_smaller(self, seq: int) -> int:
        """The place right after the last bubble with a smaller number, else the first place."""
        for index in range(len(self._order) - 1, -1, -1):
            other = self._seq_at(index)
            if other is not None and other < seq:
                return index + 1
        return 0

    def _find(self, post_id: str) -> int:
        """The index of a bubble, looked for from the end, where it most likely is."""
        return next(i for i in range(len(self._order) - 1, -1, -1) if self._order[i] == post_id)

    def _nearest(self, indices: range) -> int | None:
        """The first sequence number met along ``indices``."""
        return next((s for i in indices if (s := self._seq_at(i)) is not None), None)

    def _seq_at(self, index: int) -> int | None:
        return self._by_id[self._order[index]].seq

    def _trim(self) -> None:
        while len(self._order) > self._limit:
            oldest = self._order.pop(0)
            del self._by_id[oldest]
            self._forgotten[oldest] = None
        while len(self._forgotten) > _MEMORY * self._limit:
            del self._forgotten[next(iter(self._forgotten))]
