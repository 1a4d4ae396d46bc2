"""The sequence ladder: who sent what to whom, with the time, and what the database did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from labchat.widgets import assets
from labchat.widgets.base import CaptureWidget
from labchat.widgets.view_models.trace import TraceLine, trace_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labchat.capture.capture import Capture

KEPT = 1000
"""Statements that are kept; older ones are forgotten."""


class Ladder(CaptureWidget):
    """Lanes for clients, tap, server and database; a line a unit; live while the capture grows.

    Args:
        capture: what to show.
        names: names for the capture's connection labels.
        selected: number of the unit that is marked at first.
        height: pixels; 400 without.
        trace: steps of the store to begin with, see :meth:`add_trace`.
    """

    _esm = assets.esm("ladder")
    _css = assets.css()

    height = traitlets.Int(400).tag(sync=True)
    trace: traitlets.List[TraceLine] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        capture: Capture,
        *,
        names: Mapping[str, str] | None = None,
        selected: int = 0,
        height: int | None = None,
        trace: Iterable[Mapping[str, object]] = (),
    ) -> None:
        self._trace: list[TraceLine] = trace_lines(trace, capture.epoch_ns)
        super().__init__(capture, names=names, selected=selected, height=height)
        self.trace = list(self._trace)

    def add_trace(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Show what the store did: ``{"at_ns", "event": "insert" | "commit", "id", "seq"}``.

        ``at_ns`` is on the capture's clock. May be called from any thread.
        """
        self._trace = [*self._trace, *trace_lines(rows, self.capture.epoch_ns)][-KEPT:]
        self._traced_more = True
        self.bridge.changed()

    _traced_more = False

    def _update(self) -> None:
        if self._traced_more:
            self._traced_more = False
            self.trace = list(self._trace)
        super()._update()
