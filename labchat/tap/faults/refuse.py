"""Refusal: new connections are not let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from labchat.tap.faults.base import Armed, Fault

if TYPE_CHECKING:
    import random

    from labchat.tap.faults.base import Applier


class Refuse(Fault, frozen=True, kw_only=True, tag="refuse"):
    """Reset a new connection as soon as it is made; those that exist live on.

    Its peer sees "connection reset" at the first read. A port where nobody listens would say
    "connection refused" to the connect itself: a listening program cannot do that.
    """

    first: (
        Annotated[int, Meta(ge=1, description="only the first so many connections; none: all")]
        | None
    ) = None
    rate: Annotated[float, Meta(ge=0, le=1, description="probability of a refusal")] = 1

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
