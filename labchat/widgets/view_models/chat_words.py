"""A chat event in three words: ``message “Hello”``, ``ack, seq 42``, ``typing``.

Any JSON object with a ``type`` is named after it, and by what tells it apart from its like.
"""

from __future__ import annotations

import json

LONGEST = 100_000
"""Texts above this many characters are not parsed for a summary."""

_TELLING = ("userId", "id", "code")


def words(text: str) -> str | None:
    """What a chat event says, or None when ``text`` is not one."""
    event = _object(text)
    kind = event.get("type") if event else None
    if event is None or not isinstance(kind, str):
        return None
    said = _said(event)
    if said is not None:
        return f"{kind} “{said}”"
    if isinstance(event.get("seq"), int):
        return f"{kind}, seq {event['seq']}"
    telling = next((event[key] for key in _TELLING if isinstance(event.get(key), str)), None)
    return f"{kind} {telling}" if telling and kind != "typing" else kind


def _object(text: str) -> dict[str, object] | None:
    if len(text) > LONGEST or not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _said(event: dict[str, object]) -> str | None:
    """The text of a message, its own or that of its ``data``."""
    data = event.get("data")
    holder = data if isinstance(data, dict) else event
    text = holder.get("text")
    return _one_line(text) if isinstance(text, str) else None


def _one_line(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
