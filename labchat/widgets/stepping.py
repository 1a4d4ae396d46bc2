"""The stepper with the fault bar above it: all that a hand can do to traffic, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from labchat.widgets.closing import Following

if TYPE_CHECKING:
    from labchat.widgets.fault_bar import FaultBar
    from labchat.widgets.stepper import Stepper


class Stepping(Following, ipywidgets.VBox):
    """A fault bar above a stepper, in one frame.

    Args:
        fault_bar: closed with the whole.
        stepper: likewise.
    """

    def __init__(self, fault_bar: FaultBar, stepper: Stepper) -> None:
        self.fault_bar = fault_bar
        self.stepper = stepper
        super().__init__(children=[fault_bar, stepper])
        for name in ("lc", "lc-panel", "lc-stepping"):
            self.add_class(name)
        self.on_close(fault_bar.close, stepper.close)

    def __repr__(self) -> str:
        return "Stepper()"
