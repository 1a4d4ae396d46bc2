"""From a capture to what a front end draws: plain data, no widgets, no clock, no I/O."""

from __future__ import annotations
