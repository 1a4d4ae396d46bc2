"""One line of a benchmark: ours beside a peer's, round by round, and whether it is enough."""

from __future__ import annotations

import math
import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEAD = ("target", "ours", "peer", "ratio (range)", "must be", "met?")
"""Titles of the columns of :func:`cells`."""


@dataclass(frozen=True, slots=True)
class Must:
    """What a figure has to be.

    Attributes:
        least, most: bounds; None for none.
        of: "ratio" (ours / the peer's) or "ours" (the figure itself, in its unit).
    """

    least: float | None = None
    most: float | None = None
    of: str = "ratio"

    def holds(self, value: float) -> bool:
        """Whether ``value`` keeps both bounds."""
        low = self.least is None or value >= self.least
        return low and (self.most is None or value <= self.most)

    def told(self, unit: str) -> str:
        """In signs: "≥ 3 ×", "≤ 1,000 ms"."""
        after = "×" if self.of == "ratio" else unit
        signs = (("≥", self.least), ("≤", self.most))
        return ", ".join(f"{sign} {bound:,g} {after}" for sign, bound in signs if bound is not None)


@dataclass(frozen=True, slots=True)
class Row:
    """What one target came to.

    Attributes:
        target: what was done, in words.
        unit: of ``ours`` and ``theirs``.
        ours, theirs: medians of the rounds; None when there is no such figure.
        peer: who else did the same work; "" when nobody has to.
        ratio, low, high: of ours to the peer's in each round: median, least, most.
        must: what is asked of it, or None.
        note: why a figure is missing, or what to know about it.
    """

    target: str
    unit: str
    ours: float | None = None
    peer: str = ""
    theirs: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    must: Must | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it is what it must be; None when nothing is asked or nothing was measured."""
        value = self.ours if self.must is not None and self.must.of == "ours" else self.ratio
        return None if self.must is None or value is None else self.must.holds(value)

    def as_json(self) -> dict[str, Any]:
        """All of it, ``met`` included; a ratio to nothing is null."""
        told = {**asdict(self), "met": self.met}
        return {name: None if value == math.inf else value for name, value in told.items()}


def compare(
    target: str,
    unit: str,
    ours: Sequence[float],
    *,
    peer: str,
    theirs: Sequence[float],
    must: Must | None = None,
    note: str = "",
) -> Row:
    """Ours against a peer's.

    Args:
        target: what was done.
        unit: of both.
        ours: one figure a round.
        peer: its name.
        theirs: its figures in the same rounds: each ratio is of neighbours in time, so that a
            slow minute of the machine falls on both. To a peer that did nothing it is infinite.
        must: what the ratio has to be.
        note: what to know.

    Raises:
        ValueError: the rounds are not as many, or there are none.
    """
    ratios = [mine / other if other else math.inf for mine, other in zip(ours, theirs, strict=True)]
    if not ratios:
        raise ValueError(f"{target}: no round was measured")
    return Row(
        target,
        unit,
        median(ours),
        peer,
        median(theirs),
        median(ratios),
        min(ratios),
        max(ratios),
        must,
        note,
    )


def alone(
    target: str, unit: str, ours: Sequence[float], *, must: Must | None = None, note: str = ""
) -> Row:
    """A figure that stands by itself; its spread over the rounds goes into the note.

    Raises:
        ValueError: there are no rounds.
    """
    if not ours:
        raise ValueError(f"{target}: no round was measured")
    spread = f"{figure(min(ours))} to {figure(max(ours))} {unit}" if len(ours) > 1 else ""
    told = "; ".join(filter(None, (spread, note)))
    return Row(target, unit, median(ours), must=must, note=told)


def missing(target: str, unit: str, peer: str, *, must: Must | None = None, why: str = "") -> Row:
    """A comparison that could not be made, and why; nothing is left out in silence."""
    return Row(target, unit, peer=peer, must=must, note=f"missing: {why or 'not installed'}")


def cells(row: Row) -> tuple[str, ...]:
    """The row in words, one for each of :data:`HEAD`."""
    ours = "" if row.ours is None else f"{figure(row.ours)} {row.unit}"
    theirs = "" if row.theirs is None else f"{figure(row.theirs)} {row.unit}"
    spread = f"({times(row.low)} to {times(row.high)})"
    ratio = "" if row.ratio is None else f"{times(row.ratio)} {spread}"
    must = "" if row.must is None else row.must.told(row.unit)
    met = {True: "yes", False: "no", None: "" if row.must is None else "not measured"}[row.met]
    peer = f"{row.peer} {theirs}".strip()
    if row.note:
        peer = f"{peer}: {row.note}" if peer else row.note
    return row.target, ours, peer, ratio, must, met


def times(ratio: float | None) -> str:
    """Two decimals; the infinite ratio to a peer that did nothing at all as a sign."""
    return "∞" if ratio in {None, math.inf} else f"{ratio:.2f}"


def figure(value: float) -> str:
    """Three digits that count: "0.123", "12.3", "12,345"."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == 0 else f"{value:.3g}"


def markdown(rows: Iterable[Row]) -> str:
    """The table, for a page."""
    lines = [HEAD, ("---",) * len(HEAD), *(cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def machine() -> str:
    """The machine in words: cores, memory, system, versions; no name of it."""
    told = [f"{os.cpu_count()} cores", *_memory()]
    told += [f"{platform.system()} on {platform.machine()}", f"Python {platform.python_version()}"]
    told += [f"{name} {version(name)}" for name in ("tornado", "websockets")]
    return ", ".join(told)


def _memory() -> list[str]:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return []
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return [f"{size / 2**30:.0f} GiB of memory"]
