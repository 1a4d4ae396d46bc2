"""Claims about time: latency by protocol, polling, and averages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hdrh.histogram import HdrHistogram

from labchat.measure.claims.claim import Claim, Data, Finding, Verdict
from labchat.measure.delivery import METHODS
from labchat.measure.experiment import Experiment
from labchat.measure.receivers import push
from labchat.measure.speakers import WebSocketSender
from labchat.measure.stats import percentile
from labchat.measure.trials import trial

if TYPE_CHECKING:
    from labchat.measure.stage import Stage

WEBSOCKET_MS = 50
HTTP_MS = (100, 500)
INTERVAL_MS = 500


def measure_latency(stage: Stage) -> Data:
    """The same message by WebSocket, kept POST and new POST, at several round trip times."""
    rtts = (0, 100) if stage.quick else (0, 20, 100, 300)
    experiment = Experiment(
        name="latency",
        question="Is it the protocol, or the distance?",
        factors={"method": ("websocket", "post", "post-new"), "rtt_ms": rtts},
        repetitions=1,
        messages=12 if stage.quick else 30,
        warmup=2,
    )
    samples: dict[str, dict[str, list[float]]] = {}
    for each in experiment.plan():
        bench = stage.bench(*METHODS[each.levels["method"]].options)
        rows = list(trial(experiment, each, bench))
        by_rtt = samples.setdefault(each.levels["method"], {})
        column = "delay_ms" if each.levels["method"] == "websocket" else "answer_ms"
        by_rtt[str(each.levels["rtt_ms"])] = [row[column] for row in rows]
    return {"samples": samples}


def judge_latency(data: Data) -> Finding:
    """Whether 50 ms and 100 to 500 ms belong to the protocols, or to the round trip time."""
    medians = {
        name: {int(rtt): _median(values) for rtt, values in by_rtt.items()}
        for name, by_rtt in data["samples"].items()
    }
    websocket = {rtt: value < WEBSOCKET_MS for rtt, value in medians["websocket"].items()}
    http = {
        rtt: HTTP_MS[0] <= value <= HTTP_MS[1]
        for name in ("post", "post-new")
        for rtt, value in medians[name].items()
    }
    low, high = min(medians["websocket"].values()), max(medians["websocket"].values())
    told = "; ".join(
        f"RTT {rtt} ms: WebSocket {medians['websocket'][rtt]:.0f}, kept POST "
        f"{medians['post'][rtt]:.0f}, new POST {medians['post-new'][rtt]:.0f} ms"
        for rtt in sorted(websocket)
    )
    good = [rtt for rtt in websocket if websocket[rtt] and http[rtt]]
    if len(good) == len(websocket):
        verdict, why = Verdict.HOLDS, told
    elif good:
        verdict = Verdict.ONLY_IF
        why = f"the round trip takes {', '.join(map(str, sorted(good)))} ms. {told}."
    else:
        verdict, why = Verdict.FALSE, f"The round trip time decides, not the protocol. {told}."
    nearest = min(websocket)
    return Finding(medians["websocket"][nearest], "ms", low, high, verdict, why)


def measure_polling(stage: Stage) -> Data:
    """Delivery delay by polling every 500 ms, and by long poll: both are HTTP."""
    experiment = Experiment(
        name="polling",
        question="Is HTTP slow, or the interval?",
        factors={"method": ("poll-500", "long-poll", "websocket")},
        repetitions=1,
        messages=16 if stage.quick else 60,
        warmup=1,
    )
    delays = {}
    for each in experiment.plan():
        bench = stage.bench(*METHODS[each.levels["method"]].options)
        rows = trial(experiment, each, bench)
        delays[each.levels["method"]] = [row["delay_ms"] for row in rows]
    return {"interval_ms": INTERVAL_MS, "delays": delays}


def judge_polling(data: Data) -> Finding:
    """HTTP is to blame only if long polling, which is HTTP too, is slow as well."""
    interval, delays = data["interval_ms"], data["delays"]
    polled = percentile(delays["poll-500"])
    long = _median(delays["long-poll"])
    share = (polled.value or 0) / interval
    blame = long > interval / 4
    told = f"Polling took {share:.0%} of the interval at the median, long polling {long:.1f} ms."
    if blame:
        verdict, why = Verdict.HOLDS, f"{told} Both are slow."
    else:
        verdict, why = Verdict.FALSE, f"{told} Both are HTTP: it is the interval that waits."
    return Finding(polled.value, "ms", polled.low, polled.high, verdict, why)


def measure_averages(stage: Stage) -> Data:
    """Round trips back to back while the wire stalls once: what a closed loop sees of it."""
    bench, wire = stage.bench(), stage.wire()
    count, stall_ms = (100, 200) if stage.quick else (400, 500)
    sender = WebSocketSender(wire)
    took = []
    with push(wire) as receiver:
        for n in range(count):
            if n == count // 2:
                bench.faults.latency(stall_ms / 2)
            elif n == count // 2 + 1:
                bench.faults.clear()
            sent, answered = sender.send(f"averages-{n}", "Hello")
            receiver.wait(f"averages-{n}")
            took.append((answered - sent) / 1e6)
    sender.close()
    return {"closed_ms": took, "every_ms": 5.0}


def judge_averages(data: Data) -> Finding:
    """Averages tell the truth only if they and the corrected percentile agree."""
    took, every = data["closed_ms"], data["every_ms"]
    plain, corrected = HdrHistogram(1, 60_000_000, 3), HdrHistogram(1, 60_000_000, 3)
    for value in took:
        plain.record_value(max(1, round(value * 1000)))
        corrected.record_corrected_value(max(1, round(value * 1000)), round(every * 1000))
    mean = sum(took) / len(took)
    seen = plain.get_value_at_percentile(95) / 1000
    true = corrected.get_value_at_percentile(95) / 1000
    told = (
        f"Mean {mean:.1f} ms and 95th percentile {seen:.1f} ms; with a message due every "
        f"{every:g} ms the 95th is {true:.1f} ms."
    )
    if true > 2 * seen:
        verdict = Verdict.FALSE
        why = f"{told} A client that waits for each answer does not send while the wire stalls."
    else:
        verdict, why = Verdict.HOLDS, told
    return Finding(mean, "ms", min(took), max(took), verdict, why)


def _median(values: list[float]) -> float:
    ordered: list[Any] = sorted(values)
    return float(ordered[len(ordered) // 2])


CLAIMS = (
    Claim(
        "latency",
        "WebSocket < 50 ms, HTTP 100 to 500 ms",
        "RFC 9293 §3.5; RFC 8446 §2",
        measure_latency,
        judge_latency,
    ),
    Claim(
        "polling",
        "Polling every 500 ms is slow because HTTP is",
        "RFC 6202 §2",
        measure_polling,
        judge_polling,
    ),
    Claim(
        "averages",
        "Latency, told as one average number",
        "HdrHistogram: coordinated omission",
        measure_averages,
        judge_averages,
    ),
)
