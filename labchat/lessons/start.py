"""Lesson 0: the whole lab in five minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.lessons import evidence
from labchat.lessons.lesson import Check, Lab, Lesson, Question

if TYPE_CHECKING:
    from labchat.widgets.lesson_card import Measured


def units_of_one_message(lab: Lab) -> Measured:
    """Let Alice send one message and count what crossed the tap because of it."""
    from labchat.widgets.lesson_card import Measured

    before = len(lab.capture)
    post = lab.alice.say("How many units?", to=lab.bob).result()
    lab.bob.hears("How many units?").result()
    rows = lab.capture.rows(before + 1)
    count = len(rows)
    answer = next(
        option
        for option, most in (("1 to 3", 3), ("4 to 6", 6), ("7 or more", count))
        if count <= most
    )
    told = ", ".join(
        row.summary.split(",")[0] if row.kind != "frame" else "a frame" for row in rows
    )
    return Measured(
        answer,
        f"{count} units carried the one message {post.id}: {told}. It goes out on the WebSocket "
        "and by POST, the server hands it to everybody, and says twice that it is stored.",
    )


def said_hello(lab: Lab) -> str | None:
    """Whether a message with Hello in it crossed the tap."""
    texts = [
        event.get("text", "") for event in evidence.events(lab.capture, "message", to_server=True)
    ]
    if any("hello" in text.lower() for text in texts):
        return None
    if texts:
        return f"you have sent {len(texts)} messages, none of them with “Hello” in it."
    return "no message has crossed the tap. Type one into Alice's field and press Enter."


LESSON = Lesson(
    "00",
    "Start here",
    questions={
        "units": Question(
            "Alice sends one message to Bob. How many units (requests, responses, frames) "
            "cross the tap because of it?",
            ("1 to 3", "4 to 6", "7 or more"),
            units_of_one_message,
        )
    },
    checks={
        "hello": Check(
            "Send “Hello” from Alice to Bob.",
            said_hello,
            hints=(
                "Alice's panel has a field at its bottom.",
                'Type Hello there and press Enter, or run lab.alice.say("Hello", to=lab.bob).',
            ),
        )
    },
)
