"""Time, as the server sees it; tests bring their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one that never jumps, one that people read."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        ...

    def now(self) -> datetime:
        """The time of day, with a zone."""
        ...


class SystemClock:
    """The clocks of this machine."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """As JavaScript's ``toISOString`` writes it: ``2025-11-03T15:30:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
