"""One selection, seen everywhere: a unit picked in one widget is marked in the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import ipywidgets

if TYPE_CHECKING:
    from collections.abc import Callable


class Selecting(Protocol):
    """A widget with a ``selected`` trait: the number of a unit, 0 for none."""

    selected: int

    def observe(self, handler: Callable[[dict[str, object]], None], names: str) -> None:
        """Call ``handler`` when the trait changes."""
        ...


def link(*widgets: Selecting) -> None:
    """Let ``widgets`` select together.

    In the browser they are linked there, so it works while a cell runs and on a static page; what
    Python sets on one is set on all.
    """
    first, *others = widgets
    for other in others:
        ipywidgets.jslink((first, "selected"), (other, "selected"))
    for widget in widgets:
        widget.observe(lambda change: _pass_on(change, widgets), "selected")


def _pass_on(change: dict[str, object], widgets: tuple[Selecting, ...]) -> None:
    owner, new = change["owner"], change["new"]
    if getattr(owner, "following_browser", False) or not isinstance(new, int):
        return
    for widget in widgets:
        if widget is not owner:
            widget.selected = new
