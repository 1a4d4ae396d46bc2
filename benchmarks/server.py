"""The server's targets as rows: the rounds of benchmarks/chat.py, each ratio within its round.

``python -m benchmarks.server [--quick]``
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import chat
from labchat.cli.bench import show
from labchat.measure.bench.row import Must, Row, compare, missing

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Target:
    """A figure of one of chat.py's measures, and what it must be beside Node's."""

    measure: Callable[[chat.Server, float], chat.Figures]
    figure: str
    words: str
    unit: str
    must: Must


TARGETS = (
    Target(
        chat.fan_out,
        "fan-out to 200, deliveries/s",
        "fan-out to 200 receivers",
        "deliveries/s",
        Must(least=1.5),
    ),
    Target(
        chat.round_trip,
        "round trip p50, us",
        "WebSocket round trip of 100 bytes, p50",
        "µs",
        Must(most=1.2),
    ),
    Target(
        chat.durable_posts,
        "durable POST, posts/s",
        "durable POSTs, 16 kept connections",
        "posts/s",
        Must(least=1),
    ),
    Target(
        chat.both_at_once,
        "streaming, deliveries/s",
        "streaming to 10 receivers while 4 post",
        "deliveries/s",
        Must(least=1),
    ),
    Target(
        chat.both_at_once,
        "posting meanwhile, posts/s",
        "posting while 10 receivers stream",
        "posts/s",
        Must(least=1),
    ),
)


def run(*, quick: bool) -> list[Row]:
    """Each target against Node, plain Tornado and websockets."""
    seconds, rounds = (0.5, 2) if quick else (3.0, 5)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    absent = unavailable()
    names = [name for name in chat.PEERS if name not in absent]
    rows = []
    for measure in dict.fromkeys(target.measure for target in TARGETS):
        runs = rounds_of(measure, names, seconds, rounds)
        for target in TARGETS:
            if target.measure is measure:
                rows += rows_of(target, runs, absent)
    return rows


def unavailable() -> dict[str, str]:
    """Peers that cannot be measured here, and why."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return {"node": "no Node.js and npm here"}
    try:
        chat.install()
    except subprocess.CalledProcessError as error:
        return {"node": f"npm install ended with {error.returncode}"}
    return {}


def rounds_of(
    measure: Callable[[chat.Server, float], chat.Figures],
    names: list[str],
    seconds: float,
    rounds: int,
) -> dict[str, list[chat.Figures]]:
    """Interleaved rounds; a peer without POST sits out what needs it."""
    able = [name for name in names if name not in chat.NO_POST or measure not in chat.WITH_POST]
    runs: dict[str, list[chat.Figures]] = {name: [] for name in able}
    for _ in range(rounds):
        for name in able:
            runs[name].append(chat.measure(name, measure, seconds))
    return runs


def rows_of(
    target: Target, runs: dict[str, list[chat.Figures]], absent: dict[str, str]
) -> list[Row]:
    """A row a peer; only Node's says what must be."""
    musts = {"node": target.must}
    rows = [
        missing(target.words, target.unit, name, must=musts.get(name), why=why)
        for name, why in absent.items()
    ]
    ours = [figures[target.figure] for figures in runs["labchat"]]
    for name, done in runs.items():
        if name != "labchat":
            theirs = [figures[target.figure] for figures in done]
            row = compare(
                target.words,
                target.unit,
                ours,
                peer=name,
                theirs=theirs,
                must=musts.get(name),
                note=busy(runs["labchat"]),
            )
            rows.append(row)
    return rows


def busy(done: list[chat.Figures]) -> str:
    """Says so when the load generator was the bottleneck, and ours is a lower bound."""
    shares = [figures["  generator"] for figures in done if "  generator" in figures]
    if shares and min(shares) > 0.95:
        return "the load generator was busy all the time: ours is a lower bound"
    return ""


if __name__ == "__main__":
    show(run(quick="--quick" in sys.argv))
