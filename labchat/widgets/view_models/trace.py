"""The store's steps as the ladder draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TraceLine = tuple[float, str, int]
"""Milliseconds since the capture began, "insert" or "commit", seq (0 when not known)."""


def trace_lines(rows: Iterable[Mapping[str, object]], epoch_ns: int) -> list[TraceLine]:
    """The steps of ``rows``; others, and rows without a time, are left out."""
    found: list[TraceLine] = []
    for row in rows:
        at, event, seq = row.get("at_ns"), row.get("event"), row.get("seq")
        if isinstance(at, int) and event in ("insert", "commit"):
            number = seq if isinstance(seq, int) else 0
            found.append((round((at - epoch_ns) / 1e6, 4), str(event), number))
    return found
