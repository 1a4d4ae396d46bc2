"""The fault bar: latency, jitter, direction, offline, and three ways to cut a connection now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from labchat.tap.faults.actions import Cut
from labchat.tap.faults.latency import Latency
from labchat.tap.faults.offline import Offline
from labchat.widgets.bridge import Bridge
from labchat.widgets.closing import Following
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.tap.faults.control import Faults

_WAYS = {"both": None, "to server": Direction.C2S, "to client": Direction.S2C}
_PLAIN = {"description_width": "initial"}
_CUTS = {"FIN": Cut.FIN, "RST": Cut.RST, "silence": Cut.SILENCE}


class FaultBar(Following, ipywidgets.HBox):
    """Plain controls over a tap's faults; what is switched on elsewhere shows up here too.

    Args:
        faults: the tap's switchboard.
        cut: ends connections now, such as ``relay.cut``; None: no such buttons.
    """

    def __init__(self, faults: Faults, cut: Callable[[Cut], None] | None = None) -> None:
        self.faults = faults
        self.latency = _number("latency", 10_000)
        self.jitter = _number("jitter", 10_000)
        self.direction = ipywidgets.Dropdown(
            options=list(_WAYS), value="both", description="direction", style=_PLAIN
        )
        self.offline = ipywidgets.Checkbox(description="offline", indent=False)
        self.cuts = [_cut_button(name, how, cut) for name, how in _CUTS.items() if cut]
        self._following = False
        super().__init__(children=self._parts())
        self.add_class("lc")
        self.add_class("lc-fault-bar")
        for control in (self.latency, self.jitter, self.direction):
            control.observe(self._set_latency, "value")
        self.offline.observe(self._set_offline, "value")
        self.bridge = Bridge(self.follow)
        self.on_close(faults.subscribe(self.bridge.changed), self.bridge.close)
        self.follow()

    def follow(self) -> None:
        """Show what is on now."""
        rules = [each.rule for each in self.faults.rules]
        latency = next((r for r in rules if isinstance(r.fault, Latency)), None)
        self._following = True
        try:
            if latency is not None and isinstance(latency.fault, Latency):
                self.latency.value = latency.fault.delay_ms
                self.jitter.value = latency.fault.jitter_ms
                way = latency.direction
                self.direction.value = next(name for name, one in _WAYS.items() if one is way)
            else:
                self.latency.value = self.jitter.value = 0
            self.offline.value = any(isinstance(r.fault, Offline) for r in rules)
        finally:
            self._following = False

    def _parts(self) -> list[ipywidgets.Widget]:
        name = ipywidgets.Label("Faults")
        name.add_class("lc-bar-title")
        words = ipywidgets.Label
        parts = [name, self.latency, words("ms"), self.jitter, words("ms")]
        parts += [self.direction, self.offline]
        if self.cuts:
            cuts = ipywidgets.HBox([words("cut now by"), *self.cuts])
            cuts.add_class("lc-cuts")
            parts.append(cuts)
        return parts

    def _set_latency(self, _change: object) -> None:
        if not self._following:
            way = _WAYS[self.direction.value]
            self.faults.latency(self.latency.value, self.jitter.value, direction=way)

    def _set_offline(self, _change: object) -> None:
        if not self._following:
            self.faults.offline(bool(self.offline.value))

    def __repr__(self) -> str:
        return "FaultBar()"


def summary(faults: Faults) -> str:
    """``Faults: none``, ``Faults: 40 ms``: what the lab's button says."""
    said = faults.describe().replace("latency ", "").replace(" (uniform)", "") or "none"
    return f"Faults: {said if len(said) <= 60 else said[:59] + '…'}"


def _number(name: str, most: int) -> ipywidgets.BoundedFloatText:
    return ipywidgets.BoundedFloatText(0, min=0, max=most, step=10, description=name, style=_PLAIN)


def _cut_button(name: str, how: Cut, cut: Callable[[Cut], None] | None) -> ipywidgets.Button:
    button = ipywidgets.Button(description=name, tooltip=f"cut all connections by {name}")
    if cut is not None:
        button.on_click(lambda _button: cut(how))
    return button
