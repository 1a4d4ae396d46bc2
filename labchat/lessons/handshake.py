"""Lesson 1: the opening handshake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labchat.lessons import evidence
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.lessons.plain import TEXTS_KEY, opening, talk
from labchat.wire.handshake import accept_key
from labchat.wire.http1 import Response

if TYPE_CHECKING:
    from labchat.widgets.lesson_card import Measured

TEXTS_BYTES = 1000
"""What the text says a handshake costs."""


def _answer(lab: Lab, request: bytes) -> Response:
    return next(each.unit for each in talk(lab, request) if isinstance(each.unit, Response))


def without_key(lab: Lab) -> Measured:
    """Leave the key out."""
    from labchat.widgets.lesson_card import Measured

    answer = _answer(lab, opening(Sec_WebSocket_Key=None))
    return Measured(
        str(answer.status),
        f"{answer.status} {answer.reason}: a client must send a key of 16 random bytes in base64 "
        "(RFC 6455 §4.1), so the server takes this for no WebSocket handshake at all.",
    )


def other_version(lab: Lab) -> Measured:
    """Ask for version 8 of the protocol."""
    from labchat.widgets.lesson_card import Measured

    answer = _answer(lab, opening(Sec_WebSocket_Version="8"))
    offered = answer.header("Sec-WebSocket-Version") or "none"
    return Measured(
        str(answer.status),
        f"{answer.status} {answer.reason}, with Sec-WebSocket-Version: {offered}. The server "
        "names what it does speak, and the client may try again (RFC 6455 §4.2.2, §4.4).",
    )


def cost(lab: Lab) -> Measured:
    """Count the bytes of Alice's handshake."""
    from labchat.widgets.lesson_card import Measured

    request, response = lab.capture.unit(1), lab.capture.unit(2)
    total = request.row.length + response.row.length
    options = (("under 200", 200), ("200 to 500", 500), ("500 to 1000", 1000), ("over 1000", total))
    answer = next(option for option, most in options if total <= most)
    return Measured(
        answer,
        f"{request.row.length} bytes there and {response.row.length} back, {total} in all, once "
        f"for a connection. The text says about {TEXTS_BYTES}: a browser sends more field lines "
        "than a small client does.",
    )


def same_key(lab: Lab) -> Measured:
    """Open two connections with one key."""
    from labchat.widgets.lesson_card import Measured

    accepts = {_answer(lab, opening()).header("Sec-WebSocket-Accept") for _ in range(2)}
    return Measured(
        "the same" if len(accepts) == 1 else "different ones",
        f"Both times {', '.join(map(str, accepts))}: the accept value is made from the key and "
        "nothing else. It proves that the server read this request, not that it knows a secret.",
    )


def opened_by_hand(lab: Lab) -> str | None:
    """Whether a handshake with the text's key was answered with the right accept value."""
    asked = [
        (each, request)
        for each, request in evidence.requests(lab.capture, method="GET")
        if request.header("Sec-WebSocket-Key") == TEXTS_KEY
    ]
    if not asked:
        return "no request with the text's key has crossed the tap."
    for each, _request in asked:
        answer = lab.capture.unit(each.peer).unit if each.peer else None
        if isinstance(answer, Response) and answer.status == 101:
            return (
                None
                if answer.header("Sec-WebSocket-Accept") == accept_key(TEXTS_KEY)
                else "the accept value is wrong: this server does not keep the RFC."
            )
    statuses = {
        answer.status
        for each, _ in asked
        if each.peer and isinstance(answer := lab.capture.unit(each.peer).unit, Response)
    }
    return f"the server answered {', '.join(map(str, sorted(statuses)))}, not 101."


def refused(lab: Lab) -> str | None:
    """Whether the server has refused a handshake."""
    for each, request in evidence.requests(lab.capture, method="GET"):
        answer = lab.capture.unit(each.peer).unit if each.peer else None
        asked = (request.header("Upgrade") or "").lower() == "websocket"
        if asked and isinstance(answer, Response) and answer.status >= 400:
            return None
    return "every handshake so far was accepted."


LESSON = Lesson(
    "01",
    "The handshake",
    questions={
        "cost": Question(
            "How many bytes did Alice's handshake take, there and back?",
            ("under 200", "200 to 500", "500 to 1000", "over 1000"),
            cost,
        ),
        "same-key": Question(
            "Two connections use the same Sec-WebSocket-Key. Which accept values do they get?",
            ("the same", "different ones"),
            same_key,
        ),
        "no-key": Question(
            "The request has no Sec-WebSocket-Key. What is the answer?",
            ("101", "400", "426"),
            without_key,
        ),
        "version": Question(
            "The request asks for version 8. What is the answer?",
            ("101", "400", "426"),
            other_version,
        ),
    },
    checks={
        "by-hand": Check(
            "Open a WebSocket with the text's own key.",
            opened_by_hand,
            hints=(
                "opening() writes the request; print it and read it line by line.",
                "talk(lab, opening()) sends it and reads the answer.",
            ),
        ),
        "refused": Check(
            "Make the server refuse a handshake.",
            refused,
            hints=(
                "Leave out what it must have, or ask for what it must not give.",
                'talk(lab, opening(Origin="https://evil.example")) comes from another site.',
            ),
        ),
    },
)
