"""Latency: every byte arrives later; jitter makes how much later vary."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from labchat.tap.faults.actions import MS, Action, Deliver, Piece
from labchat.tap.faults.base import Applier, Fault, Steady

if TYPE_CHECKING:
    from collections.abc import Iterable

PARETO_SHAPE = 2.5


class Distribution(StrEnum):
    """How jitter is spread around the delay. No delay is ever negative."""

    UNIFORM = "uniform"
    """Evenly between delay - jitter and delay + jitter."""
    NORMAL = "normal"
    """A bell; jitter is one standard deviation."""
    EXPONENTIAL = "exponential"
    """Never less than the delay; jitter is the mean of what comes on top."""
    PARETO = "pareto"
    """Never less than the delay; mostly little on top, seldom very much."""


class Latency(Fault, frozen=True, kw_only=True, tag="latency"):
    """Deliver later, in order: a late byte holds up those behind it, as in TCP.

    Counted one way; in both directions it adds twice the delay to a round trip.
    """

    delay_ms: Annotated[float, Meta(ge=0, description="milliseconds added, one way")]
    jitter_ms: Annotated[float, Meta(ge=0, description="spread of the delay, milliseconds")] = 0
    distribution: Distribution = Distribution.UNIFORM

    def start(self, *, whole_units: bool) -> Applier:
        """Remembers when the last byte was due."""
        return _Late(self)

    def draw(self, rng: random.Random) -> float:
        """One delay, in milliseconds."""
        return max(0.0, self.delay_ms + self._deviation(rng))

    def sample(self, count: int, seed: int = 0) -> list[float]:
        """``count`` delays in milliseconds, for a picture of the distribution."""
        rng = random.Random(seed)
        return [self.draw(rng) for _ in range(count)]

    def describe(self) -> str:
        """Such as "latency 100 ms ± 20 ms (normal)"."""
        if not self.jitter_ms:
            return f"latency {self.delay_ms:g} ms"
        return f"latency {self.delay_ms:g} ms ± {self.jitter_ms:g} ms ({self.distribution})"

    def _deviation(self, rng: random.Random) -> float:
        if not self.jitter_ms:
            return 0.0
        if self.distribution is Distribution.UNIFORM:
            return rng.uniform(-self.jitter_ms, self.jitter_ms)
        if self.distribution is Distribution.NORMAL:
            return rng.gauss(0, self.jitter_ms)
        if self.distribution is Distribution.EXPONENTIAL:
            return rng.expovariate(1 / self.jitter_ms)
        return self.jitter_ms * (rng.paretovariate(PARETO_SHAPE) - 1)


class _Late(Steady):
    def __init__(self, settings: Latency) -> None:
        self._settings = settings
        self._due = 0

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """Not before the byte ahead of it."""
        self._due = max(self._due, now + round(self._settings.draw(rng) * MS))
        yield Deliver(piece, self._due - now)
