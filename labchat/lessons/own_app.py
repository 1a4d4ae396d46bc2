"""Lesson 10: your own app: tap it, open a capture, find the bug."""

from __future__ import annotations

import socket
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from labchat.lessons import evidence
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.lessons.plain import TIMEOUT
from labchat.wire.fields import Direction
from labchat.wire.http1 import Request

if TYPE_CHECKING:
    from labchat.capture.capture import Captured
    from labchat.widgets.lesson_card import Measured


def connections(lab: Lab) -> Measured:
    """Two requests by a client that would like to keep its connection."""
    from labchat.widgets.lesson_card import Measured

    before = len(lab.capture.connections)
    host, port = lab.relay.address
    with closing(HTTPConnection(host, port, timeout=TIMEOUT)) as http:
        for _ in range(2):
            http.request("GET", "/")
            response = http.getresponse()
            response.read()
    count = len(lab.capture.connections) - before
    version = {10: "HTTP/1.0", 11: "HTTP/1.1"}.get(response.version, "another version")
    return Measured(
        str(count),
        f"{count}: this app answers in {version}. With 1.0 the end of the connection is the end of "
        "the body unless both agree to keep it; with 1.1 it stays open (RFC 9112 §9.3). Python's "
        "http.server speaks 1.0 unless protocol_version says otherwise.",
    )


def changed(lab: Lab) -> Measured:
    """Compare what a client sent and heard, byte for byte, with what the tap recorded."""
    from labchat.widgets.lesson_card import Measured

    number = len(lab.capture.connections) + 1
    sent, heard = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b""
    with socket.create_connection(lab.relay.address, timeout=TIMEOUT) as plain:
        plain.sendall(sent)
        while more := plain.recv(65536):
            heard += more
    same = (
        lab.capture.stream(number, Direction.C2S) == sent
        and lab.capture.stream(number, Direction.S2C) == heard
    )
    return Measured(
        "no byte" if same else "some bytes",
        f"{len(sent)} bytes there and {len(heard)} back, compared one by one with the capture. The "
        "tap carries bytes and changes nothing, until a fault or an edit is asked of it.",
    )


# what the checks look for


def tapped(lab: Lab) -> str | None:
    """Whether a request to the app was answered through the tap."""
    asked = evidence.requests(lab.capture)
    if not asked:
        return "nothing has crossed the tap: let your client connect to tap.address."
    if not any(each.peer for each, _ in asked):
        return "a request went in, but no answer came back."
    return None


def _named(lab: Lab) -> Captured | str:
    """The unit the learner named, or that none was."""
    number = lab.named
    if number is None:
        return "name a unit: case.answer(unit=…)."
    return lab.capture.unit(number)


def dropped(lab: Lab) -> str | None:
    """Whether the named unit is the frame because of which the server closed with 1002."""
    each = _named(lab)
    if isinstance(each, str):
        return each
    if each.row.kind != "frame":
        return f"unit {each.row.n} is a {each.row.kind}; it is a frame that broke a rule."
    if each.row.direction is Direction.S2C:
        return f"unit {each.row.n} comes from the server: it only says why. Look before it."
    if not each.unit.violations:
        return f"unit {each.row.n} keeps every rule."
    return None if _closed_after(lab, each) else f"unit {each.row.n} was put up with."


def _closed_after(lab: Lab, each: Captured) -> bool:
    closes = evidence.frames(lab.capture, direction="s2c", opcode=8)
    return any(
        frame.close_code == 1002
        and later.row.connection == each.row.connection
        and later.row.n > each.row.n
        for later, frame in closes
    )


def twice(lab: Lab) -> str | None:
    """Whether the named unit is the POST that says again, without an id, what was said before."""
    each = _named(lab)
    if isinstance(each, str):
        return each
    if not isinstance(each.unit, Request) or each.unit.method != "POST":
        return f"unit {each.row.n} stores nothing; it is a POST that made the second row."
    same = [
        other
        for other, request in evidence.requests(lab.capture, method="POST")
        if request.body == each.unit.body
    ]
    if len(same) < 2:
        return f"what unit {each.row.n} says was said only once."
    if "id" in (evidence.as_json(each.unit.body) or {}):
        return f"unit {each.row.n} carries an id, so the server knows it again."
    if each.row.n == same[0].row.n:
        return f"unit {each.row.n} is the first of {len(same)}: it was right to be sent."
    return None


def silent(lab: Lab) -> str | None:
    """Whether the named unit is a ping that was never answered."""
    each = _named(lab)
    if isinstance(each, str):
        return each
    if each.row.opcode != 9:
        return f"unit {each.row.n} is no ping: only who asks can notice that nobody is there."
    if _ponged(lab, each):
        return f"the ping in unit {each.row.n} got its pong."
    return None


def _ponged(lab: Lab, ping: Captured) -> bool:
    """Whether a pong came back before the same side asked again."""
    for later in evidence.units(lab.capture, lambda each: each.row.n > ping.row.n):
        if later.row.connection != ping.row.connection:
            continue
        if later.row.opcode == 10 and later.row.direction is not ping.row.direction:
            return True
        if later.row.opcode == 9 and later.row.direction is ping.row.direction:
            return False
    return False


LESSON = Lesson(
    "10",
    "Your own app",
    questions={
        "connections": Question(
            "Two requests, one after the other, by a client that keeps its connection if it may. "
            "How many TCP connections does this app make of it?",
            ("1", "2"),
            connections,
        ),
        "changed": Question(
            "Client and app speak through the tap. How much of what they say does it change?",
            ("no byte", "some bytes"),
            changed,
        ),
    },
    checks={
        "tapped": Check(
            "Let a request to your app cross the tap, and be answered.",
            tapped,
            hints=(
                "The tap listens at tap.address; the app itself is elsewhere.",
                'url = "http://{}:{}/".format(*tap.address), then urllib.request.urlopen(url)',
            ),
        ),
        "dropped": Check(
            "Name the frame because of which the server hung up.",
            dropped,
            hints=(
                "Look for the connection that has a close frame from the server, and its code.",
                "1002 is a protocol error: the frame before it broke a rule. Its cross says which.",
                "case.capture.frames has a column masked, and one direction.",
            ),
        ),
        "twice": Check(
            "Name the POST that stored Alice's message a second time.",
            twice,
            hints=(
                "case.capture.requests shows all requests with their status and time.",
                "Two POSTs have the same body. Why was the second one sent?",
                "The first one's answer came when its client had already hung up.",
            ),
        ),
        "silent": Check(
            "Name the ping that nobody answered.",
            silent,
            hints=(
                "The server sends pings (opcode 9); a client that is there answers each (10).",
                "Follow one connection at a time: who stopped answering?",
                "On connection 2, count pings and pongs: one ping is too many.",
            ),
        ),
    },
)
