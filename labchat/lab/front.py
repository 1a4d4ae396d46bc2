"""What a cell shows that ends with ``labchat.tap("localhost:8000")``.

The live inspector, and the handles of the tap's gate and its faults.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from labchat.capture import pcapng
from labchat.errors import MissingExtra, TapError
from labchat.lab.views import widgets

if TYPE_CHECKING:
    from labchat.capture.capture import Capture
    from labchat.tap.front import Front
    from labchat.tap.relay import Relay
    from labchat.widgets.panel import Panel

_panels: WeakKeyDictionary[Front, Panel] = WeakKeyDictionary()


class Shown:
    """A tap as a panel takes it; there are no users to connect again."""

    reconnect = None

    def __init__(self, front: Front) -> None:
        self.capture: Capture = front.capture
        self.relay: Relay = front.relay
        self.names: dict[str, str] = {}

    @property
    def url(self) -> str:
        """Where clients connect; "" once it is stopped."""
        try:
            host, port = self.relay.address
        except TapError:
            return ""
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def save(self, path: str | Path) -> Path:
        """Write the capture to a pcapng file; returns its path."""
        pcapng.write(self.capture, path)
        return Path(path)


def panel(front: Front) -> Panel:
    """Hold, faults, save, the stepper while something is held, and the inspector.

    Raises:
        MissingExtra: ipywidgets or anywidget is not installed in this kernel.
    """
    if front not in _panels:
        inspector = widgets("inspector").Inspector(front.capture)
        _panels[front] = widgets("panel").Panel(Shown(front), (), None, inspector)
    return _panels[front]


def bundle(front: Front) -> dict[str, Any] | None:
    """The panel as IPython displays it; None, and so plain text, where there are no widgets."""
    try:
        made = panel(front)
    except MissingExtra:
        return None
    shown: dict[str, Any] = made._repr_mimebundle_()
    return shown
