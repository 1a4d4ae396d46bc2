"""Whether somebody came back from trouble, as the capture shows it; the checks of lesson 7."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from labchat.lessons import evidence
from labchat.wire.conversation import Kind
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from labchat.capture.capture import Connection
    from labchat.lessons.lesson import Lab


def _speeches(lab: Lab) -> list[tuple[Connection, Direction, dict[str, Any]]]:
    """All chat events in WebSocket frames, each with its connection and its way."""
    connections = {each.number: each for each in lab.capture.connections}
    found = []
    for each, frame in evidence.frames(lab.capture, opcode=1):
        event = evidence.as_json(frame.payload)
        if isinstance(event, dict):
            found.append((connections[each.row.connection], each.row.direction, event))
    return found


def _older(lab: Lab, created_at: str, connection: Connection) -> bool:
    """Whether something was written before its connection was opened."""
    started = lab.capture.started_at or datetime.now(UTC)
    opened = started + timedelta(microseconds=connection.opened_ns / 1000)
    return datetime.fromisoformat(created_at) < opened


def waited(lab: Lab) -> str | None:
    """Whether a message went out on a connection that is younger than the message."""
    said = [
        (connection, event)
        for connection, way, event in _speeches(lab)
        if way is Direction.C2S and event.get("type") == "message"
    ]
    if any(_older(lab, event["createdAt"], connection) for connection, event in said):
        return None
    if not said:
        return "no message has gone out by WebSocket yet."
    each = "the one message so far" if len(said) == 1 else f"each of the {len(said)} messages"
    return f"{each} was written while there was a connection."


def missed(lab: Lab) -> str | None:
    """Whether somebody got, after coming back, what others had written meanwhile."""
    users: dict[int, str] = {}
    heard: set[tuple[str, str]] = set()
    came_back = False
    for connection, way, event in _speeches(lab):
        if way is Direction.C2S and event.get("type") == "register":
            users[connection.number] = event["userId"]
            came_back = came_back or "lastSeq" in event
        elif way is Direction.S2C and event.get("type") == "message":
            post, user = event["data"], users.get(connection.number, "")
            if (user, post["id"]) not in heard and _older(lab, post["createdAt"], connection):
                return None
            heard.add((user, post["id"]))
    if came_back:
        return "somebody came back, but nothing had been written meanwhile."
    return "nobody has come back and named the last message they had (lastSeq)."


def retried(lab: Lab) -> str | None:
    """Whether one POST was sent twice and stored once."""
    posts = evidence.requests(lab.capture, method="POST")
    bodies = [body for _, each in posts if isinstance(body := evidence.as_json(each.body), dict)]
    ids = [body.get("id") for body in bodies]
    twice = {each for each in ids if each is not None and ids.count(each) > 1}
    stored = [
        evidence.as_json(response.body)
        for each, response in evidence.responses(lab.capture, status=200)
        if each.row.kind is Kind.RESPONSE
    ]
    rows = [body for body in stored if isinstance(body, dict) and body.get("id") in twice]
    if rows and len({body["seq"] for body in rows}) == len({body["id"] for body in rows}):
        return None
    texts = [body.get("text") for body in bodies if not body.get("id")]
    if any(texts.count(text) > 1 for text in texts):
        return "you have sent the same text twice, but without an id: it is stored twice."
    return "no POST has been sent twice with the same id."
