from __future__ import annotations

import pytest

import labchat.widgets as package
from labchat.capture.capture import Capture
from labchat.errors import LabError
from labchat.widgets.lesson_card import LessonCard, Measured
from labchat.widgets.runs import compare_runs
from labchat.wire.frames import build

FRAME = build(1, b"Hello", mask=bytes.fromhex("37fa213d"))


@pytest.fixture
def card():
    def run() -> Measured:
        return Measured(str(len(FRAME) - 5), "Two bytes and four of mask.", FRAME, "The frame")

    made = LessonCard("Lesson 4", "How many?", ["2", "6", "14"], run, after=("Next", "05.ipynb"))
    yield made
    made.close()


def test_nothing_is_seen_before_a_prediction(card) -> None:
    assert card.right is None
    with pytest.raises(LabError, match="predict first"):
        card.run()
    card._handle_custom_msg({"act": "run"}, [])
    assert "predict first" in card.problem
    assert (card.step, card.result) == ("predict", {})


def test_the_answer_is_what_was_measured(card) -> None:
    card._handle_custom_msg({"act": "predict", "option": "14"}, [])
    assert (card.prediction, card.step) == ("14", "run")
    card._handle_custom_msg({"act": "run"}, [])
    assert (card.step, card.problem, card.right) == ("explain", "", False)
    assert card.result["answer"] == "6"
    assert card.result["caption"] == "The frame, 11 bytes"
    assert [field["cls"] for field in card.result["fields"]][-2:] == ["mask", "payload"]
    card.predict("6")
    assert card.prediction == "14", "a prediction made is a prediction kept"


def test_a_prediction_must_be_one_of_the_options(card) -> None:
    card._handle_custom_msg({"act": "predict", "option": "7"}, [])
    assert card.problem == "“7” is none of: 2, 6, 14"
    card._handle_custom_msg({"act": "?"}, [])
    assert repr(card) == "LessonCard('Lesson 4')"


def test_a_result_without_bytes() -> None:
    card = LessonCard("t", "q", ["a"], lambda: Measured("a", "because"))
    card.predict("a")
    card.run()
    assert card.right is True
    assert (card.result["hex"], card.result["caption"]) == ("", "")
    card.close()


def test_runs_stand_side_by_side(capture) -> None:
    box = compare_runs({"healthy": capture, "empty": Capture()})
    heads = [column.children[0].value for column in box.children]
    assert heads == ["healthy: 30 units", "empty: 0 units"]
    for column in box.children:
        column.children[1].close()


@pytest.mark.parametrize("name", package.__all__)
def test_the_package_offers_its_names_when_asked(name) -> None:
    assert getattr(package, name).__name__ == name


def test_the_package_offers_nothing_else() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        package.nothing  # noqa: B018 the look-up is the test
