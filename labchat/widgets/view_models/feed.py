"""Which rows a front end gets next: the newest first, numbered batches, gaps on request."""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST = 400
"""Rows of the first batch: a few screens full."""

BATCH = 2_000
"""Rows of any other batch: what can be dissected while nobody notices."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Units ``start`` up to ``stop``; ``seq`` numbers batches of news, requested ones have none."""

    seq: int | None
    start: int
    stop: int


@dataclass(slots=True)
class Feed:
    """What one widget has sent and has been asked for.

    Attributes:
        ready: a front end listens; before that nothing is sent, since it would be lost.
        sent: the newest unit that was sent.
        seq: number of the last batch of news.
        wanted: ranges asked for and not sent yet.
    """

    ready: bool = False
    sent: int = 0
    seq: int = 0
    wanted: list[tuple[int, int]] = field(default_factory=list)

    def start(self, total: int) -> None:
        """A front end appeared: begin again with the newest units."""
        self.ready = True
        self.sent = max(0, total - FIRST)
        self.wanted.clear()
        if total == 0:
            self.wanted.append((1, 1))

    def want(self, start: int, stop: int) -> None:
        """The front end misses units ``start`` up to ``stop``."""
        self.wanted.append((max(1, start), stop))

    def take(self, total: int) -> Batch | None:
        """The next batch to send, with ``total`` units in the capture; None when all is said."""
        if not self.ready:
            return None
        if self.sent < total:
            start = max(self.sent + 1, total - BATCH + 1)
            self.sent, self.seq = total, self.seq + 1
            return Batch(self.seq, start, total + 1)
        return self._asked(total)

    def _asked(self, total: int) -> Batch | None:
        if not self.wanted:
            return None
        start, stop = self.wanted.pop(0)
        stop = min(stop, total + 1)
        return Batch(None, max(start, stop - BATCH), max(start, stop))
