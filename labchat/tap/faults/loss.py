"""Packet loss, as TCP's user sees it: nothing is missing, everything is late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from labchat.tap.faults.actions import MS, Action, Deliver, Piece
from labchat.tap.faults.base import Applier, Fault, Steady

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

TRIES = 10
"""More losses in a row than this are not modelled: 2^10 time-outs are a quarter of an hour."""


class Loss(Fault, frozen=True, kw_only=True, tag="loss"):
    """Each segment is lost with probability ``rate``, and sent again after the time-out.

    The time-out (RTO) doubles with each loss of the same segment (RFC 6298 §5.5), and what
    follows waits (head-of-line blocking). RFC 6298 §2.4 asks for an RTO of at least 1 s; Linux
    goes down to 200 ms. Fast retransmit (RFC 5681 §3.2), which repairs a loss within a round
    trip when enough follows it, is not modelled: this is the loss of a lone chat message.
    """

    rate: Annotated[float, Meta(ge=0, le=1, description="probability that a segment is lost")]
    rto_ms: Annotated[float, Meta(gt=0, description="first time-out, milliseconds")] = 1000
    segment_bytes: Annotated[int, Meta(ge=1, description="bytes in a segment (MSS)")] = 1460

    def start(self, *, whole_units: bool) -> Applier:
        """Remembers until when segments wait for one that was lost."""
        return _Lossy(self)

    def describe(self) -> str:
        """Such as "loss 2 %, RTO 1000 ms"."""
        return f"loss {100 * self.rate:g} %, RTO {self.rto_ms:g} ms"


class _Lossy(Steady):
    def __init__(self, settings: Loss) -> None:
        self._settings = settings
        self._due = 0

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """One action a segment."""
        size = self._settings.segment_bytes
        if len(piece.data) <= size:
            yield self._segment(piece, now, rng)
            return
        for at in range(0, len(piece.data), size):
            yield self._segment(piece.part(at, at + size), now, rng)

    def _segment(self, piece: Piece, now: int, rng: random.Random) -> Deliver:
        wait_ms = self._wait_ms(rng)
        self._due = max(self._due, now + round(wait_ms * MS))
        note = f"The tap models a lost segment: {piece.name}, {wait_ms:g} ms late (RTO)"
        return Deliver(piece, self._due - now, note if wait_ms else None)

    def _wait_ms(self, rng: random.Random) -> float:
        losses = 0
        while losses < TRIES and rng.random() < self._settings.rate:
            losses += 1
        return self._settings.rto_ms * ((1 << losses) - 1)
