"""What a notebook keeps of a live widget: the newest rows and as many details as fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypedDict

from labchat.widgets.view_models.rows import Line, lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from labchat.capture.capture import Capture
    from labchat.widgets.view_models.detail import Detail

ROWS = 300
"""Rows that are kept."""

BUDGET = 160_000
"""Characters of JSON that kept details may take together."""


class Snapshot(TypedDict):
    """The last state; ``at`` is wall time in RFC 3339, ``total`` counts units of the capture."""

    at: str
    total: int
    rows: list[Line]
    details: list[Detail]


def snapshot(
    capture: Capture, total: int, selected: int, detail: Callable[[int], Detail], at: str
) -> Snapshot:
    """The newest :data:`ROWS` rows, the selected unit, and newest units while they fit."""
    first = max(1, total - ROWS + 1)
    return {
        "at": at,
        "total": total,
        "rows": lines(capture, first, total + 1),
        "details": list(_details(selected, first, total, detail)),
    }


def _details(
    selected: int, first: int, total: int, detail: Callable[[int], Detail]
) -> Iterator[Detail]:
    left = BUDGET
    wanted = [selected] if 0 < selected <= total else []
    for n in dict.fromkeys([*wanted, *range(total, first - 1, -1)]):
        found = detail(n)
        left -= len(json.dumps(found))
        if left < 0 and n != selected:
            return
        yield found
