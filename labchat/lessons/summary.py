"""Lesson 9: the summary table, measured, and what to take away."""

from __future__ import annotations

from contextlib import closing
from time import monotonic_ns
from typing import TYPE_CHECKING

from labchat.lessons import evidence
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.measure.receivers import stream
from labchat.measure.speakers import PostSender, WebSocketSender, Wire
from labchat.measure.stage import posts
from labchat.wire.fields import Direction
from labchat.wire.frames import Frame
from labchat.wire.http1 import Request

if TYPE_CHECKING:
    from labchat.widgets.lesson_card import Measured

MESSAGES = 3
TIMES = ("fewer", "about as many", "5 to 15 times as many", "over 15 times as many")


def times(ratio: float) -> str:
    """The option of :data:`TIMES` that a ratio falls into."""
    limits = zip(TIMES, (0.8, 5, 15), strict=False)
    return next((option for option, most in limits if ratio < most), TIMES[-1])


def pushed(lab: Lab) -> Measured:
    """Ask once by plain HTTP, and count what is heard of three messages."""
    from labchat.widgets.lesson_card import Measured

    wire = Wire(lab.url)
    heard = 0
    with stream(wire) as receiver, closing(PostSender(wire, keep=True)) as sender:
        for n in range(MESSAGES):
            post_id = f"pushed-{monotonic_ns()}-{n}"
            sender.send(post_id, "Did you ask?")
            heard += receiver.wait(post_id) is not None
    return Measured(
        str(heard),
        f"{heard} of {MESSAGES}, for one GET /api/events whose response does not end. “Server "
        "Push: No (pull only)” is true of one request and one response, not of HTTP.",
    )


def stored(lab: Lab) -> Measured:
    """Send a message over the WebSocket alone, and look into the database by HTTP."""
    from labchat.widgets.lesson_card import Measured

    wire = Wire(lab.url)
    post_id = f"only-websocket-{monotonic_ns()}"
    with closing(WebSocketSender(wire)) as sender:
        sender.send(post_id, "Am I stored?")
    count = sum(post["id"] == post_id for post in posts(wire))
    return Measured(
        "yes" if count else "no",
        f"{count} row: the ack is sent once the row is committed. That a message lasts is what the "
        "server does with it, not what carried it.",
    )


def overhead(lab: Lab) -> Measured:
    """The bytes around one message: of a client's frame, and of a POST."""
    from labchat.widgets.lesson_card import Measured

    wire, before = Wire(lab.url), len(lab.capture)
    post_id = f"overhead-{monotonic_ns()}"
    with closing(WebSocketSender(wire)) as sender:
        sender.send(post_id, "Hello!")
    with closing(PostSender(wire, keep=True)) as kept:
        kept.send(post_id, "Hello!")
    units = [lab.capture.unit(row.n) for row in lab.capture.rows(before + 1)]
    sent = [each for each in units if each.row.direction is Direction.C2S]
    frame = next(
        each.unit.header_length
        for each in sent
        if isinstance(each.unit, Frame) and post_id.encode() in each.unit.payload
    )
    request = next(each.unit for each in sent if isinstance(each.unit, Request) and each.unit.body)
    head = len(request.data) - len(request.body)
    return Measured(
        times(head / frame),
        f"{head} bytes before the POST's body, {frame} before the frame's payload: "
        f"{head / frame:.0f} times as many. The text says 300 and 14, which is 21 times; both of "
        "its numbers are too big here, and a browser sends more field lines than this client.",
    )


def one_id(lab: Lab) -> str | None:
    """Whether a message took both paths under one id."""
    framed = {event.get("id") for event in evidence.events(lab.capture, "message", to_server=True)}
    posted = {
        (evidence.as_json(request.body) or {}).get("id")
        for _, request in evidence.requests(lab.capture, method="POST")
    }
    framed, posted = framed - {None}, posted - {None}
    if framed & posted:
        return None
    if framed and posted:
        return "messages went both ways, but none by both under the same id."
    if framed or posted:
        way = "the WebSocket" if framed else "POST"
        return f"messages with an id have gone out by {way} alone."
    return "no message with an id has crossed the tap."


def unasked(lab: Lab) -> str | None:
    """Whether the server spoke a message to somebody who had said nothing but who it is."""
    said: dict[int, list[str]] = {}
    for each in evidence.units(lab.capture, lambda captured: captured.message is not None):
        event = evidence.as_json(each.message.payload if each.message else b"")
        kind = event.get("type", "") if isinstance(event, dict) else ""
        heard = said.setdefault(each.row.connection, [])
        if each.row.direction is Direction.C2S:
            heard.append(kind)
        elif kind == "message" and heard == ["register"]:
            return None
    if not any("register" in kinds for kinds in said.values()):
        return "nobody has registered on a WebSocket."
    return "whoever has heard a message had sent one before: let one only listen."


LESSON = Lesson(
    "09",
    "Summary",
    questions={
        "pushed": Question(
            f"A client asks once, by plain HTTP, for /api/events. {MESSAGES} messages are written. "
            "How many does it hear without asking again?",
            ("0", "1", str(MESSAGES)),
            pushed,
        ),
        "stored": Question(
            "A message goes out over the WebSocket alone, with no POST. Is it in the database?",
            ("yes", "no"),
            stored,
        ),
        "overhead": Question(
            "How many bytes does a POST put before a small message, against a client's frame?",
            TIMES,
            overhead,
        ),
    },
    checks={
        "one-id": Check(
            "Send one message by both paths, under one id.",
            one_id,
            hints=(
                "Alice's client does it all the time.",
                'lab.alice.say("Twice, and once", to=lab.bob).result()',
            ),
        ),
        "unasked": Check(
            "Let the server speak to somebody who has only said who it is.",
            unasked,
            hints=(
                "Bob's client registers when it connects, and then listens.",
                "Let Alice write, and do not let Bob answer.",
            ),
        ),
    },
)
