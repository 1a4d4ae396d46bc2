"""Lesson 7: errors: three ways to lose a connection, coming back, being offline, retrying."""

from __future__ import annotations

import json
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from labchat.chat.session import Delivery, Link
from labchat.lessons import evidence
from labchat.lessons.http import connect, get
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.lessons.plain import TIMEOUT
from labchat.lessons.recovery import missed, retried, waited
from labchat.lessons.waiting import awaited, bubble, connected, disconnected, lines_of
from labchat.measure import crowd

if TYPE_CHECKING:
    from labchat.widgets.lesson_card import Measured

OUTAGE_S = 40.0
KEPT = 5


# Losing a connection.


def line_of(lab: Lab, user: Any) -> int:
    """The number of the WebSocket connection a user has, once they are connected."""
    connected(user)
    ended = {each.number for each in lab.capture.connections if each.ended}
    return [number for number in lines_of(lab, user) if number not in ended][-1]


def back(*users: Any) -> None:
    """Bring users back now, without their waiting."""
    for user in users:
        user.go_online()
    connected(*users)


def close_code(lab: Lab) -> Measured:
    """Reset Alice's connection, and look for a close frame on the wire."""
    from labchat.widgets.lesson_card import Measured

    number = line_of(lab, lab.alice)
    lab.cut("rst", [number])
    awaited(lab.capture.subscribe, lambda: lines_of(lab, lab.alice)[-1] > number or None)
    connected(lab.alice)
    closes = [
        frame.close_code
        for each, frame in evidence.frames(lab.capture, opcode=8)
        if each.row.connection == number
    ]
    return Measured(
        ", ".join(map(str, closes)) or "none",
        f"{len(closes)} close frames crossed the tap; Alice's client noticed all the same, and has "
        "come back. A browser would tell its page 1006: that number means that there was no close "
        "frame, and it must never be sent (RFC 6455 §7.4.1).",
    )


def silence(lab: Lab) -> Measured:
    """Let Alice's line fall silent, and let her write."""
    from labchat.widgets.lesson_card import Measured

    lab.alice.set_transport("websocket")
    try:
        lab.cut("silence", [line_of(lab, lab.alice)])
        post_id = lab.alice.post("Is this line alive?", lab.bob.id)
        reached = bubble(lab.alice, post_id, Delivery.SENT, Delivery.STORED).delivery
        link = lab.alice.snapshot().link
        lab.alice.go_offline()
        back(lab.alice)
        bubble(lab.alice, post_id, Delivery.STORED)
    finally:
        lab.alice.set_transport("both")
    seen = {(Link.CONNECTED, Delivery.SENT): "connected, and the message as sent"}
    return Measured(
        seen.get((link, reached), f"{link}, and the message as {reached}"),
        "Nothing came back, and nothing had to: TCP took the bytes, and would try for minutes to "
        "deliver them. Only an answer that does not come tells it, so the client pings every 20 s "
        "and gives up 10 s later. Then it sends again what was not acknowledged.",
    )


# The crowd.


def busiest(_lab: Lab) -> Measured:
    """Two hundred clients by the text's policy, in virtual time."""
    from labchat.widgets.lesson_card import Measured

    peaks = {policy: _peak(policy) for policy in ("text", "full-jitter")}
    clients = crowd.CLIENTS
    options = (("about 20", 40), ("about 100", clients - 1), (f"all {clients}", clients))
    return Measured(
        next(option for option, most in options if peaks["text"] <= most),
        f"{peaks['text']} in one second: they lost the server together, they count the same "
        "seconds, and they come back together, again and again. With full jitter the busiest "
        f"second has {peaks['full-jitter']} (the first two left out). RFC 6455 §7.2.3 asks for a "
        "random delay before the first attempt as well.",
    )


def _peak(policy: str) -> int:
    """Attempts in the busiest second but for the first two, in which everybody tries."""
    attempts = crowd.attempts(policy)
    return int(crowd.summary(attempts[attempts["at_s"] >= 2])["peak_per_s"].iloc[0])


def patience(_lab: Lab) -> Measured:
    """The same crowd, and a server that is away for longer than the text waits."""
    from labchat.widgets.lesson_card import Measured

    back_again = crowd.summary(crowd.attempts("text", down_s=OUTAGE_S))["connected"].iloc[0]
    clients = crowd.CLIENTS
    options = (("none", 0), ("some", clients - 1), (f"all {clients}", clients))
    return Measured(
        next(option for option, most in options if back_again <= most),
        f"{back_again} of {clients}: after 1 + 2 + 4 + 8 + 16 = 31 s they have given up, for good. "
        "The RFC has no such limit; a longest pause (30 s, say) keeps the load low as well.",
    )


# Sending again.


def again(lab: Lab, *, same_id: bool) -> list[int]:
    """A POST whose answer is lost, sent once more; the numbers of the rows it has left.

    Args:
        lab: whose tap to go through.
        same_id: name the message, with the same id both times.
    """
    message = {"text": "Once, or twice?", "senderId": "user-1", "receiverId": "user-2"}
    if same_id:
        message["id"] = f"retry-{time.monotonic_ns()}"
    body = json.dumps(message).encode()
    head = b"POST /api/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with closing(connect(lab)) as http:
        before = max((each["seq"] for each in get(http, "/api/messages")), default=0)
        with socket.create_connection(lab.relay.address, timeout=TIMEOUT) as lost:
            lost.sendall(request)
            get(http, f"/api/messages?after={before}&wait=10")  # it is stored; nobody reads so
        http.request("POST", "/api/messages", body, {"Content-Type": "application/json"})
        http.getresponse().read()
        return [each["seq"] for each in get(http, f"/api/messages?after={before}")]


def _again(lab: Lab, *, same_id: bool, why: str) -> Measured:
    from labchat.widgets.lesson_card import Measured

    rows = again(lab, same_id=same_id)
    return Measured(str(len(rows)), f"Stored as number {' and '.join(map(str, rows))}. {why}")


def without_id(lab: Lab) -> Measured:
    """Send again what has no id."""
    why = (
        "The server had stored the first; the client could not know. POST is not idempotent, and "
        "must not be repeated blindly (RFC 9110 §9.2.2)."
    )
    return _again(lab, same_id=False, why=why)


def with_id(lab: Lab) -> Measured:
    """Send again what has one."""
    why = "The id says that it is the same message: the second is acknowledged, and not stored."
    return _again(lab, same_id=True, why=why)


def killed(lab: Lab) -> Measured:
    """Let Alice send, kill the server as soon as it has acknowledged, and start it again."""
    from labchat.widgets.lesson_card import Measured

    kept = [lab.alice.say(f"keep {n}", to=lab.bob).result().seq for n in range(KEPT)]
    restart(lab)
    with closing(connect(lab)) as http:
        there = {each["seq"] for each in get(http, f"/api/messages?after={kept[0] - 1}")}
    count = len(set(kept) & there)
    options = (("none", 0), ("some of them", KEPT - 1), (f"all {KEPT}", KEPT))
    return Measured(
        next(option for option, most in options if count <= most),
        f"{count} of {KEPT}. kill -9 leaves a process no time to tidy up; but the server "
        "acknowledges only what SQLite has committed, and a commit is on the disk.",
    )


def restart(lab: Lab) -> None:
    """``kill -9`` the server, let the users notice, start it again and bring them back."""
    lab.kill_server()
    disconnected(lab.alice, lab.bob)
    lab.restart_server()
    back(lab.alice, lab.bob)


LESSON = Lesson(
    "07",
    "Errors",
    questions={
        "close-code": Question(
            "Alice's connection is reset. Which close code crosses the wire?",
            ("1000", "1006", "none"),
            close_code,
        ),
        "silence": Question(
            "Alice's line falls silent: no FIN, no RST, nothing. She writes. What does she see?",
            (
                "reconnecting, and the message as pending",
                "connected, and the message as sent",
                "connected, and the message as stored",
            ),
            silence,
        ),
        "crowd": Question(
            f"{crowd.CLIENTS} clients lose the server for 10 s, and come back by the text's "
            "backoff. How many try in the busiest second?",
            ("about 20", "about 100", f"all {crowd.CLIENTS}"),
            busiest,
        ),
        "patience": Question(
            f"The server is away for {OUTAGE_S:g} s. How many of the {crowd.CLIENTS} come back?",
            ("none", "some", f"all {crowd.CLIENTS}"),
            patience,
        ),
        "no-id": Question(
            "The answer to a POST is lost, so the client sends it again. It has no id. How many "
            "rows?",
            ("1", "2"),
            without_id,
        ),
        "same-id": Question(
            "The same, but the message has an id, and keeps it. How many rows?",
            ("1", "2"),
            with_id,
        ),
        "killed": Question(
            f"Alice has sent {KEPT} messages, and all are acknowledged. Now kill -9. How many are "
            "there after a restart?",
            ("none", "some of them", f"all {KEPT}"),
            killed,
        ),
    },
    checks={
        "pending": Check(
            "Let a message wait until there is a connection again, and then go out.",
            waited,
            hints=(
                "Who is offline may still write.",
                "lab.alice.go_offline(), then post, then lab.alice.go_online().",
            ),
        ),
        "missed": Check(
            "Let Bob miss a message, and get it when he comes back.",
            missed,
            hints=(
                "Bob must have heard one message before, or there is no last one to name.",
                "lab.bob.go_offline(), let Alice say something, then lab.bob.go_online().",
            ),
        ),
        "retry": Check(
            "Send one POST twice, so that it is stored once.",
            retried,
            hints=(
                "What makes two requests one message?",
                'The body may have an "id"; http.request("POST", …) twice with the same body.',
            ),
        ),
    },
)
