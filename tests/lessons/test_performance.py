"""The checks of lesson 6, with right and wrong answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from labchat.lab import Lab
from labchat.lessons import performance as lesson
from labchat.lessons.frames import send
from labchat.lessons.plain import talk
from labchat.wire.frames import build

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(port=0) as lab:
        yield lab


def test_a_lean_question() -> None:
    with Lab(port=0, names={}) as lab:
        assert "no GET" in str(lesson.lean(lab))
        long = b"GET /api/messages HTTP/1.1\r\nHost: localhost\r\nUser-Agent: " + b"x" * 80
        talk(lab, long + b"\r\n\r\n")
        assert "takes 141 bytes" in str(lesson.lean(lab))
        talk(lab, b"GET /api/messages HTTP/1.1\r\n\r\n")
        assert "answer was 400" in str(lesson.lean(lab))
        talk(lab, b"GET /api/messages HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert lesson.lean(lab) is None


def test_a_ping() -> None:
    with Lab(port=0, names={}) as lab:
        assert "no client" in str(lesson.pinged(lab))
        send(lab, build(9, b"wrong", rsv=4, mask=bytes(4)), close=False)
        assert "no pong" in str(lesson.pinged(lab))
        send(lab, build(9, b"there?", mask=bytes(4)))
        assert lesson.pinged(lab) is None


def test_a_message_that_waits(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no message" in str(lesson.late(lab))
    lab.alice.say("soon", to=lab.bob).result()
    with monkeypatch.context() as patient:
        patient.setattr(lesson, "LATE_MS", 60_000)
        assert "the longest wait" in str(lesson.late(lab))
    lab.faults.latency(lesson.LATE_MS)
    lab.alice.say("late", to=lab.bob).result()
    lab.faults.clear()
    assert lesson.late(lab) is None


def test_a_long_wire_is_short_again(lab: Lab) -> None:
    with lesson.far(lab) as wire:
        assert wire.rtt_s == 0.1
        assert lab.faults.describe() == "latency 50 ms"
    assert lab.faults.describe() == ""


def test_an_idle_day_costs_next_to_nothing(lab: Lab) -> None:
    measured = lesson.idle_day(lab)
    assert measured.answer == "over 99 %"
    assert "an idle WebSocket" in measured.explanation


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (lesson.trips(104), "about 100 ms"),
        (lesson.trips(203), "about 200 ms"),
        (lesson.trips(310), "300 ms or more"),
        (lesson.wait(20), "under 50 ms"),
        (lesson.wait(101), "50 to 150 ms"),
        (lesson.wait(180), "150 to 200 ms"),
        (lesson.wait(201), "over 200 ms"),
        (lesson.saving(-0.2), "under half"),
        (lesson.saving(0.84), "half to 90 %"),
        (lesson.saving(0.95), "90 to 99 %"),
        (lesson.saving(0.995), "over 99 %"),
    ],
)
def test_values_fall_into_their_options(said: str, answer: str) -> None:
    assert said == answer
