"""Widgets that show what went over the wire; anywidgets only where ipywidgets has none.

Everything here is imported when first used, so that view models and assets need no ipywidgets.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labchat.widgets.inspector import Inspector
    from labchat.widgets.ladder import Ladder
    from labchat.widgets.linking import link

__all__ = ["Inspector", "Ladder", "link"]

_HOMES = {
    "Inspector": "inspector",
    "Ladder": "ladder",
    "link": "linking",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
