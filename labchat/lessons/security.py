"""Lesson 8: security: wss, Origin, tokens, hostile text, limits."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from labchat.lessons import evidence
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.lessons.plain import TIMEOUT, opening, talk
from labchat.lessons.visits import EVIL, MASK, answers, client_hello, converse, posted
from labchat.wire import frames
from labchat.wire.conversation import Undissected
from labchat.wire.fields import Direction
from labchat.wire.http1 import Response

if TYPE_CHECKING:
    from labchat.capture.capture import Captured
    from labchat.widgets.lesson_card import Measured

HOSTILE = "<script>alert('hello')</script>"
PRIVATE = "for Bob alone"
TOO_LONG = 100_000


def other_site(lab: Lab) -> Measured:
    """Open a WebSocket as a page of another site does."""
    from labchat.widgets.lesson_card import Measured

    answer = answers(talk(lab, opening("/", Origin=EVIL)))[0]
    return Measured(
        str(answer.status),
        f"{answer.status} {answer.reason}. The browser sends Origin: {EVIL} and stops nothing: "
        "CORS does not cover WebSocket. It is the server that must look (RFC 6455 §10.2).",
    )


def overheard(lab: Lab) -> Measured:
    """Let a ClientHello cross the tap and look for what can be read in it."""
    from labchat.widgets.lesson_card import Measured

    number = len(lab.capture.connections) + 1
    with socket.create_connection(lab.relay.address, timeout=TIMEOUT) as plain:
        plain.sendall(client_hello())
        row = lab.unit(lambda each: each.connection == number).result()
    said = lab.capture.unit(row.n).unit.data
    answer = "the server's name" if b"chat.example" in said else "nothing at all"
    return Measured(
        answer,
        f"The tap saw {len(said)} bytes: “{row.summary}”. The name chat.example stands "
        "in them as plain text, so that a host with many sites can pick the certificate (RFC 6066 "
        "§3). Path, field lines and messages come later, encrypted.",
    )


def hostile(lab: Lab) -> Measured:
    """Post a script as text, and see how the server hands it on."""
    from labchat.widgets.lesson_card import Measured

    found = answers(talk(lab, posted(HOSTILE)))[0]
    stored = evidence.as_json(found.body) or {}
    text = str(stored.get("text"))
    answer = {HOSTILE: "the same characters", "None": "nothing: it is refused"}.get(
        text, "other characters"
    )
    return Measured(
        answer,
        f"Status {found.status}, and the text is {text}. A message is data, and stays what was "
        "typed. Whoever puts it on a page must put it there as text (textContent), not as HTML.",
    )


def long_post(lab: Lab) -> Measured:
    """Post a message that is far too long."""
    from labchat.widgets.lesson_card import Measured

    answer = answers(talk(lab, posted("x" * TOO_LONG)))[0]
    return Measured(
        str(answer.status),
        f"{answer.status} {answer.reason}: {answer.body.decode(errors='replace')} A server that "
        "takes whatever comes can be filled up by anybody (RFC 9110 §15.5.14).",
    )


def long_frame(lab: Lab) -> Measured:
    """Send a WebSocket message that is far too long."""
    from labchat.widgets.lesson_card import Measured

    found = converse(lab, opening("/"), frames.build(1, b"x" * TOO_LONG, mask=MASK))
    closing = next(
        each.unit for each in found if each.row.opcode == 8 and each.row.direction == "s2c"
    )
    assert isinstance(closing, frames.Frame)
    return Measured(
        f"it closes with {closing.close_code}",
        f"Close {closing.close_code}, “{closing.close_reason}” (RFC 6455 §7.4.1). The length "
        "stands in the header, so the server need not wait for the payload to say no.",
        frame=closing.data,
        caption="The server's last word",
    )


# what the checks look for


def hijacked(lab: Lab) -> str | None:
    """Whether a page of another site has heard a message that was not meant for it."""
    foreign = [
        each
        for each, request in evidence.requests(lab.capture, method="GET")
        if (request.header("Origin") or "").startswith(EVIL)
    ]
    if not foreign:
        return f"no page of {EVIL} has knocked yet."
    opened = {
        each.row.connection
        for each in foreign
        if each.peer and getattr(lab.capture.unit(each.peer).unit, "status", 0) == 101
    }
    if not opened:
        return "it knocked, and this server's check of Origin refused it."
    if any(_is_message(each) and each.row.connection in opened for each in _from_server(lab)):
        return None
    return "it got in, but has heard no message: nobody has written one yet."


def _from_server(lab: Lab) -> list[Captured]:
    return evidence.units(lab.capture, lambda each: each.row.direction is Direction.S2C)


def _is_message(each: Captured) -> bool:
    event = evidence.as_json(each.message.payload) if each.message else None
    return isinstance(event, dict) and event.get("type") == "message"


def let_in(lab: Lab) -> str | None:
    """Whether a POST was refused without a token, with somebody else's, and taken with its own."""
    seen = {bool(asked): {status for a, status in _posts(lab) if a == asked} for asked in (0, 1)}
    if not seen[False] and not seen[True]:
        return "no POST has crossed the tap."
    if 401 not in seen[False]:
        return "no POST without a token has been refused (401)."
    if 200 not in seen[True]:
        return "no POST with a token has been taken (200)."
    if 403 not in seen[True]:
        return "nobody has tried to write in somebody else's name yet (403)."
    return None


def _posts(lab: Lab) -> list[tuple[bool, int]]:
    """Of each POST that was answered: whether it had a token, and the status."""
    found = []
    for each, request in evidence.requests(lab.capture, method="POST"):
        answer = lab.capture.unit(each.peer).unit if each.peer else None
        if isinstance(answer, Response):
            found.append((request.header("Authorization") is not None, answer.status))
    return found


def slowed(lab: Lab) -> str | None:
    """Whether somebody posted too fast, and was told when to come back."""
    told = [each for _, each in evidence.responses(lab.capture, status=429)]
    if any(each.header("Retry-After") for each in told):
        return None
    count = len(evidence.responses(lab.capture, status=200))
    return f"{count} of your posts got 200, and none 429: be faster."


def private(lab: Lab) -> str | None:
    """Whether the secret went through the tap over TLS, and cannot be found in the capture."""
    records = evidence.units(lab.capture, lambda each: isinstance(each.unit, Undissected))
    ways = {each.row.direction for each in records if "TLS" in each.row.summary}
    if any(PRIVATE.encode() in _readable(each) for each in evidence.units(lab.capture)):
        return "the secret stands in the capture: that connection was not wss."
    if len(ways) < 2:
        return "no TLS has gone both ways through this lab's tap."
    if not any(len(each.unit.data) > len(PRIVATE) for each in _application(records)):
        return "TLS was begun, but no message went over it: does your client trust the authority?"
    return None


def _readable(each: Captured) -> bytes:
    return each.message.payload if each.message else each.unit.data


def _application(records: list[Captured]) -> list[Captured]:
    """Records of application data (type 23, RFC 8446 §5.1) that a client sent, but for its first.

    The first one carries TLS's own Finished message.
    """
    data = [
        each
        for each in records
        if each.row.direction is Direction.C2S and each.unit.data[:1] == b"\x17"
    ]
    return data[1:]


LESSON = Lesson(
    "08",
    "Security",
    questions={
        "other-site": Question(
            f"A page of {EVIL} opens a WebSocket to your chat on localhost. What is the answer?",
            ("101", "403", "none: the browser stops it"),
            other_site,
        ),
        "overheard": Question(
            "Somebody connects to wss://chat.example. What can be read of it on the way?",
            ("nothing at all", "the server's name", "the path as well"),
            overheard,
        ),
        "hostile": Question(
            f"Alice writes {HOSTILE} What does the server hand on?",
            ("the same characters", "other characters", "nothing: it is refused"),
            hostile,
        ),
        "long-post": Question(
            f"A POST with a text of {TOO_LONG:,} characters. What is the answer?",
            ("200", "400", "413"),
            long_post,
        ),
        "long-frame": Question(
            f"A WebSocket frame of {TOO_LONG:,} bytes. What does the chat do?",
            ("it closes with 1000", "it closes with 1002", "it closes with 1009"),
            long_frame,
        ),
    },
    checks={
        "hijack": Check(
            "Be the page of another site, and read Bob's messages.",
            hijacked,
            hints=(
                "The first server looks at Origin. Another one may not.",
                'labchat.Lab(port=0, options=["--origin", "any"]).start() lets every page in.',
                "Let Alice write there, then call evil_page(careless).",
            ),
        ),
        "tokens": Check(
            "Post without a token, with your own, and with your own in another's name.",
            let_in,
            hints=(
                'post(strict, "Hello") has no token.',
                'post(strict, "Hello", token=token) is Alice, user-1.',
                'post(strict, "Hello", token=token, sender="user-2") says it is Bob.',
            ),
        ),
        "limit": Check(
            "Post so fast that the server asks you to wait.",
            slowed,
            hints=(
                "The limit is per user and second; a burst of twice as many may pass.",
                'post(strict, "again", token=token, times=20)',
            ),
        ),
        "wss": Check(
            "Send “for Bob alone” over wss, so that the tap cannot read it.",
            private,
            hints=(
                "A client that trusts nobody sends nothing.",
                "say_by_wss(secret, …, made.context) trusts the authority that has just been made.",
            ),
        ),
    },
)
