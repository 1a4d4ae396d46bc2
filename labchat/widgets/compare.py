"""The same message on several paths, to scale: what each byte was spent on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anywidget
import traitlets

from labchat.widgets import assets
from labchat.widgets.view_models.compare import compare

if TYPE_CHECKING:
    from labchat.capture.capture import Capture


class Compare(anywidget.AnyWidget):
    """Units side by side, with the responses and acks they got.

    Args:
        capture: where the units are.
        units: their numbers, such as a TEXT frame's and a POST's that carried the same message.

    Attributes:
        selected: 0, or the unit whose bar was pressed; link it with an inspector.

    Raises:
        IndexError: the capture has no such unit.
    """

    _esm = assets.esm("compare")
    _css = assets.css()

    view: traitlets.Dict[str, object] = traitlets.Dict().tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)

    def __init__(self, capture: Capture, *units: int) -> None:
        self._units = units
        super().__init__(view={**compare(capture, units)})

    def __repr__(self) -> str:
        return f"Compare{self._units}"
