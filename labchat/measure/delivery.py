"""One chat message, delivered in every way the text speaks of; how long until it is there?

``delay_ms`` is from the send call to the receiver's having it; ``answer_ms`` until the sender has
the server's word (ack or response).
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from labchat.measure.experiment import Experiment, Trial
from labchat.measure.speakers import (
    PostSender,
    Receiver,
    Sender,
    WebSocketSender,
    Wire,
    pause,
    poll,
    push,
    stream,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from labchat.measure.experiment import Row
    from labchat.measure.stage import Bench


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

DELIVERY = Experiment(
    name="delivery",
    question="How long does one message take, by each way, at each distance?",
    factors={"method": tuple(METHODS), "rtt_ms": (0, 20, 100, 300)},
    held={"size": "5 characters", "receivers": 1, "nodelay": True, "tls": False},
)
SIZES = Experiment(
    name="sizes",
    question="What does a longer text cost, over the boundaries of the frame length?",
    factors={"method": ("websocket", "post"), "size": (5, 124, 126, 1000, 9000)},
)
NODELAY = Experiment(
    name="nodelay",
    question="What does Nagle's algorithm do to a small message?",
    factors={"method": ("websocket", "post"), "nodelay": (True, False)},
)


def trial(experiment: Experiment, each: Trial, bench: Bench) -> Iterator[Row]:
    """Do one trial on a bench whose server has the method's options.

    Raises:
        ChatError: the server refused a message.
    """
    levels = each.levels
    method = METHODS[levels["method"]]
    rtt_ms = levels.get("rtt_ms", 0)
    wire = Wire(
        bench.url,
        rtt_s=rtt_ms / 1000,
        nodelay=levels.get("nodelay", True),
        compression=levels.get("compression", False),
    )
    bench.faults.clear()
    if rtt_ms:
        bench.faults.latency(rtt_ms / 2)
    rng = Random(f"{experiment.seed}/{each.key}")
    with ExitStack() as stack:
        stack.callback(bench.faults.clear)
        receiver = stack.enter_context(method.receiver(wire))
        sender = stack.enter_context(closing(method.sender(wire)))
        yield from _messages(experiment, each, sender, receiver, rng)


def _messages(
    experiment: Experiment, each: Trial, sender: Sender, receiver: Receiver, rng: Random
) -> Iterator[Row]:
    text = "x" * each.levels.get("size", 5)
    interval = METHODS[each.levels["method"]].interval_s
    for n in range(-experiment.warmup, experiment.messages):
        post_id = f"{experiment.name}-{rng.getrandbits(48):012x}-{n}"
        pause(rng.uniform(0, interval))
        sent, answered = sender.send(post_id, text)
        received = receiver.wait(post_id)
        if n >= 0:
            yield {
                "n": n,
                "id": post_id,
                "sent_ns": sent,
                "answer_ms": (answered - sent) / 1e6,
                "delay_ms": None if received is None else (received - sent) / 1e6,
            }
