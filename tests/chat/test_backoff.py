from __future__ import annotations

import random
from itertools import islice, pairwise

import pytest

from labchat.chat import backoff
from labchat.errors import SettingsError


def schedule(policy: backoff.Policy, seed: int = 0, count: int = 200) -> list[float]:
    return list(islice(policy.delays(random.Random(seed)), count))


def test_the_texts_policy_waits_31_seconds_and_gives_up() -> None:
    assert schedule(backoff.TEXT) == [1, 2, 4, 8, 16]
    assert backoff.TEXT.max_attempts == 5
    assert sum(schedule(backoff.TEXT)) == 31


def test_the_default_is_full_jitter_without_end() -> None:
    assert backoff.DEFAULT.name == "full-jitter"
    assert backoff.DEFAULT.max_attempts is None


def test_exponential_doubles_up_to_its_ceiling() -> None:
    assert schedule(backoff.exponential(0.5, 10), count=7) == [0.5, 1, 2, 4, 8, 10, 10]


def test_exponential_does_not_overflow_in_a_long_night() -> None:
    assert schedule(backoff.exponential(), count=5_000)[-1] == 30.0


def test_full_jitter_stays_under_the_exponential_and_uses_its_whole_width() -> None:
    ceiling = schedule(backoff.exponential())
    delays = schedule(backoff.full_jitter())
    assert all(0 <= delay <= longest for delay, longest in zip(delays, ceiling, strict=True))
    assert min(delays[5:]) < 3
    assert max(delays) > 27


def test_decorrelated_grows_at_most_threefold() -> None:
    delays = schedule(backoff.decorrelated(0.5, 20))
    assert all(0.5 <= delay <= 20 for delay in delays)
    assert all(later <= max(3 * delay, 0.5) for delay, later in pairwise(delays))
    assert max(delays) > 10


@pytest.mark.parametrize("policy", backoff.POLICIES.values(), ids=backoff.POLICIES)
def test_a_seed_replays_a_schedule(policy: backoff.Policy) -> None:
    assert schedule(policy, seed=7) == schedule(policy, seed=7)


@pytest.mark.parametrize("policy", backoff.POLICIES.values(), ids=backoff.POLICIES)
def test_max_attempts_tells_the_schedules_length(policy: backoff.Policy) -> None:
    length = len(schedule(policy))
    assert length == (200 if policy.max_attempts is None else policy.max_attempts)


def test_a_crowd_in_step_is_spread_out_by_jitter() -> None:
    def moments(policy: backoff.Policy) -> set[float]:
        return {round(schedule(policy, seed)[0], 3) for seed in range(200)}

    assert len(moments(backoff.exponential())) == 1
    assert len(moments(backoff.full_jitter())) > 150


def test_pauses_never_end() -> None:
    assert list(islice(backoff.TEXT.pauses(random.Random()), 8)) == [1, 2, 4, 8, 16, 16, 16, 16]
    assert list(islice(backoff.constant(3).pauses(random.Random()), 3)) == [3, 3, 3]


def test_a_schedule_without_delays_still_pauses() -> None:
    assert list(islice(backoff.fixed().pauses(random.Random()), 2)) == [1, 1]
    assert schedule(backoff.fixed()) == []


def test_presets_go_by_name() -> None:
    assert backoff.named("text") is backoff.TEXT
    assert backoff.named(backoff.TEXT) is backoff.TEXT
    with pytest.raises(SettingsError, match="no reconnect policy 'never'; there are text, expo"):
        backoff.named("never")
