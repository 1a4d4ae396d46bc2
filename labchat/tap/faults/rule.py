"""A rule: one fault, and for what it is meant: direction, connections, units, time."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from labchat.errors import SettingsError
from labchat.tap import expression
from labchat.tap.faults.bandwidth import Bandwidth
from labchat.tap.faults.corrupt import Corrupt
from labchat.tap.faults.drop import Drop
from labchat.tap.faults.duplicate import Duplicate
from labchat.tap.faults.failing import FailRequests
from labchat.tap.faults.latency import Latency
from labchat.tap.faults.limit import Limit
from labchat.tap.faults.loss import Loss
from labchat.tap.faults.offline import Offline
from labchat.tap.faults.refuse import Refuse
from labchat.tap.faults.slicer import Slicer
from labchat.tap.faults.swallow import Swallow
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from labchat.tap.faults.actions import Piece


class WrongRule(SettingsError, ValueError):
    """A rule that cannot be; a ValueError too, so that a decoder names the place."""


AnyFault = (
    Latency
    | Bandwidth
    | Slicer
    | Loss
    | Offline
    | Drop
    | Limit
    | Refuse
    | Corrupt
    | Duplicate
    | Swallow
    | FailRequests
)
"""Every fault there is, told apart in JSON by ``"type"``."""


class Units(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which whole units of a stream are meant: all that fit, or some of those by their count."""

    kind: Literal["request", "response", "frame"] | None = None
    opcode: Annotated[int, Meta(ge=0, le=15, description="of a WebSocket frame")] | None = None
    path: (
        Annotated[str, Meta(description="of a request; * stands for anything, as in /api/*")] | None
    ) = None
    where: (
        Annotated[str, Meta(description='an expression, such as json.type == "message"')] | None
    ) = None
    nth: Annotated[int, Meta(ge=1, description="only this one, counted from 1")] | None = None
    first: Annotated[int, Meta(ge=1, description="only so many")] | None = None
    every: Annotated[int, Meta(ge=1, description="every third: 3, 6, 9 …")] | None = None

    def __post_init__(self) -> None:
        """Raises SettingsError when ``where`` cannot be read."""
        try:
            expression.parse(self.where or "true")
        except SettingsError as error:
            raise WrongRule(f"where: {error}") from error

    def fits(self, piece: Piece) -> bool:
        """Whether ``piece`` is a unit of the kind meant; counting is another matter."""
        return (
            piece.kind in ({self.kind} if self.kind else {"request", "response", "frame"})
            and (self.opcode is None or piece.opcode == self.opcode)
            and (self.path is None or fnmatchcase(piece.path, self.path))
            and (self.where is None or expression.parse(self.where).holds(piece))
        )

    def counts(self, n: int) -> bool:
        """Whether the ``n``-th unit that fits is meant, from 1."""
        return (
            (self.nth is None or n == self.nth)
            and (self.first is None or n <= self.first)
            and (self.every is None or n % self.every == 0)
        )


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault and what it is for; what is left out means "all"."""

    fault: AnyFault
    direction: (
        Annotated[Direction, Meta(description="c2s: to the server; s2c: to the client; none: both")]
        | None
    ) = None
    connections: (
        Annotated[tuple[int, ...], Meta(description="numbers, from 1 in order of arrival")] | None
    ) = None
    label: Annotated[str, Meta(description="whose connections, such as Alice")] | None = None
    units: Units | None = None
    at_s: Annotated[float, Meta(ge=0, description="seconds after it was switched on")] = 0
    for_s: Annotated[float, Meta(gt=0, description="seconds it lasts; none: for good")] | None = (
        None
    )

    def __post_init__(self) -> None:
        """Raises SettingsError when a fault of whole units is given no units."""
        if self.fault.of_units and self.units is None:
            raise WrongRule(
                f"“{self.fault.describe()}” takes whole frames or HTTP messages: "
                'say which under "units", such as {"kind": "frame"}'
            )

    def meant_for(self, connection: int, direction: Direction, label: str | None) -> bool:
        """Whether it acts on this direction of this connection."""
        return self.direction in {None, direction} and self.meets(connection, label)

    def meets(self, connection: int, label: str | None) -> bool:
        """Whether it acts on this connection."""
        return (self.connections is None or connection in self.connections) and (
            self.label is None or self.label == label
        )

    @property
    def meets_all(self) -> bool:
        """Whether it acts on every connection."""
        return self.connections is None and self.label is None

    def describe(self) -> str:
        """Such as "latency 40 ms, to the server"."""
        where = {Direction.C2S: ", to the server", Direction.S2C: ", to the client"}
        return self.fault.describe() + (where[self.direction] if self.direction else "")
