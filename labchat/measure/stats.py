"""Honest statistics: percentiles with intervals, ratios, and never more than the samples tell.

Pure: random numbers come from the generator that is handed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

RESAMPLES = 2000
"""Bootstrap resamples behind every interval."""

CONFIDENCE = 0.95
"""How often such an interval holds the true value."""

SEED = 20251103
"""Of the resampling when no generator is handed in: the same data give the same interval."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval.

    Attributes:
        value: what the samples say; None when they are too few to say it.
        low, high: the 95 % interval; None likewise.
        samples: how many there were.
        needed: how many it takes.
    """

    value: float | None
    low: float | None
    high: float | None
    samples: int
    needed: int

    def __str__(self) -> str:
        if self.value is None:
            return f"too few samples: {self.samples} of {self.needed}"
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


def samples_needed(q: float) -> int:
    """How many samples a percentile needs: ten beyond it on its thinner side, and two at least.

    Args:
        q: the percentile as a fraction, 0.5 for the median, 0.99 for the 99th.

    Raises:
        ValueError: ``q`` is not between 0 and 1.
    """
    if not 0.0 < q < 1.0:
        raise ValueError(f"a percentile lies between 0 and 1, not at {q}")
    tail = min(q, 1.0 - q)
    return max(2, math.ceil(round(10 * 0.5 / tail, 9)))


def percentile(
    values: ArrayLike, q: float = 0.5, *, rng: np.random.Generator | None = None
) -> Estimate:
    """The ``q`` quantile of ``values`` with its bootstrap interval.

    Args:
        values: 1-d, in any unit; the estimate has the same.
        q: 0 to 1.
        rng: for the resampling.

    Raises:
        ValueError: ``q`` is not between 0 and 1.
    """
    data = np.asarray(values, dtype=float)
    needed = samples_needed(q)
    if data.size < needed:
        return Estimate(None, None, None, int(data.size), needed)
    low, high = _interval(_bootstrap(data, q, rng or np.random.default_rng(SEED)))
    return Estimate(float(np.quantile(data, q)), low, high, int(data.size), needed)


def ratio(
    values: ArrayLike, base: ArrayLike, q: float = 0.5, *, rng: np.random.Generator | None = None
) -> Estimate:
    """How many times ``base`` the ``values`` are at quantile ``q``, with its interval.

    Args:
        values: 1-d.
        base: 1-d, in the same unit; the ratio has none.
        q: 0 to 1.
        rng: for the resampling.

    Raises:
        ValueError: ``q`` is not between 0 and 1.
    """
    data, other = np.asarray(values, dtype=float), np.asarray(base, dtype=float)
    needed = samples_needed(q)
    fewest = int(min(data.size, other.size))
    if fewest < needed:
        return Estimate(None, None, None, fewest, needed)
    rng = rng or np.random.default_rng(SEED)
    low, high = _interval(_bootstrap(data, q, rng) / _bootstrap(other, q, rng))
    value = float(np.quantile(data, q) / np.quantile(other, q))
    return Estimate(value, low, high, fewest, needed)


def _bootstrap(
    data: NDArray[np.float64], q: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The ``q`` quantile of each of :data:`RESAMPLES` resamples, without making them.

    The k-th smallest of n draws from the data is the datum at ``floor(n * U)``, where U, the k-th
    smallest of n uniform numbers, follows Beta(k, n - k + 1): exact, and quick for any n.
    """
    n = data.size
    k = min(n, math.ceil(n * q))
    ranks = np.floor(rng.beta(k, n - k + 1, RESAMPLES) * n).astype(np.int64)
    return np.sort(data)[np.minimum(ranks, n - 1)]


def _interval(draws: NDArray[np.float64]) -> tuple[float, float]:
    tail = (1.0 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return float(low), float(high)
