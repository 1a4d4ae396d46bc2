"""The inspector: every unit that crossed the tap, and each of its bytes by name."""

from __future__ import annotations

from labchat.widgets import assets
from labchat.widgets.base import CaptureWidget


class Inspector(CaptureWidget):
    """List, bits, bytes, fields and message of a capture's units; live while it grows.

    Args:
        capture: what to show.
        names: names for the capture's connection labels, such as ``{"user-1": "Alice"}``.
        selected: number of the unit that is open at first.
        height: pixels; 640 without.
    """

    _esm = assets.esm("inspector")
    _css = assets.css()
