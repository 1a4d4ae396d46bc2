"""labchat: see, step, break and measure what a real-time chat says on the wire.

Everything a notebook needs is one attribute away, and is imported when it is first used:
``start`` and ``Lab`` (the lab), ``connect`` (a chat client), ``open`` (a capture file),
``show`` (an inspector of a capture, a file or bare bytes), ``claims`` (the text's, measured) and
``experiment`` (a declared one, run in a process of its own), ``tap`` (the instrument in front of
an app of your own).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from labchat import tap

if TYPE_CHECKING:
    from labchat.capture.files import open
    from labchat.client import connect
    from labchat.lab import Lab, start
    from labchat.lab.experiments import claims, experiment, sizes, summary
    from labchat.tap.front import Front
    from labchat.widgets.show import show

__version__ = "0.1.0"

__all__ = [
    "Lab",
    "claims",
    "connect",
    "experiment",
    "open",
    "show",
    "sizes",
    "start",
    "summary",
    "tap",
]

_HOMES = {
    "Lab": "labchat.lab",
    "claims": "labchat.lab.experiments",
    "connect": "labchat.client",
    "experiment": "labchat.lab.experiments",
    "open": "labchat.capture.files",
    "show": "labchat.widgets.show",
    "sizes": "labchat.lab.experiments",
    "start": "labchat.lab",
    "summary": "labchat.lab.experiments",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'labchat' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def _show_tap(front: Front) -> dict[str, Any] | None:
    bundle: dict[str, Any] | None = importlib.import_module("labchat.lab.front").bundle(front)
    return bundle


tap.shown_by(_show_tap)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
