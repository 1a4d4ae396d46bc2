"""Verdicts are computed: recorded data give today's, and data that say otherwise flip them."""

from __future__ import annotations

import copy
import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from labchat.errors import SettingsError
from labchat.lab import Lab
from labchat.measure.claims import CLAIMS, Verdict, chosen, run
from labchat.measure.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from labchat.measure.claims import Data

RECORDED: dict[str, Data] = json.loads((Path(__file__).parent / "recorded.json").read_text())
"""One run of ``labchat claims --quick``, rounded."""

BY_KEY = {claim.key: claim for claim in CLAIMS}

TODAY = {
    "closing": Verdict.ONLY_IF,
    "reliability": Verdict.ONLY_IF,
    "frame-overhead": Verdict.ONLY_IF,
    "mask": Verdict.FALSE,
    "request-overhead": Verdict.FALSE,
    "latency": Verdict.FALSE,
    "polling": Verdict.FALSE,
    "averages": Verdict.FALSE,
    "bandwidth": Verdict.FALSE,
    "backoff": Verdict.FALSE,
    "delivered": Verdict.ONLY_IF,
    "ids": Verdict.FALSE,
    "twice": Verdict.ONLY_IF,
    "broadcast": Verdict.ONLY_IF,
    "origin": Verdict.ONLY_IF,
}


def test_every_claim_has_recorded_data() -> None:
    assert set(RECORDED) == set(BY_KEY) == set(TODAY)


@pytest.mark.parametrize("key", TODAY)
def test_recorded_data_give_the_verdict(key: str) -> None:
    row = BY_KEY[key].row(RECORDED[key])
    assert row["verdict"] is TODAY[key]
    assert row["why"]
    assert row["source"]
    assert row["low"] <= row["measured"] <= row["high"]


def put(*path: Any) -> Callable[[Data], None]:
    """Data in which what ``path`` leads to is ``path[-1]``."""

    def change(data: Data) -> None:
        for name in path[:-2]:
            data = data[name]
        data[path[-2]] = path[-1]

    return change


def fourteen(data: Data) -> None:
    data["frames"] = [[way, size, 14] for way, size, _header in data["frames"]]


def never_fourteen(data: Data) -> None:
    data["frames"] = [[way, size, min(header, 10)] for way, size, header in data["frames"]]


def as_claimed(data: Data) -> None:
    near = {"websocket": 20.0, "post": 200.0, "post-new": 300.0}
    data["samples"] = {
        name: dict.fromkeys(by_rtt, [near[name]] * 12) for name, by_rtt in data["samples"].items()
    }


def near_only(data: Data) -> None:
    as_claimed(data)
    for by_rtt in data["samples"].values():
        by_rtt["100"] = [900.0] * 12


def smooth(data: Data) -> None:
    data["closed_ms"] = [1.0] * 100


def gentle(data: Data) -> None:
    for outage in data["outages"].values():
        outage["text"] = {"peak_per_s": 30, "gave_up": 0}


def gentle_but_short(data: Data) -> None:
    gentle(data)
    data["outages"]["40.0"]["text"]["gave_up"] = 200


def saved(share: float) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        for day in data["days"].values():
            day["WebSocket"] = day["polling"] * (1 - share)

    return change


def right_unit(data: Data) -> None:
    saved(0.84)(data)
    data["claimed_request_bytes"] = 49.4e6 / 86_400 / 2


FLIPPED = [
    ("closing", put("connections", "HTTP/1.1", 5), Verdict.HOLDS),
    (
        "closing",
        put("connections", {"HTTP/1.1": 1, "HTTP/1.1 with Connection: close": 1, "HTTP/1.0": 1}),
        Verdict.FALSE,
    ),
    ("reliability", put("ways", {"one by one": {"frames": 3, "reads": 3}}), Verdict.HOLDS),
    ("frame-overhead", fourteen, Verdict.HOLDS),
    ("frame-overhead", never_fourteen, Verdict.FALSE),
    ("mask", put("seen", "?" * 34), Verdict.HOLDS),
    ("request-overhead", put("headers", {"a": 310, "b": 500}), Verdict.HOLDS),
    ("request-overhead", put("headers", {"a": 90, "b": 500}), Verdict.ONLY_IF),
    ("latency", as_claimed, Verdict.HOLDS),
    ("latency", near_only, Verdict.ONLY_IF),
    ("polling", put("delays", "long-poll", [400.0] * 20), Verdict.HOLDS),
    ("averages", smooth, Verdict.HOLDS),
    ("bandwidth", saved(0.84), Verdict.ONLY_IF),
    ("bandwidth", right_unit, Verdict.HOLDS),
    ("backoff", gentle, Verdict.HOLDS),
    ("backoff", gentle_but_short, Verdict.ONLY_IF),
    ("delivered", put("rows", "no id", 1), Verdict.HOLDS),
    ("delivered", put("rows", "same id", 2), Verdict.FALSE),
    ("ids", put("distinct", 300), Verdict.HOLDS),
    ("twice", put("rows", "as written", 1), Verdict.HOLDS),
    ("twice", put("rows", "one id", 2), Verdict.FALSE),
    ("broadcast", put("heard", "direct", 1), Verdict.HOLDS),
    ("broadcast", put("heard", "broadcast", 0), Verdict.FALSE),
    ("origin", put("statuses", "any", 403), Verdict.HOLDS),
    ("origin", put("statuses", "checked", 101), Verdict.FALSE),
]


@pytest.mark.parametrize(("key", "change", "verdict"), FLIPPED)
def test_other_data_flip_the_verdict(
    key: str, change: Callable[[Data], None], verdict: Verdict
) -> None:
    data = copy.deepcopy(RECORDED[key])
    change(data)
    assert BY_KEY[key].row(data)["verdict"] is verdict


def test_claims_are_chosen_by_key() -> None:
    assert [claim.key for claim in chosen(["mask", "closing"])] == ["closing", "mask"]
    assert chosen([]) == CLAIMS
    with pytest.raises(SettingsError, match="no claim nonsense; there are averages"):
        chosen(["nonsense"])


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with ExitStack() as stack:

        def make(options: Any) -> Lab:
            return stack.enter_context(Lab(port=0, names={}, options=options))

        yield Stage(make, quick=True)


QUICK = [key for key in TODAY if key not in {"latency", "polling", "averages"}]
"""Those that do not wait for a clock."""


@pytest.mark.parametrize("key", QUICK)
def test_measured_here_and_now_the_verdict_is_the_same(stage: Stage, key: str) -> None:
    told: list[str] = []
    rows = run(stage, chosen([key]), each=lambda row, data: told.append(row["key"]))
    assert rows[0]["verdict"] is TODAY[key]
    assert told == [key]
