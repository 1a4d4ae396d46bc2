"""Refusal: new connections are not let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from labchat.tap.faults.base import Armed, Fault

if TYPE_CHECKING:
    import random

    from labchat.tap.faults.base import Applier


class Refuse(Fault, frozen=True, kw_only=True, tag="refuse"):
    """Refuse new connections; those that exist live on.

    When all are meant the tap stops listening while the rule is in force: who connects is told
    "connection refused" at once, and the record knows nothing of it. When only some are meant
    (``first``, ``rate``, or a rule for certain connections) the system accepts each before the tap
    can decide, so that one refused is reset: its peer sees "connection reset" at the first read.
    """

    first: (
        Annotated[int, Meta(ge=1, description="only the first so many connections; none: all")]
        | None
    ) = None
    rate: Annotated[float, Meta(ge=0, le=1, description="probability of a refusal")] = 1

    @property
    def refuses_all(self) -> bool:
        """Whether nobody is to get in."""
        return self.first is None and self.rate == 1

    def arm(self) -> Armed:
        """Remembers how many were refused."""
        return _Refusing(self)

    def describe(self) -> str:
        """Such as "refuse the first 3 connections"."""
        some = "connections" if self.rate == 1 else f"{100 * self.rate:g} % of connections"
        return f"refuse {some}" if self.first is None else f"refuse the first {self.first} {some}"


class _Refusing:
    def __init__(self, settings: Refuse) -> None:
        self._settings = settings
        self._refused = 0

    def admits(self, rng: random.Random) -> bool:
        """Whether this connection may be made."""
        first = self._settings.first
        if first is not None and self._refused >= first:
            return True
        refused = rng.random() < self._settings.rate
        self._refused += refused
        return not refused

    def start(self, *, whole_units: bool) -> Applier:
        """Connections that exist are left alone."""
        return Fault()
