"""The checks of lesson 4, with right and wrong answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from labchat.lab import Lab
from labchat.lessons import flow as lesson
from labchat.lessons import steps
from labchat.lessons.waiting import bubble, stored, unit

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(port=0) as lab:
        yield lab
        lab.cont()


def test_who_types_may_pass_while_the_message_is_held(lab: Lab) -> None:
    lab.hold(where=steps.THE_MESSAGE)
    lab.alice.type_to(lab.bob.id)
    lab.unit(lambda row: "typing-update" in row.summary).result()
    post = lab.alice.post("Hello", lab.bob.id)
    passed = [lab.step().result() for _ in range(6)]
    assert not any("typing" in held.summary for held in passed)
    lab.cont()
    bubble(lab.bob, post)


def test_a_frame_overtaken_by_its_post(lab: Lab) -> None:
    assert "no message has gone out" in str(lesson.overtaken(lab))
    lab.alice.say("in order", to=lab.bob).result()
    assert "ahead of the POST's answer each time (1" in str(lesson.overtaken(lab))
    lab.hold(**lesson.ALICES_FRAME)
    post = lab.alice.post("Hello", lab.bob.id)
    stored(lab.alice, post)
    lab.step().result()
    bubble(lab.bob, post)
    assert lesson.overtaken(lab) is None


def test_two_texts_under_one_id(lab: Lab) -> None:
    assert "no message was both" in str(lesson.two_texts(lab))
    lab.alice.say("Hello", to=lab.bob).result()
    assert "the same each time" in str(lesson.two_texts(lab))
    lab.hold(**lesson.ALICES_FRAME)
    post = lab.alice.post("Hello", lab.bob.id)
    stored(lab.alice, post)
    held = lab.held().result()
    lab.edit(payload=held.unit.payload.replace(b"Hello", b"Howdy")).result()
    lab.step().result()
    assert bubble(lab.bob, post).text == "Howdy"
    assert lesson.two_texts(lab) is None


def test_a_frame_that_is_lost(lab: Lab) -> None:
    assert "nothing was dropped" in str(lesson.lost(lab))
    lab.alice.set_transport("websocket")
    lab.hold(**lesson.ALICES_FRAME)
    lab.alice.post("on one path only", lab.bob.id)
    lab.drop().result()
    unit(lab, lambda row: row.kind == "gap")
    assert "each message that was stored" in str(lesson.lost(lab))
    lab.alice.set_transport("both")
    post = lab.alice.post("Are you there?", lab.bob.id)
    lab.drop().result()
    stored(lab.alice, post)
    assert lesson.lost(lab) is None


def test_one_message_is_six_units(lab: Lab) -> None:
    walked = steps.walk(lab)
    assert list(walked["who"]).count("Alice") == 2
    assert list(walked["who"]).count("server") == 4
    assert list(walked.iloc[0][["what", "bob"]]) == ["the frame, to the server", "nothing"]
    assert list(walked.iloc[-1][["alice", "bob"]]) == ["stored", "received"]
    assert lab.alice.say("nothing is held any more", to=lab.bob).result().seq == 2


def test_measured_answers(lab: Lab) -> None:
    assert lesson.held(lab).answer == "Alice: stored, Bob: nothing"
    assert lesson.two_ids(lab).answer == "2"
    assert lesson.relay_first(lab).answer in {lesson.COPY, lesson.COMMIT}
    assert lesson.commit_first(lab).answer == lesson.COMMIT
