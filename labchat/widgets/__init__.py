"""Widgets that show what went over the wire; anywidgets only where ipywidgets has none."""

from __future__ import annotations
