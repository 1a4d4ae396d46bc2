"""A claim of the text, how it is measured, and how the measurement judges it.

``measure`` does I/O and returns plain data (JSON); ``judge`` is pure, so that recorded data can be
judged again, and data that say otherwise flip the verdict.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.measure.stage import Stage

Data = dict[str, Any]


class Verdict(StrEnum):
    """What became of a claim."""

    HOLDS = "holds"
    ONLY_IF = "holds only if"
    FALSE = "false"
    UNKNOWN = "not measured"


@dataclass(frozen=True, slots=True)
class Finding:
    """A judged claim.

    Attributes:
        measured: the value, in ``unit``.
        unit: such as "ms", "bytes", "connections".
        low, high: its spread: the 95 % interval, or the least and the most seen.
        verdict: computed from the data.
        why: one sentence; after "holds only if", the condition comes first.
    """

    measured: float | None
    unit: str
    low: float | None
    high: float | None
    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of the text's claims.

    Attributes:
        key: short name.
        claim: the text's words.
        source: where to read more: the standard and its section.
        measure: gathers data on a stage.
        judge: what the data say.
    """

    key: str
    claim: str
    source: str
    measure: Callable[[Stage], Data]
    judge: Callable[[Data], Finding]

    def row(self, data: Data) -> dict[str, Any]:
        """The claim with its finding, as one flat object."""
        found = asdict(self.judge(data))
        return {"key": self.key, "claim": self.claim, **found, "source": self.source}


def span(values: list[float]) -> tuple[float | None, float | None]:
    """The least and the most, or None twice."""
    return (min(values), max(values)) if values else (None, None)
