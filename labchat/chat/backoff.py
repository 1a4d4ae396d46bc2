"""How long to wait before each reconnect attempt: policies as generators of seconds.

A policy knows no clock and draws its randomness from the generator it is given, so that a
schedule can be simulated, plotted and replayed. A finite generator gives up; an infinite one
never does.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

from labchat.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random


@dataclass(frozen=True, slots=True)
class Policy:
    """A named way to space attempts.

    Attributes:
        name: as given to :func:`named`.
        delays: a fresh schedule, in seconds, one delay before each attempt.
        max_attempts: how many delays the schedule has, or None if it never ends.
    """

    name: str
    delays: Callable[[Random], Iterator[float]]
    max_attempts: int | None = None

    def pauses(self, rng: Random) -> Iterator[float]:
        """The same delays for what is never given up: after the last, that one for ever."""
        delay = 1.0
        for delay in self.delays(rng):
            yield delay
        while True:
            yield delay


def fixed(*seconds: float, name: str = "fixed") -> Policy:
    """Exactly these delays, then give up."""
    return Policy(name, lambda _rng: iter(seconds), len(seconds))


def constant(seconds: float) -> Policy:
    """The same delay for ever: simple, and a crowd stays in step."""
    return Policy("constant", lambda _rng: repeat(seconds))


def exponential(base: float = 1.0, ceiling: float = 30.0) -> Policy:
    """``base``, doubled each time, truncated at ``ceiling`` (RFC 6455 §7.2.3)."""
    return Policy("exponential", lambda _rng: _doubling(base, ceiling))


def full_jitter(base: float = 1.0, ceiling: float = 30.0) -> Policy:
    """Anything from 0 up to what :func:`exponential` would wait: a crowd spreads out."""

    def delays(rng: Random) -> Iterator[float]:
        return (rng.uniform(0.0, longest) for longest in _doubling(base, ceiling))

    return Policy("full-jitter", delays)


def decorrelated(base: float = 1.0, ceiling: float = 30.0) -> Policy:
    """From ``base`` up to three times the previous delay, truncated at ``ceiling``."""

    def delays(rng: Random) -> Iterator[float]:
        delay = base
        while True:
            delay = min(ceiling, rng.uniform(base, 3 * delay))
            yield delay

    return Policy("decorrelated", delays)


def _doubling(base: float, ceiling: float) -> Iterator[float]:
    """``base``, ``2 base``, ``4 base`` … never above ``ceiling``, for ever."""
    delay = min(ceiling, base)
    while True:
        yield delay
        delay = min(ceiling, 2 * delay)


TEXT = fixed(1.0, 2.0, 4.0, 8.0, 16.0, name="text")
"""As the text has it: 1, 2, 4, 8, 16 s, at most 5 attempts; gives up after 31 s."""

DEFAULT = full_jitter()

POLICIES = {
    policy.name: policy for policy in (TEXT, exponential(), DEFAULT, decorrelated(), constant(1.0))
}


def named(policy: Policy | str) -> Policy:
    """The policy itself, or the preset of that name.

    Raises:
        SettingsError: no preset has that name.
    """
    if isinstance(policy, Policy):
        return policy
    try:
        return POLICIES[policy]
    except KeyError:
        known = ", ".join(POLICIES)
        raise SettingsError(f"no reconnect policy {policy!r}; there are {known}") from None
