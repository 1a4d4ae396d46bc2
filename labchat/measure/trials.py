"""One trial of an experiment: two ends on a bench, messages between them, their times."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from random import Random
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from labchat.measure.delivery import METHODS
from labchat.measure.legs import Tracker
from labchat.measure.receivers import Receiver, audience
from labchat.measure.speakers import Sender, WebSocketSender, Wire, pause

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

    from labchat.measure.experiment import Experiment, Row, Trial
    from labchat.measure.stage import Bench

WORDS = "the quick brown fox jumps over the lazy dog "


@dataclass(frozen=True, slots=True)
class Talk:
    """Two ends and what they are to say to each other."""

    experiment: Experiment
    levels: Mapping[str, Any]
    bench: Bench
    sender: Sender
    receiver: Receiver
    rng: Random

    @property
    def text(self) -> str:
        """As many characters as the trial asks for; words, so that compression is fair."""
        size: int = self.levels.get("size", 5)
        return (WORDS * (size // len(WORDS) + 1))[:size]

    def ids(self) -> Iterator[tuple[int, str]]:
        """Number and id of each message; below 0 the warm-up, which a cold start lacks."""
        warmup = 0 if self.levels.get("start") == "cold" else self.experiment.warmup
        for n in range(-warmup, self.experiment.messages):
            yield n, f"{self.experiment.name}-{self.rng.getrandbits(48):012x}-{n}"

    def stall(self, n: int) -> None:
        """Let the wire stall for one message in the middle of the trial, if it is to."""
        stall_ms, middle = self.levels.get("stall_ms", 0), self.experiment.messages // 2
        if stall_ms and n == middle:
            self.bench.faults.latency(stall_ms / 2)
        elif stall_ms and n == middle + 1:
            self.bench.faults.clear()


def trial(
    experiment: Experiment, each: Trial, bench: Bench, *, tls: ssl.SSLContext | None = None
) -> Iterator[Row]:
    """Do one trial on a bench whose server has the options of :func:`options_of`.

    Args:
        experiment: what the trial is of.
        each: its levels.
        bench: where; a fresh one when the trial is to start cold.
        tls: for clients of a server that speaks TLS. What the tap sees is sealed then, and the
            legs through it are NaN.

    Yields:
        One sample a message: ``n``, ``id``, ``sent_ns`` (when it was due, in an open loop),
        ``answer_ms``, ``delay_ms`` and the legs of :mod:`labchat.measure.legs`.

    Raises:
        ChatError: the server refused a message.
        LabError: it acknowledged one that it did not commit.
    """
    levels = each.levels
    method = METHODS[levels.get("method", "websocket")]
    wire = Wire(
        bench.url,
        rtt_s=levels.get("rtt_ms", 0) / 1000,
        nodelay=levels.get("nodelay", True),
        compression=levels.get("compression", False),
        tls=tls,
    )
    rng = Random(f"{experiment.seed}/{each.key}")
    tracker = Tracker(bench.capture, len(bench.capture) + 1)
    with ExitStack() as stack:
        _switch_on(bench, levels, stack)
        stack.enter_context(audience(wire, levels.get("receivers", 1) - 1))
        receiver = stack.enter_context(method.receiver(wire))
        sender = stack.enter_context(closing(method.sender(wire)))
        talk = _open_loop if levels.get("loop") == "open" else _closed_loop
        samples = list(talk(Talk(experiment, levels, bench, sender, receiver, rng)))
    ids = [sample["id"] for sample in samples]
    tracker.read(ids)
    stamps = bench.stamps(ids)
    for sample in samples:
        yield {**sample, **tracker.legs(sample["id"], sample["sent_ns"], stamps)}


def _switch_on(bench: Bench, levels: Mapping[str, Any], stack: ExitStack) -> None:
    bench.faults.clear()
    stack.callback(bench.faults.clear)
    if rtt_ms := levels.get("rtt_ms", 0):
        bench.faults.latency(rtt_ms / 2)
    if kbit := levels.get("kbit_per_s", 0):
        bench.narrow(kbit)


def _closed_loop(talk: Talk) -> Iterator[Row]:
    """Each message waits for the one before to have arrived."""
    interval = METHODS[talk.levels.get("method", "websocket")].interval_s
    for n, post_id in talk.ids():
        pause(talk.rng.uniform(0, interval))
        talk.stall(n)
        sent, answered = talk.sender.send(post_id, talk.text)
        received = talk.receiver.wait(post_id)
        if n >= 0:
            yield _sample(n, post_id, sent, received, answered)


def _open_loop(talk: Talk) -> Iterator[Row]:
    """Each message goes out when it is due; its time counts from then, whatever held it up."""
    assert isinstance(talk.sender, WebSocketSender)
    every_ns = round(talk.experiment.held["every_ms"] * 1e6)
    start = monotonic_ns()
    dues = []
    for n, post_id in talk.ids():
        due = start + (n + talk.experiment.warmup) * every_ns
        pause((due - monotonic_ns()) / 1e9)
        talk.stall(n)
        talk.sender.fire(post_id, talk.text)
        dues.append((n, post_id, due))
    for n, post_id, due in dues:
        received = talk.receiver.wait(post_id)
        if n >= 0:
            yield _sample(n, post_id, due, received, None)


def _sample(n: int, post_id: str, sent: int, received: int | None, answered: int | None) -> Row:
    return {
        "n": n,
        "id": post_id,
        "sent_ns": sent,
        "answer_ms": None if answered is None else (answered - sent) / 1e6,
        "delay_ms": None if received is None else (received - sent) / 1e6,
    }
