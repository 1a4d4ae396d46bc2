"""Lesson 4: one message on both paths, step by step."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from labchat.lessons import evidence
from labchat.lessons.http import connect, get, post
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.lessons.plain import opening, talk
from labchat.lessons.steps import messages, race, seen
from labchat.lessons.waiting import bubble, stored
from labchat.wire import frames
from labchat.wire.conversation import Kind
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from labchat.widgets.lesson_card import Measured

ALICES_FRAME = {"direction": "c2s", "kind": "frame", "where": 'json.type == "message"'}
"""What ``lab.hold(**ALICES_FRAME)`` stops: messages on their way to the server."""

COPY, COMMIT = "Bob's copy", "the commit"


# Questions.


def _order(lab: Lab, why: str) -> Measured:
    from labchat.widgets.lesson_card import Measured

    times = race(lab)
    first = int((times["copy"] < times["commit"]).sum())
    median = times.median()
    return Measured(
        COPY if 2 * first > len(times) else COMMIT,
        f"Bob's copy was first in {first} of {len(times)} messages. It crossed the tap "
        f"{median['copy']:.1f} ms after Alice's frame, and the commit was done after "
        f"{median['commit']:.1f} ms (medians). {why}",
    )


def relay_first(lab: Lab) -> Measured:
    """Time Bob's copy and the commit on the learner's lab, which relays first, as in the text."""
    why = "The server hands the message on before it stores it, as the text's does."
    return _order(lab, why)


def commit_first(lab: Lab) -> Measured:
    """The same with a server of the other kind."""
    why = "What Bob sees is stored, and the disk is what he waits for."
    make: Any = type(lab)
    with make(port=0, names=lab.names, options=("--delivery", "commit-first")) as other:
        return _order(other, why)


def two_ids(lab: Lab) -> Measured:
    """The text's sequence as it is written: the POST knows nothing of the WebSocket's id."""
    from labchat.widgets.lesson_card import Measured

    text = '{"type": "message", "text": "twice", "senderId": "user-1", "receiverId": "user-2"%s}'
    with closing(connect(lab)) as http:
        before = max((each["seq"] for each in get(http, "/api/messages")), default=0)
        said = (text % f', "id": "msg-ws-{before}"').encode()
        closing_frame = frames.build(8, b"\x03\xe8", mask=bytes(4))
        talk(lab, opening("/"), frames.build(1, said, mask=b"\x01\x02\x03\x04") + closing_frame)
        post(http, "twice")
        rows = [each["id"] for each in get(http, f"/api/messages?after={before}")]
    return Measured(
        str(len(rows)),
        f"The database holds {' and '.join(rows)}. Nothing says that the two are one message; "
        "Bob sees it twice as soon as he loads the conversation. One id on both paths makes the "
        "second a repetition, which is acknowledged and not stored again.",
    )


def held(lab: Lab) -> Measured:
    """Hold the frame, let the POST go on, and see what the two see."""
    from labchat.widgets.lesson_card import Measured

    lab.hold(**ALICES_FRAME)
    try:
        post_id = lab.alice.post("held by the card", lab.bob.id)
        lab.held().result()
        mine = stored(lab.alice, post_id)
        bobs = seen(lab.bob, post_id)
    finally:
        lab.cont()
    bubble(lab.bob, post_id)
    return Measured(
        f"Alice: {mine.delivery}, Bob: {bobs}",
        f"The POST stored it as number {mine.seq} and told Alice so, but in the text's design a "
        "POST tells nobody else. Bob got it when the frame was let go: stored is not delivered.",
    )


# Checks.


def _posts(lab: Lab) -> dict[str, tuple[int, str]]:
    """Id of each message that a POST stored → (when the answer crossed, in ns; its text)."""
    found = {}
    for each, response in evidence.responses(lab.capture, status=200):
        body = evidence.as_json(response.body)
        if isinstance(body, dict) and "text" in body:
            found[body["id"]] = (each.row.end_ns, body["text"])
    return found


def overtaken(lab: Lab) -> str | None:
    """Whether a POST was answered before the frame of the same message reached the server."""
    posts = _posts(lab)
    both = [
        (each.row.end_ns, posts[event["id"]][0])
        for each, event in messages(lab)
        if event.get("id") in posts and each.row.direction is Direction.C2S
    ]
    if any(answered < framed for framed, answered in both):
        return None
    if both:
        return f"the frame was ahead of the POST's answer each time ({len(both)} messages)."
    return "no message has gone out on both paths yet."


def two_texts(lab: Lab) -> str | None:
    """Whether Bob was told another text than the one that is stored under the same id."""
    posts = _posts(lab)
    told = [event["data"] for _, event in messages(lab) if "data" in event]
    both = [(each["text"], posts[each["id"]][1]) for each in told if each["id"] in posts]
    if any(heard != kept for heard, kept in both):
        return None
    if both:
        return "what was told and what was stored were the same each time: edit the held frame."
    return "no message was both told and stored by POST yet."


def lost(lab: Lab) -> str | None:
    """Whether a frame was dropped whose message the POST stored."""
    gaps = [row for row in lab.capture.rows() if row.kind is Kind.GAP]
    if not any(row.direction is Direction.C2S for row in gaps):
        return "nothing was dropped on its way to the server."
    told = {event["data"]["id"] for _, event in messages(lab) if "data" in event}
    sent = {event["id"] for _, event in messages(lab) if "id" in event}
    if set(_posts(lab)) - told - sent:
        return None
    return "something was dropped, but each message that was stored has been told to Bob as well."


LESSON = Lesson(
    "04",
    "Real message flow",
    questions={
        "held": Question(
            "Alice's frame waits at the tap; her POST goes on. What do the two see?",
            (
                "Alice: sent, Bob: nothing",
                "Alice: stored, Bob: nothing",
                "Alice: stored, Bob: received",
            ),
            held,
        ),
        "order": Question(
            "Nothing is held. Which comes first, Bob's copy or the commit to the database?",
            (COPY, COMMIT),
            relay_first,
        ),
        "commit-first": Question(
            "The same with a server that is told --delivery commit-first?",
            (COPY, COMMIT),
            commit_first,
        ),
        "two-ids": Question(
            "The text's POST does not know the id that the WebSocket's copy has. How many rows "
            "does the one message take in the database?",
            ("1", "2"),
            two_ids,
        ),
    },
    checks={
        "overtake": Check(
            "Let a POST be answered before the frame of the same message reaches the server.",
            overtaken,
            hints=(
                "Hold the frame only; what is not held passes.",
                "lab.hold(**ALICES_FRAME), then lab.alice.post(…): the POST is answered meanwhile.",
                "Then press Step, or lab.step().result(), and the frame goes on.",
            ),
        ),
        "two-texts": Check(
            "Make Bob read another text than the one that is stored.",
            two_texts,
            hints=(
                "The frame and the POST both carry the text; the tap can change the frame.",
                "Hold the frame, and wait with lab.held().result(): its unit has a payload.",
                "lab.edit(payload=held.unit.payload.replace(b'Hello', b'Howdy')).result(); then "
                "step, and lab.cont().",
            ),
        ),
        "drop": Check(
            "Lose a frame for good, so that a message is stored and Bob is not told.",
            lost,
            hints=(
                "A held unit can be dropped.",
                "lab.hold(**ALICES_FRAME), post, then lab.drop().result() and lab.cont().",
            ),
        ),
    },
)
