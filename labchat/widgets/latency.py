"""What posts take, drawn while the chat goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anywidget
import traitlets

from labchat.widgets import assets
from labchat.widgets.bridge import Bridge
from labchat.widgets.closing import Following
from labchat.widgets.view_models.latency import Latencies

if TYPE_CHECKING:
    from labchat.capture.capture import Capture

INTERVAL = 0.25
"""Seconds between two pictures: nobody reads a chart faster."""


class Latency(Following, anywidget.AnyWidget):
    """A rolling minute of what posts took: a dot a post, a line of their running medians.

    Args:
        capture: what to watch.
        height: of the chart, pixels.

    Attributes:
        view: what is drawn.
        selected: 0, or the unit whose dot was picked; link it with an inspector.
    """

    _esm = assets.esm("latency")
    _css = assets.css()

    view: traitlets.Dict[str, object] = traitlets.Dict().tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)
    height = traitlets.Int(220).tag(sync=True)

    def __init__(self, capture: Capture, *, height: int = 220) -> None:
        self._capture = capture
        self._latencies = Latencies()
        while self._latencies.read(capture):
            pass
        super().__init__(view={**self._latencies.view()}, height=height)
        self.bridge = Bridge(self._update, interval=INTERVAL)
        self.on_close(capture.subscribe(self.bridge.changed), self.bridge.close)

    def __repr__(self) -> str:
        return "Latency()"

    def _update(self) -> None:
        if self._latencies.read(self._capture):
            self.bridge.changed()
        self.view = {**self._latencies.view()}
