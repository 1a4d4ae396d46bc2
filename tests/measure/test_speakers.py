"""The ends of a measurement, where something goes wrong or is not there."""

from __future__ import annotations

import math
import statistics
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from labchat.errors import ChatError
from labchat.lab import Lab
from labchat.measure import conditions as told
from labchat.measure.claims import timing
from labchat.measure.legs import Tracker
from labchat.measure.receivers import push
from labchat.measure.speakers import PostSender, WebSocketSender, Wire
from labchat.measure.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(port=0, names={}, options=("--max-text", "10")) as lab:
        yield lab


def test_a_refusal_is_an_error_on_both_paths(lab: Lab) -> None:
    wire = Wire(lab.url)
    with closing(WebSocketSender(wire)) as sender, pytest.raises(ChatError):
        sender.send("long-1", "x" * 11)
    with closing(PostSender(wire, keep=True)) as sender, pytest.raises(ChatError, match="said 4"):
        sender.send("long-2", "x" * 11)


def test_a_message_nobody_hears_is_lost(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labchat.measure.receivers.TIMEOUT", 0.05)
    with push(Wire(lab.url)) as receiver:
        assert receiver.wait("never-sent") is None


def test_legs_that_were_not_seen_are_not_numbers(lab: Lab) -> None:
    legs = Tracker(lab.capture).legs("nobody", 0, [])
    assert all(math.isnan(at) for at in legs.values())


def test_a_closed_loop_hides_what_the_stall_did_to_the_others() -> None:
    with Lab(port=0, names={}) as fresh:
        data = timing.measure_averages(Stage(lambda options: fresh, quick=True))
    times = data["closed_ms"]
    assert len(times) == 100
    assert statistics.median(times) < 200 <= times[50]
    nothing_else = data | {"closed_ms": [1.0] * 50 + [times[50]] + [1.0] * 49}
    assert timing.judge_averages(nothing_else).verdict == "false"


def test_a_machine_that_does_not_name_its_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "elsewhere")
    monkeypatch.setattr(told.platform, "processor", lambda: "")
    assert told.cpu() == "unknown"
