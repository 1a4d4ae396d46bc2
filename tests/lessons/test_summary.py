"""The checks of lesson 9, with right and wrong answers."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from labchat.lab import Lab
from labchat.lessons import summary as lesson
from labchat.lessons.frames import send
from labchat.measure.speakers import PostSender, WebSocketSender, Wire
from labchat.wire.frames import build


def test_one_id_on_both_paths() -> None:
    with Lab(port=0, names={}) as lab:
        wire = Wire(lab.url)
        assert "no message with an id" in str(lesson.one_id(lab))
        with closing(WebSocketSender(wire)) as sender:
            sender.send("one", "Hello")
        assert "by the WebSocket alone" in str(lesson.one_id(lab))
        with closing(PostSender(wire, keep=True)) as poster:
            poster.send("two", "Hello")
            assert "none by both" in str(lesson.one_id(lab))
            poster.send("one", "Hello")
        assert lesson.one_id(lab) is None


def test_a_post_alone_is_one_path() -> None:
    with Lab(port=0, names={}) as lab, closing(PostSender(Wire(lab.url), keep=True)) as poster:
        poster.send("two", "Hello")
        assert "by POST alone" in str(lesson.one_id(lab))


def test_the_server_speaks_unasked() -> None:
    with Lab(port=0) as lab:
        lab.alice.say("Hello", to=lab.bob).result()
        lab.bob.hears("Hello").result()
        assert lesson.unasked(lab) is None


def test_who_has_written_was_not_unasked() -> None:
    with Lab(port=0, names={}) as lab:
        assert "nobody has registered" in str(lesson.unasked(lab))
        send(lab, build(1, json.dumps(["no event"]).encode(), mask=bytes(4)))
        with closing(WebSocketSender(Wire(lab.url))) as sender:
            sender.send("mine", "Hello")
        assert "had sent one before" in str(lesson.unasked(lab))


def test_measured_answers() -> None:
    with Lab(port=0) as lab:
        assert lesson.pushed(lab).answer == "3"
        assert lesson.stored(lab).answer == "yes"
        assert lesson.overhead(lab).answer == "over 15 times as many"


@pytest.mark.parametrize(
    ("ratio", "option"),
    [(0.5, 0), (1.0, 1), (7.0, 2), (16.0, 3)],
)
def test_ratios_fall_into_their_options(ratio: float, option: int) -> None:
    assert lesson.times(ratio) == lesson.TIMES[option]
