"""The checks of lesson 7, with right and wrong answers."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from labchat.lab import Lab
from labchat.lessons import trouble as lesson
from labchat.lessons.http import connect, post
from labchat.lessons.waiting import disconnected, stored

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(port=0) as lab:
        yield lab


def test_a_message_that_waited(lab: Lab) -> None:
    assert "no message has gone out" in str(lesson.waited(lab))
    lab.alice.say("at once", to=lab.bob).result()
    assert "the one message so far" in str(lesson.waited(lab))
    lab.alice.go_offline()
    disconnected(lab.alice)
    waiting = lab.alice.say("later", to=lab.bob)
    assert not waiting.done
    lesson.back(lab.alice)
    assert waiting.result().seq == 2
    assert lesson.waited(lab) is None


def test_a_message_that_was_missed(lab: Lab) -> None:
    assert "nobody has come back" in str(lesson.missed(lab))
    lab.alice.say("heard", to=lab.bob).result()
    lab.bob.hears("heard").result()
    lab.bob.go_offline()
    disconnected(lab.bob)
    lesson.back(lab.bob)
    lab.bob.post("are you there?", lab.alice.id)
    lab.alice.hears("are you there?").result()
    assert "nothing had been written meanwhile" in str(lesson.missed(lab))
    lab.bob.go_offline()
    disconnected(lab.bob)
    lab.alice.say("missed", to=lab.bob).result()
    lesson.back(lab.bob)
    lab.bob.hears("missed").result()
    assert lesson.missed(lab) is None


def test_a_post_sent_twice(lab: Lab) -> None:
    assert "no POST has been sent twice" in str(lesson.retried(lab))
    with closing(connect(lab)) as http:
        post(http, "twice")
        assert "no POST" in str(lesson.retried(lab))
        post(http, "twice")
        assert "without an id: it is stored twice" in str(lesson.retried(lab))
        body = {"text": "once", "senderId": "user-1", "receiverId": "user-2", "id": "mine"}
        for _ in range(2):
            data = json.dumps(body).encode()
            http.request("POST", "/api/messages", data, {"Content-Type": "application/json"})
            assert http.getresponse().read()
    assert lesson.retried(lab) is None


def test_what_is_lost_in_silence_is_sent_again(lab: Lab) -> None:
    assert lesson.silence(lab).answer == "connected, and the message as sent"
    later = lab.alice.post("both paths again", lab.bob.id)
    assert stored(lab.alice, later).seq == 2


def test_measured_answers(lab: Lab) -> None:
    assert lesson.close_code(lab).answer == "none"
    assert lesson.busiest(lab).answer == "all 200"
    assert lesson.patience(lab).answer == "none"
    assert lesson.without_id(lab).answer == "2"
    assert lesson.with_id(lab).answer == "1"
    assert lesson.killed(lab).answer == "all 5"
    lab.raise_if_failed()
