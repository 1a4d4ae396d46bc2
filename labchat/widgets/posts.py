"""From a bubble to the units that carried it, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from labchat.wire.fields import Direction
from labchat.wire.http1 import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labchat.capture.capture import Capture, Captured
    from labchat.widgets.chat_panel import ChatPanel
    from labchat.widgets.inspector import Inspector


class PostFinder:
    """Selects the unit of a chosen bubble, and the bubble of a chosen unit."""

    def __init__(self, capture: Capture, chats: Sequence[ChatPanel], inspector: Inspector) -> None:
        self._capture = capture
        self._chats = tuple(chats)
        self._inspector = inspector
        self._read = 0
        self._units: dict[str, int] = {}
        for chat in self._chats:
            chat.observe(self._on_bubble, "selected_post")
        inspector.observe(self._on_unit, "selected")

    def unit_of(self, post: str) -> int | None:
        """The first unit to the server that carried the post, or None."""
        for row in self._capture.rows(self._read + 1):
            if row.direction is Direction.C2S:
                found = post_id(self._capture.unit(row.n))
                if found is not None:
                    self._units.setdefault(found, row.n)
            self._read = row.n
        return self._units.get(post)

    def _on_bubble(self, change: dict[str, object]) -> None:
        post = str(change["new"])
        unit = self.unit_of(post) if post else None
        now = self._inspector.selected
        if unit is not None and (not now or post_id(self._capture.unit(now)) != post):
            self._inspector.selected = unit

    def _on_unit(self, change: dict[str, object]) -> None:
        n = change["new"]
        if not isinstance(n, int) or not 0 < n <= len(self._capture):
            return
        post = post_id(self._capture.unit(n)) or ""
        for chat in self._chats:
            chat.selected_post = post


def post_id(captured: Captured) -> str | None:
    """The id of the chat post that a unit carries, either way, or None."""
    unit = captured.unit
    if isinstance(unit, Request):
        text = unit.body.decode("utf-8", "replace")
    elif captured.message is not None and captured.message.text is not None:
        text = captured.message.text
    else:
        return None
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _id_of(event)


def _id_of(event: object) -> str | None:
    if not isinstance(event, dict):
        return None
    data = event.get("data")
    name = (data if isinstance(data, dict) else event).get("id")
    return name if isinstance(name, str) else None
