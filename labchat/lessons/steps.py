"""One message seen closely: its units one by one, and what came first; for lesson 4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from labchat.lessons import evidence
from labchat.lessons.waiting import bubble, lines_of, stored
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from labchat.lessons.lesson import Lab

MESSAGES = 9
THE_MESSAGE = 'json.type not in ["typing", "typing-update", "presence"] and opcode not in [9, 10]'
"""What ``lab.hold(where=THE_MESSAGE)`` stops: a message and its answers; who types, or asks
whether anybody is there, may pass."""


def walk(lab: Lab, text: str = "Hello") -> pd.DataFrame:
    """Send one message with the tap holding all units, and let them pass one by one.

    Returns:
        One row a step: ``who`` speaks, ``what``, and what ``alice`` and ``bob`` see after it.
        What has nothing to do with the message (a presence, a ping) passes unmentioned.
    """
    lines = {lines_of(lab, each)[-1]: each.name for each in (lab.alice, lab.bob)}
    lab.hold()
    try:
        post_id = lab.alice.post(text, lab.bob.id)
        rows: list[dict[str, str]] = []
        while not {"ack", "200", "copy to Bob"} <= {row["step"] for row in rows}:
            held = lab.step().result()
            name = lines.get(held.connection, lab.alice.name)
            if _name(held, name) in _WORDS:
                rows.append(_step(lab, held, post_id, name))
    finally:
        lab.cont()
    table = pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="step"))
    return table[["who", "what", "alice", "bob"]]


def _step(lab: Lab, held: Any, post_id: str, name: str) -> dict[str, str]:
    """One unit has passed: what it was, and what the two see once it has arrived."""
    step = _name(held, name)
    if step == "copy to Bob":
        bubble(lab.bob, post_id)
    elif step in {"ack", "200"}:
        stored(lab.alice, post_id)
    return {
        "step": step,
        "who": "server" if held.direction == "s2c" else name,
        "what": _WORDS[step],
        "alice": seen(lab.alice, post_id),
        "bob": seen(lab.bob, post_id),
    }


_WORDS = {
    "frame": "the frame, to the server",
    "request": "the POST, to the server",
    "copy to Alice": "her own copy, to Alice",
    "copy to Bob": "the copy, to Bob",
    "ack": "“stored”, by WebSocket, to Alice",
    "200": "“stored”, as the POST's answer, to Alice",
}


def _name(held: Any, name: str) -> str:
    event = evidence.as_json(getattr(held.unit, "payload", b""))
    kind = event.get("type") if isinstance(event, dict) else None
    if held.direction == "c2s":
        return "frame" if kind == "message" else str(held.kind).removeprefix("frame")
    if held.kind == "response":
        return str(getattr(held.unit, "status", ""))
    return f"copy to {name}" if kind == "message" else str(kind)


def seen(user: Any, post_id: str) -> str:
    """How far a user's bubble of that post got, in a word; "nothing" when there is none."""
    found = [each.delivery.value for each in user.snapshot().bubbles if each.id == post_id]
    return found[0] if found else "nothing"


# Which comes first.


def race(lab: Lab, count: int = MESSAGES) -> pd.DataFrame:
    """Send messages on both paths, one after the other, and time what became of each.

    Returns:
        One row a message, in ms since its frame crossed the tap: ``copy``, when Bob's copy
        crossed the tap; ``commit``, when the server's store had committed.
    """
    ids = []
    for n in range(count):
        ids.append(lab.alice.say(f"race {n}", to=lab.bob).result().id)
        bubble(lab.bob, ids[-1])
    bobs = set(lines_of(lab, lab.bob))
    return pd.DataFrame([_times(lab, post_id, bobs) for post_id in ids], index=ids).astype(float)


def _times(lab: Lab, post_id: str, bobs: set[int]) -> dict[str, float]:
    sent = copied = 0
    for each, event in messages(lab):
        if event.get("id") == post_id and each.row.direction is Direction.C2S:
            sent = each.row.end_ns
        elif event.get("data", {}).get("id") == post_id and each.row.connection in bobs:
            copied = each.row.at_ns
    committed = _committed(lab, post_id) - lab.capture.epoch_ns
    return {"copy": (copied - sent) / 1e6, "commit": (committed - sent) / 1e6}


def _committed(lab: Lab, post_id: str) -> int:
    """When the store had committed it, on the clock of the capture's epoch."""
    return next(int(row["at_ns"]) for row in lab.stamps([post_id]) if row["event"] == "commit")


def messages(lab: Lab) -> list[tuple[Any, dict[str, Any]]]:
    """All chat messages in WebSocket frames, with their units."""
    found = []
    for each in evidence.units(lab.capture, lambda captured: captured.message is not None):
        event = evidence.as_json(each.message.payload if each.message else b"")
        if isinstance(event, dict) and event.get("type") == "message":
            found.append((each, event))
    return found
