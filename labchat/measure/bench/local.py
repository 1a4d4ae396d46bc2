"""All that can be measured without another's program, in less than a minute."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from labchat.measure.bench import decoding
from labchat.measure.bench.processes import module, process
from labchat.measure.bench.row import Must, Row, alone, compare
from labchat.measure.bench.trips import posts, round_trips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TAP = "what the recording tap adds to a round trip"
TAP_MUST = Must(most=1.5)
ECHO = "WebSocket round trip of 100 bytes, p50"
POSTS = "durable POSTs, 16 kept connections"


def decode(*, quick: bool = False) -> list[Row]:
    """Decoding against ``websockets`` and ``wsproto``; frames per second."""
    return decoding.run(*((5_000, 3) if quick else (50_000, 5)))


def relay(*, quick: bool = False) -> list[Row]:
    """The tap against a bare asyncio forwarder; microseconds each adds to a round trip."""
    many, rounds = (200, 3) if quick else (1_000, 7)
    taken: dict[str, list[float]] = {"direct": [], "bare": [], "tap": []}
    with ExitStack() as stack:
        target, _ = stack.enter_context(server())
        ways = {"direct": target}
        for name, script in (("bare", "bare"), ("tap", "recording")):
            command = module(f"labchat.measure.bench.{script}", str(target))
            ways[name], _ = stack.enter_context(process(*command))
        for port in ways.values():
            round_trips(port, 100, "/echo")
        for _ in range(rounds):
            for name, port in ways.items():
                taken[name].append(round_trips(port, many, "/echo"))
    added = {
        name: [each - base for each, base in zip(taken[name], taken["direct"], strict=True)]
        for name in ("bare", "tap")
    }
    return [added_row(added["tap"], "bare asyncio forwarder", added["bare"], TAP_MUST)]


def added_row(ours: list[float], peer: str, theirs: list[float], must: Must | None) -> Row:
    """What two relays add, round by round, in microseconds; rounds lost in noise are left out.

    A round in which a relay seems to add nothing says only that the machine was busy elsewhere.
    """
    kept = [(mine, other) for mine, other in zip(ours, theirs, strict=True) if min(mine, other) > 0]
    if not kept:
        return Row(TAP, "µs", peer=peer, must=must, note="lost in the noise of a busy machine")
    left_out = len(ours) - len(kept)
    note = f"{left_out} of {len(ours)} rounds were lost in noise" if left_out else ""
    mine, others = [a for a, _ in kept], [b for _, b in kept]
    return compare(TAP, "µs", mine, peer=peer, theirs=others, must=must, note=note)


def chat(*, quick: bool = False) -> list[Row]:
    """The server by itself: microseconds of an echo, posts a second."""
    many, seconds, rounds = (300, 0.3, 3) if quick else (2_000, 1.5, 5)
    with server() as (port, _):
        round_trips(port, 100, "/echo")
        trips = [round_trips(port, many, "/echo") for _ in range(rounds)]
        stored = [posts(port, seconds, first=n * 10_000_000) for n in range(rounds)]
    return [alone(ECHO, "µs", trips), alone(POSTS, "posts/s", stored)]


@contextmanager
def server() -> Iterator[tuple[int, int]]:
    """``labchat serve`` on a database of its own; gives (port, process id)."""
    with tempfile.TemporaryDirectory(prefix="labchat-") as folder:
        options = ("--port", "0", "--heartbeat", "0", "--db", str(Path(folder, "chat.db")))
        with process(*module("labchat", "serve", *options)) as where:
            yield where


PARTS: dict[str, Callable[..., list[Row]]] = {"decode": decode, "relay": relay, "chat": chat}
"""Name to what measures it; each takes ``quick``."""


def run(
    *,
    quick: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Row]:
    """All parts, in turn.

    Args:
        quick: fewer rounds: 10 s and wider ranges, instead of 40 s.
        progress: told (parts done, parts in all).

    Raises:
        LabchatError: a process that is to be measured did not come up, or broke off.
    """
    rows: list[Row] = []
    for number, part in enumerate(PARTS.values()):
        progress(number, len(PARTS))
        rows += part(quick=quick)
    progress(len(PARTS), len(PARTS))
    return rows
