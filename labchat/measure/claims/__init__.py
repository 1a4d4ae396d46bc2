"""The text's claims, each put to the test; no verdict is typed in by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labchat.errors import SettingsError
from labchat.measure.claims import backoff, bandwidth, connections, framing, timing, trust
from labchat.measure.claims.claim import Claim, Data, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from labchat.measure.stage import Stage

__all__ = ["CLAIMS", "Claim", "Data", "Finding", "Verdict", "chosen", "run"]

CLAIMS: tuple[Claim, ...] = (
    *connections.CLAIMS,
    *framing.CLAIMS,
    *timing.CLAIMS,
    *bandwidth.CLAIMS,
    *backoff.CLAIMS,
    *trust.CLAIMS,
)
"""In the order in which they are run and told."""


def chosen(keys: Iterable[str]) -> tuple[Claim, ...]:
    """The claims of these keys, in order; all when there are none.

    Raises:
        SettingsError: there is no such claim.
    """
    wanted = list(keys)
    known = {claim.key for claim in CLAIMS}
    if unknown := [key for key in wanted if key not in known]:
        raise SettingsError(f"no claim {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return tuple(claim for claim in CLAIMS if not wanted or claim.key in wanted)


def run(
    stage: Stage,
    claims: Iterable[Claim] = CLAIMS,
    *,
    each: Callable[[dict[str, Any], Data], None] = lambda row, data: None,
) -> list[dict[str, Any]]:
    """Measure and judge; ``each`` is told every row with its data as soon as it is there."""
    rows = []
    for claim in claims:
        stage.progress(claim.claim)
        data = claim.measure(stage)
        rows.append(claim.row(data))
        each(rows[-1], data)
    return rows
