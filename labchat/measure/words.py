"""Numbers as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def number(value: float) -> str:
    """Three significant digits, thousands grouped, no exponent: 6, 0.27, 51,800."""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def _one(unit: str) -> str:
    """The unit of a single thing: ``1 connection``."""
    counted = unit.endswith("s") and unit not in {"ms", "s"}
    return unit[:-1] if counted else unit


def told(row: Mapping[str, Any]) -> str:
    """A finding's value with its unit and spread: ``6 bytes (2 to 14)``; ``status 101``."""
    value, low, high = row["measured"], row["low"], row["high"]
    if value is None:
        return "not measured"
    if row["unit"] == "status":
        return f"status {value}"
    words = f"{number(value)} {_one(row['unit']) if value == 1 else row['unit']}"
    if low is None or high is None or low == high:
        return words
    return f"{words} ({number(low)} to {number(high)})"
