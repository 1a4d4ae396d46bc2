"""Two runs side by side: WebSocket against POST, healthy against faulted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from labchat.widgets.ladder import Ladder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labchat.capture.capture import Capture


def compare_runs(
    runs: Mapping[str, Capture], *, names: Mapping[str, str] | None = None, height: int = 400
) -> ipywidgets.Box:
    """One ladder for each run under its name, all as wide as there is room.

    Args:
        runs: captures by name, such as ``{"healthy": first, "40 ms of latency": second}``.
        names: names for the captures' connection labels.
        height: of each ladder, in pixels.
    """
    columns = [_column(name, Ladder(run, names=names, height=height)) for name, run in runs.items()]
    box = ipywidgets.Box(columns)
    for name in ("lc", "lc-runs"):
        box.add_class(name)
    return box


def _column(name: str, ladder: Ladder) -> ipywidgets.VBox:
    units = len(ladder.capture)
    head = ipywidgets.Label(f"{name}: {units} unit{'' if units == 1 else 's'}")
    head.add_class("lc-bar-title")
    column = ipywidgets.VBox([head, ladder])
    column.add_class("lc-run")
    return column
