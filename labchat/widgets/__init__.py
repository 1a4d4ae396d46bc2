"""Widgets that show what went over the wire; anywidgets only where ipywidgets has none.

Everything here is imported when first used, so that view models and assets need no ipywidgets.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labchat.widgets.chat_panel import ChatPanel
    from labchat.widgets.compare import Compare
    from labchat.widgets.fault_bar import FaultBar
    from labchat.widgets.handshake import Handshake
    from labchat.widgets.inspector import Inspector
    from labchat.widgets.ladder import Ladder
    from labchat.widgets.latency import Latency
    from labchat.widgets.lesson_card import LessonCard, Measured
    from labchat.widgets.linking import link
    from labchat.widgets.runs import compare_runs
    from labchat.widgets.stepper import Stepper

__all__ = [
    "ChatPanel",
    "Compare",
    "FaultBar",
    "Handshake",
    "Inspector",
    "Ladder",
    "Latency",
    "LessonCard",
    "Measured",
    "Stepper",
    "compare_runs",
    "link",
]

_HOMES = {
    "ChatPanel": "chat_panel",
    "Compare": "compare",
    "FaultBar": "fault_bar",
    "Handshake": "handshake",
    "Inspector": "inspector",
    "Ladder": "ladder",
    "Latency": "latency",
    "LessonCard": "lesson_card",
    "Measured": "lesson_card",
    "Stepper": "stepper",
    "compare_runs": "runs",
    "link": "linking",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
