"""Failing requests: the first N get an error from the tap, and the server never sees them."""

from __future__ import annotations

from http.client import responses
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from labchat.tap.faults.actions import Action, Answer, Cut, Deliver, End, Piece, Swallow
from labchat.tap.faults.base import Applier, Armed, Fault, Steady

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable


class FailRequests(Fault, frozen=True, kw_only=True, tag="fail_requests"):
    """Answer the first ``first`` HTTP requests with an error, or end their connection.

    Counted over all connections, so that a retry on a new one gets on. A fault of the
    **application layer**.
    """

    of_units = True

    first: Annotated[int, Meta(ge=1, description="how many requests fail")] = 1
    status: Annotated[int, Meta(ge=400, le=599, description="the error's status")] = 503
    by: Cut | None = None
    """Ends the connection instead of answering."""

    def arm(self) -> Armed:
        """Remembers how many have failed."""
        return _Failing(self)

    def describe(self) -> str:
        """Such as "fail the first 2 requests with 503"."""
        how = f"with {self.status}" if self.by is None else f"by {self.by}"
        return f"fail the first {self.first} requests {how}"


class _Failing(Steady):
    def __init__(self, settings: FailRequests) -> None:
        self._settings = settings
        self._left = settings.first

    def admits(self, rng: random.Random) -> bool:
        """Connections are let in."""
        return True

    def start(self, *, whole_units: bool) -> Applier:
        """The same for all: the count is shared."""
        return self

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterable[Action]:
        """Fail it, or let it pass."""
        if piece.kind != "request" or not self._left:
            yield Deliver(piece)
            return
        self._left -= 1
        note = f"The tap failed a request, {self._left} more to fail (application layer)"
        yield Swallow(piece, note)
        if self._settings.by is not None:
            yield End(self._settings.by, note=note)
        else:
            yield Answer(_answer(self._settings.status), f"The tap answered {piece.name} itself")


def _answer(status: int) -> bytes:
    reason = responses.get(status, "Error")
    body = f'{{"error":"the tap failed this request with {status}"}}'.encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body
