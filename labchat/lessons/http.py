"""Lesson 3: HTTP and REST: anatomy, keep-alive and close, polling, long poll, SSE."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from labchat.errors import LabError
from labchat.lessons import evidence
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.lessons.plain import TIMEOUT
from labchat.lessons.waiting import awaited

if TYPE_CHECKING:
    from labchat.widgets.lesson_card import Measured

REQUESTS = 5
GOODBYE_S = 10.0
"""For so long the end of a connection may take, when it was asked for."""


def connect(lab: Lab) -> HTTPConnection:
    """An HTTP connection through the lab's tap, by the standard library's client."""
    host, port = lab.relay.address
    return HTTPConnection(host, port, timeout=TIMEOUT)


def post(http: HTTPConnection, text: str, **fields: str) -> dict[str, Any]:
    """POST a message from Alice to Bob; what the server stored."""
    body = {"text": text, "senderId": "user-1", "receiverId": "user-2"}
    headers = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in fields.items()
    }
    http.request("POST", "/api/messages", json.dumps(body).encode(), headers)
    stored: dict[str, Any] = json.loads(http.getresponse().read())
    return stored


def get(http: HTTPConnection, target: str) -> list[dict[str, Any]]:
    """GET a list of messages."""
    http.request("GET", target)
    messages: list[dict[str, Any]] = json.loads(http.getresponse().read())
    return messages


def connections_of_five(lab: Lab) -> Measured:
    """Five POSTs, one after the other, by a client that says nothing of the connection."""
    from labchat.widgets.lesson_card import Measured

    before = len(lab.capture.connections)
    with closing(connect(lab)) as http:
        for n in range(REQUESTS):
            post(http, f"number {n}")
    count = len(lab.capture.connections) - before
    return Measured(
        str(count),
        f"{REQUESTS} requests, {count} connection. HTTP/1.1 keeps a connection open unless one "
        "side says Connection: close (RFC 9112 §9.3); the text says that it always closes.",
    )


def empty_poll(lab: Lab) -> Measured:
    """Ask when there is nothing new, and count what the asking takes."""
    from labchat.widgets.lesson_card import Measured

    with closing(connect(lab)) as http:
        get(http, "/api/messages?after=999999999")
    rows = lab.capture.requests
    row = rows.iloc[-1]
    size = int(row["request_headers"]) + int(row["request_body"])
    back = int(row["response_headers"]) + int(row["response_body"])
    options = (("under 200", 199), ("200 to 300", 300), ("over 300", size))
    answer = next(option for option, most in options if size <= most)
    return Measured(
        answer,
        f"{size} bytes to ask, {back} to hear “nothing new”. The text counts 300 for the asking "
        "and nothing for the answer. How much it is depends on the client's field lines.",
    )


def long_poll(lab: Lab) -> Measured:
    """Ask with wait=10 while somebody writes; which comes first, ten seconds or the answer?"""
    from labchat.widgets.lesson_card import Measured

    with closing(connect(lab)) as http:
        last = max((each["seq"] for each in get(http, "/api/messages")), default=0)
        http.request("GET", f"/api/messages?after={last}&wait=10")
        with closing(connect(lab)) as other:
            post(other, "while you wait")
        messages = json.loads(http.getresponse().read())
    rows = lab.capture.requests
    waited = rows[rows["target"].astype(str).str.contains("wait=10")].iloc[-1]
    ms = int(waited["wait_ns"]) / 1e6
    answer = "as soon as there is one" if messages and ms < 9000 else "after ten seconds"
    return Measured(
        answer,
        f"The answer came after {ms:.0f} ms, with {len(messages)} message. The server holds the "
        "request until there is something to say (RFC 6202 §2): HTTP can be as quick as that.",
    )


def closed(lab: Lab) -> str | None:
    """Whether a client asked for the connection to be closed, and it was."""
    for each, request in evidence.requests(lab.capture):
        if "close" in (request.header("Connection") or "").lower():
            ended = _ended(lab, each.row.connection)
            return None if ended else "you asked, but the connection is still open."
    return "no request has said Connection: close."


def _ended(lab: Lab, number: int) -> bool:
    """Whether a connection has ended, or does so now: the end comes after the answer."""

    def look() -> bool | None:
        return bool(lab.capture.connections[number - 1].ended) or None

    try:
        return awaited(lab.capture.subscribe, look, seconds=GOODBYE_S)
    except LabError:
        return False


def chunked(lab: Lab) -> str | None:
    """Whether a request's body went out in chunks."""
    sent = [r for _, r in evidence.requests(lab.capture) if r.header("Transfer-Encoding")]
    if any("chunked" in (request.header("Transfer-Encoding") or "") for request in sent):
        return None
    return "every request so far has told its length beforehand, with Content-Length."


def streamed(lab: Lab) -> str | None:
    """Whether a message came as a server-sent event."""
    found = [response for _, response in evidence.responses(lab.capture)]
    if any(each.part == "event" and b"data:" in each.data for each in found):
        return None
    if any(each.part == "head" for each in found):
        return "a stream is open, but no event has come: post a message meanwhile."
    return "nobody has asked for /api/events yet."


LESSON = Lesson(
    "03",
    "HTTP and REST",
    questions={
        "connections": Question(
            f"{REQUESTS} POSTs, one after the other. How many TCP connections?",
            ("1", str(REQUESTS)),
            connections_of_five,
        ),
        "poll": Question(
            "You ask for news and there is none. How many bytes does the asking take?",
            ("under 200", "200 to 300", "over 300"),
            empty_poll,
        ),
        "long-poll": Question(
            "You ask with wait=10, and a message comes meanwhile. When do you get the answer?",
            ("as soon as there is one", "after ten seconds"),
            long_poll,
        ),
    },
    checks={
        "close": Check(
            "Send a request after which the connection closes.",
            closed,
            hints=(
                "HTTP has a field for it: Connection.",
                'post(http, "the last one", Connection="close")',
            ),
        ),
        "chunked": Check(
            "Send a body in chunks, without telling its length.",
            chunked,
            hints=(
                "http.client does so for a body that is a generator.",
                'http.request("POST", path, iter([b"…"]), {"Transfer-Encoding": "chunked"}, '
                "encode_chunked=True)",
            ),
        ),
        "sse": Check(
            "Receive a message as a server-sent event.",
            streamed,
            hints=(
                "GET /api/events is a response that does not end.",
                "Read a line with response.readline() after somebody has posted.",
            ),
        ),
    },
)
