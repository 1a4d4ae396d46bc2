"""Percentiles that know when they may speak."""

from __future__ import annotations

import numpy as np
import pytest

from labchat.measure.stats import percentile, ratio, samples_needed


@pytest.mark.parametrize(
    ("q", "needed"), [(0.5, 10), (0.9, 50), (0.95, 100), (0.99, 500), (0.999, 5000), (0.1, 50)]
)
def test_a_percentile_needs_samples_beyond_it(q: float, needed: int) -> None:
    assert samples_needed(q) == needed


@pytest.mark.parametrize("q", [0.0, 1.0, -1.0, 2.0])
def test_a_percentile_outside_its_range_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        samples_needed(q)


def test_too_few_samples_say_so_instead_of_a_number() -> None:
    estimate = percentile([1.0, 2.0, 3.0], 0.99)
    assert estimate.value is None
    assert str(estimate) == "too few samples: 3 of 500"
    assert ratio([1.0] * 500, [1.0] * 3, 0.99).value is None


def test_the_interval_holds_the_true_median_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    true = np.log(2)
    hits = 0
    for _ in range(100):
        estimate = percentile(rng.exponential(size=60), 0.5, rng=rng)
        assert estimate.low is not None
        assert estimate.high is not None
        hits += estimate.low <= true <= estimate.high
    assert 88 <= hits <= 100


def test_the_same_data_give_the_same_interval() -> None:
    data = np.arange(100.0)
    assert percentile(data) == percentile(data)
    assert percentile(data).value == 49.5


def test_a_ratio_of_medians_has_its_interval() -> None:
    rng = np.random.default_rng(3)
    slow, fast = rng.normal(20, 1, 200), rng.normal(10, 1, 200)
    estimate = ratio(slow, fast)
    assert estimate.value == pytest.approx(2.0, abs=0.1)
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < 2.0 < estimate.high or abs(estimate.value - 2.0) < 0.1


def test_the_short_way_agrees_with_resampling_by_hand() -> None:
    rng = np.random.default_rng(11)
    data = rng.exponential(size=80)
    by_hand = np.sort(rng.choice(data, (4000, 80)), axis=1)[:, 39]
    low, high = np.quantile(by_hand, [0.025, 0.975])
    estimate = percentile(data, 0.5)
    assert estimate.low == pytest.approx(low, rel=0.1)
    assert estimate.high == pytest.approx(high, rel=0.1)


def test_a_million_samples_are_no_burden() -> None:
    estimate = percentile(np.random.default_rng(1).normal(size=1_000_000), 0.5)
    assert estimate.value == pytest.approx(0.0, abs=0.01)
