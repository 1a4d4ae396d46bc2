"""Lesson 6: performance: latency and bandwidth, and what decides them."""

from __future__ import annotations

from contextlib import closing, contextmanager
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from labchat.lessons import evidence
from labchat.lessons.lesson import Check, Lab, Lesson, Question
from labchat.measure.layers import measured, per_day
from labchat.measure.receivers import poll
from labchat.measure.speakers import PostSender, Sender, WebSocketSender, Wire, pause
from labchat.tap.faults.latency import Latency
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.widgets.lesson_card import Measured

RTT_MS = 100
TRIES = 5
INTERVAL_S = 0.2
LEAN = 100
"""Bytes that a lean question stays under."""
LATE_MS = 200

TRIPS = ("about 100 ms", "about 200 ms", "300 ms or more")
WAITS = ("under 50 ms", "50 to 150 ms", "150 to 200 ms", "over 200 ms")
SAVINGS = ("under half", "half to 90 %", "90 to 99 %", "over 99 %")


def trips(ms: float) -> str:
    """The option of :data:`TRIPS` that a time is nearest to."""
    limits = zip(TRIPS, (150, 250), strict=False)
    return next((option for option, most in limits if ms < most), TRIPS[-1])


def wait(ms: float) -> str:
    """The option of :data:`WAITS` that a delay falls into."""
    limits = zip(WAITS, (50, 150, 200), strict=False)
    return next((option for option, most in limits if ms < most), WAITS[-1])


def saving(share: float) -> str:
    """The option of :data:`SAVINGS` that a share between 0 and 1 falls into."""
    limits = zip(SAVINGS, (0.5, 0.9, 0.99), strict=False)
    return next((option for option, most in limits if share < most), SAVINGS[-1])


@contextmanager
def far(lab: Lab, rtt_ms: float = RTT_MS) -> Iterator[Wire]:
    """The lab's wire, as long as ``rtt_ms`` there and back; as it was at the end."""
    number = lab.faults.add(Latency(delay_ms=rtt_ms / 2))
    try:
        yield Wire(lab.url, rtt_s=rtt_ms / 1000)
    finally:
        lab.faults.remove(number)


def _answered(sender: Sender, name: str) -> float:
    """The least time until the server's answer, of some tries (ms)."""
    with closing(sender):
        times = [sender.send(f"{name}-{monotonic_ns()}", "Hello") for _ in range(TRIES)]
    return min(answered - sent for sent, answered in times) / 1e6


def kept_post(lab: Lab) -> Measured:
    """A POST on a warm connection beside a WebSocket message, on the same long wire."""
    from labchat.widgets.lesson_card import Measured

    with far(lab) as wire:
        websocket = _answered(WebSocketSender(wire), "far-websocket")
        post = _answered(PostSender(wire, keep=True), "far-post")
    return Measured(
        trips(post),
        f"WebSocket until the ack: {websocket:.0f} ms. POST until the response: {post:.0f} ms. "
        "Both are one round trip: the wire decides, not the protocol.",
    )


def new_post(lab: Lab) -> Measured:
    """The same POST, each on a connection of its own."""
    from labchat.widgets.lesson_card import Measured

    with far(lab) as wire:
        post = _answered(PostSender(wire, keep=False), "far-new")
    return Measured(
        trips(post),
        f"{post:.0f} ms: TCP's handshake takes a round trip before the request may go (RFC 9293 "
        "§3.5). TLS 1.3 would take one more. That is what the text's “new connection” costs.",
    )


def polled(lab: Lab) -> Measured:
    """Posts at ten moments, evenly spread over the polling interval."""
    from labchat.widgets.lesson_card import Measured

    wire = Wire(lab.url)
    delays = []
    with closing(PostSender(wire, keep=True)) as sender, poll(wire, interval_s=INTERVAL_S) as heard:
        for n in range(10):
            pause(INTERVAL_S * n / 10)
            post_id = f"polled-{monotonic_ns()}"
            sent, _answered = sender.send(post_id, "Are you asking?")
            delays.append(((heard.wait(post_id) or sent) - sent) / 1e6)
    mean = sum(delays) / len(delays)
    return Measured(
        wait(mean),
        f"{min(delays):.0f} to {max(delays):.0f} ms, {mean:.0f} on average: half the interval of "
        f"{INTERVAL_S * 1000:.0f} ms. HTTP took a millisecond or two of it; the rest is waiting "
        "for the next question (RFC 6202 §2.1).",
    )


def idle_day(lab: Lab) -> Measured:
    """A day on which nobody writes: polling every half second against an idle WebSocket."""
    from labchat.widgets.lesson_card import Measured

    bench: Any = lab
    days = per_day(measured(bench), messages_per_s=0.0)["total"]
    polling, websocket = float(days["polling"]), float(days["WebSocket"])
    return Measured(
        saving(1 - websocket / polling),
        f"Polling {polling / 1e6:.1f} MB, an idle WebSocket with a ping every 30 s "
        f"{websocket / 1e6:.2f} MB. The text's 84 % comes from its hidden assumption: a message "
        "every two seconds, day and night.",
    )


def lean(lab: Lab) -> str | None:
    """Whether somebody has asked for messages in few bytes, and was answered."""
    asked = [
        (each, request)
        for each, request in evidence.requests(lab.capture, method="GET")
        if request.target.startswith("/api/messages")
    ]
    small = [each for each, _ in asked if each.row.length < LEAN]
    if not asked:
        return "no GET /api/messages has crossed the tap."
    if not small:
        least = min(each.row.length for each, _ in asked)
        return f"your smallest question takes {least} bytes; leave field lines out."
    statuses = [_status(lab, each.peer) for each in small]
    if 200 in statuses:
        return None
    told = ", ".join("nothing yet" if each is None else str(each) for each in statuses)
    return f"it is small enough, but the answer was {told}: what may a request not leave out?"


def _status(lab: Lab, peer: int | None) -> int | None:
    return getattr(lab.capture.unit(peer).unit, "status", None) if peer else None


def pinged(lab: Lab) -> str | None:
    """Whether a client's ping got its pong."""
    pings = evidence.frames(lab.capture, direction="c2s", opcode=9)
    pongs = evidence.frames(lab.capture, direction="s2c", opcode=10)
    if not pings:
        return "no client has sent a ping (opcode 9)."
    answered = {(each.row.connection, frame.payload) for each, frame in pongs}
    if any((each.row.connection, frame.payload) in answered for each, frame in pings):
        return None
    return "a ping went out, but no pong with the same payload came back."


def late(lab: Lab) -> str | None:
    """Whether a message waited long for its ack, as the tap saw it."""
    sent: dict[str, int] = {}
    waits = []
    for each in evidence.units(lab.capture, lambda captured: captured.message is not None):
        event = evidence.as_json(each.message.payload if each.message else b"")
        if not isinstance(event, dict):
            continue
        if event.get("type") == "message" and each.row.direction is Direction.C2S:
            sent.setdefault(event["id"], each.row.end_ns)
        elif event.get("type") == "ack" and event["id"] in sent:
            waits.append((each.row.at_ns - sent[event["id"]]) / 1e6)
    if not waits:
        return "no message has got its ack yet."
    if max(waits) < LATE_MS:
        return f"the longest wait so far was {max(waits):.0f} ms."
    return None


LESSON = Lesson(
    "06",
    "Performance",
    questions={
        "kept-post": Question(
            f"The wire takes {RTT_MS} ms there and back. A WebSocket message gets its ack after "
            f"about {RTT_MS} ms. And a POST on a connection that is already open?",
            TRIPS,
            kept_post,
        ),
        "new-post": Question(
            f"The same wire of {RTT_MS} ms, and a new TCP connection for the POST. How long now?",
            TRIPS,
            new_post,
        ),
        "polled": Question(
            f"Bob asks every {INTERVAL_S * 1000:.0f} ms. How old is a message when he gets it, on "
            "average?",
            WAITS,
            polled,
        ),
        "idle-day": Question(
            "A day on which nobody writes. How much does a WebSocket save against polling every "
            "half second?",
            SAVINGS,
            idle_day,
        ),
    },
    checks={
        "lean": Check(
            f"Ask for news in fewer than {LEAN} bytes, and be answered.",
            lean,
            hints=(
                "print(question.decode()) shows which field lines there are.",
                "HTTP/1.1 demands just one of them: Host (RFC 9112 §3.2).",
                'b"GET /api/messages HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n"',
            ),
        ),
        "ping": Check(
            "Send a ping, and get its pong.",
            pinged,
            hints=(
                "A ping is a frame with opcode 9.",
                'send(lab, build(9, b"still there?", mask=bytes(4)))',
            ),
        ),
        "late": Check(
            f"Let one of Alice's messages wait {LATE_MS} ms or more for its ack.",
            late,
            hints=(
                "Not the protocol but the wire makes it late.",
                f"lab.faults.latency({LATE_MS}) makes the wire longer, lab.faults.clear() short.",
                "Then lab.alice.say(…, to=lab.bob).result() while the wire is long.",
            ),
        ),
    },
)
