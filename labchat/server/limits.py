"""How often somebody may post: token buckets. Pure: time is an argument."""

from __future__ import annotations


class Buckets:
    """One bucket per key; each post takes a token, tokens come back at ``rate``.

    Args:
        rate: tokens per second; 0: no limit.
        burst: how many a full bucket holds.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._levels: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, key: str, now: float) -> float:
        """Take a token; 0 if there was one, else the seconds until there is."""
        if not self._rate:
            return 0.0
        level = self._level(key, now)
        if level < 1:
            return (1 - level) / self._rate
        self._levels[key] = (level - 1, now)
        return 0.0

    def sweep(self, now: float) -> None:
        """Forget the buckets that are full again: they need not be remembered."""
        full = [key for key in self._levels if self._level(key, now) >= self._burst]
        for key in full:
            del self._levels[key]

    def _level(self, key: str, now: float) -> float:
        level, since = self._levels.get(key, (self._burst, now))
        return min(self._burst, level + (now - since) * self._rate)
