"""HAR 1.2: out, for DevTools and others; in, from Chrome, Firefox and others."""

from __future__ import annotations

from labchat.capture.har_read import load
from labchat.capture.har_write import dump, write

__all__ = ["dump", "load", "write"]
