"""One chat message, delivered in every way the text speaks of; how long until it is there?

``delay_ms`` is from the send call to the receiver's having it; ``answer_ms`` until the sender has
the server's word (ack or response).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labchat.measure.experiment import Experiment
from labchat.measure.receivers import Receiver, poll, push, stream
from labchat.measure.speakers import PostSender, Sender, WebSocketSender, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Method:
    """A way to deliver a message.

    Attributes:
        label: for tables and charts.
        sender, receiver: make the two ends.
        options: of ``labchat serve``.
        interval_s: the receiver's polling interval; sends are spread over it.
    """

    label: str
    sender: Callable[[Wire], Sender]
    receiver: Callable[[Wire], Receiver]
    options: tuple[str, ...] = ("--post", "relays")
    interval_s: float = 0.0


def _kept(wire: Wire) -> Sender:
    return PostSender(wire, keep=True)


def _new(wire: Wire) -> Sender:
    return PostSender(wire, keep=False)


def _polled(interval_s: float) -> Method:
    def receive(wire: Wire) -> Receiver:
        return poll(wire, interval_s=interval_s)

    return Method(f"poll every {interval_s * 1000:g} ms", _kept, receive, interval_s=interval_s)


METHODS: dict[str, Method] = {
    "websocket": Method("WebSocket, relay first", WebSocketSender, push),
    "websocket-commit": Method(
        "WebSocket, commit first", WebSocketSender, push, ("--delivery", "commit-first")
    ),
    "post": Method("POST, kept connection", _kept, push),
    "post-new": Method("POST, new connection", _new, push),
    "long-poll": Method("long poll", _kept, lambda wire: poll(wire, wait_s=20)),
    "sse": Method("server-sent events", _kept, stream),
    "poll-100": _polled(0.1),
    "poll-500": _polled(0.5),
    "poll-2000": _polled(2.0),
}
"""All ways, by the names the factor ``method`` has."""

EXPERIMENTS: dict[str, Experiment] = {
    each.name: each
    for each in (
        Experiment(
            name="delivery",
            question="How long does one message take, by each way, at each distance?",
            factors={"method": tuple(METHODS), "rtt_ms": (0, 20, 100, 300)},
            quick={"method": tuple(n for n in METHODS if n != "poll-2000"), "rtt_ms": (0, 100)},
            held={"size": 5, "receivers": 1, "nodelay": True, "compression": False, "tls": False},
        ),
        Experiment(
            name="sizes",
            question="What does a longer text cost, over the boundaries of the frame length?",
            factors={"method": ("websocket", "post"), "size": (5, 100, 1000, 9000)},
            held={"rtt_ms": 0, "receivers": 1, "nodelay": True},
        ),
        Experiment(
            name="bandwidth",
            question="What does a longer text cost when the wire is narrow?",
            factors={"size": (5, 1000, 9000), "kbit_per_s": (0, 1000, 100)},
            repetitions=2,
            messages=10,
            held={"method": "websocket", "rtt_ms": 0, "receivers": 1},
        ),
        Experiment(
            name="receivers",
            question="How does the delay grow with the number of receivers?",
            factors={"method": ("websocket",), "receivers": (1, 10, 50, 200)},
            repetitions=2,
            held={"size": 5, "rtt_ms": 0, "nodelay": True},
        ),
        Experiment(
            name="nodelay",
            question="What does Nagle's algorithm do to a small message?",
            factors={"method": ("websocket", "post"), "nodelay": (True, False)},
            held={"size": 5, "rtt_ms": 0, "receivers": 1},
        ),
        Experiment(
            name="compression",
            question="Does permessage-deflate pay for a chat message?",
            factors={"size": (100, 1000, 9000), "compression": (False, True)},
            held={"method": "websocket", "rtt_ms": 0, "receivers": 1},
        ),
        Experiment(
            name="tls",
            question="What does TLS cost, on a connection that is kept and on a new one?",
            factors={
                "method": ("websocket", "post", "post-new"),
                "tls": (False, True),
                "rtt_ms": (0, 100),
            },
            quick={"rtt_ms": (0, 100), "method": ("websocket", "post-new")},
            held={
                "size": 5,
                "receivers": 1,
                "nodelay": True,
                "certificate": "made for the run",
                "resumption": "none: each new connection shakes hands in full",
            },
        ),
        Experiment(
            name="cold",
            question="What does the first message cost, that the later ones do not?",
            factors={"method": ("websocket", "post", "post-new"), "start": ("cold", "warm")},
            repetitions=10,
            messages=10,
            held={
                "size": 5,
                "rtt_ms": 0,
                "receivers": 1,
                "nodelay": True,
                "cold": "a new server process, database and connections, no warm-up; "
                "the measuring process is warm",
            },
            quick={"method": ("websocket", "post")},
        ),
        Experiment(
            name="arrivals",
            question="What does a client that waits for each answer not see?",
            factors={"loop": ("closed", "open"), "stall_ms": (0, 200)},
            repetitions=2,
            messages=100,
            held={"method": "websocket", "every_ms": 5, "receivers": 1},
        ),
    )
}
"""All experiments, by name."""


def options_of(levels: Mapping[str, Any]) -> tuple[str, ...]:
    """The options of ``labchat serve`` that a trial's levels ask for."""
    options = METHODS[levels.get("method", "websocket")].options
    return (*options, "--compression") if levels.get("compression") else options
