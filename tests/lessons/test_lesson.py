"""Lessons: cards that measure, checks that judge, hints in levels, wrong words said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from labchat.errors import LabError
from labchat.lab import Lab
from labchat.lessons import Check, Lesson, Result, lesson
from labchat.lessons.lesson import MODULES
from labchat.lessons.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(port=0) as lab:
        yield lab


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "notes" / "progress.json")


ASKED = [(number, key) for number in MODULES for key in lesson(number).questions]


@pytest.mark.parametrize(("number", "key"), ASKED)
def test_every_question_is_answered_by_a_measurement(
    lab: Lab, progress: Progress, monkeypatch: pytest.MonkeyPatch, number: str, key: str
) -> None:
    late = 60_000  # a busy machine lets a card's own message wait for 200 ms
    monkeypatch.setattr("labchat.lessons.performance.LATE_MS", late)
    course = lesson(number)
    card = course.ask(key, lab, progress=progress)
    with pytest.raises(LabError, match="predict first"):
        card.run()
    card.predict(course.questions[key].options[0])
    card.run()
    assert card.result["answer"] in course.questions[key].options
    assert card.result["explanation"]
    noted = progress.read()[number]["questions"][key]
    assert noted["prediction"] == course.questions[key].options[0]
    assert noted["right"] is card.right
    tasks = () if number == "10" else course.checks  # the last lesson's judge an app and cases
    done = [task for task in tasks if course.check(task, lab, progress=progress).done]
    assert done == []  # what cards do is no answer to a task


def test_every_check_has_a_task_and_every_lesson_its_number() -> None:
    for number in MODULES:
        course = lesson(number)
        assert course.number == number
        assert course.questions or course.checks
        for check in course.checks.values():
            assert check.task.endswith(".")


def test_a_check_that_is_not_done_says_what_is_missing(lab: Lab, progress: Progress) -> None:
    judged: list[str | None] = ["nothing was sent.", None]
    course = Lesson("02", "t", checks={"send": Check("Send it.", lambda _lab: judged.pop(0))})
    first = course.check("send", lab, progress=progress)
    assert repr(first) == "· Send it. Not yet: nothing was sent."
    assert "not yet" in first._repr_html_()
    with pytest.raises(LabError, match="nothing was sent"):
        first.must()
    second = course.check("send", lab, progress=progress).must()
    assert repr(second) == "✓ Send it."
    assert "✓ done" in second._repr_html_()
    assert progress.read()["02"]["checks"]["send"]["tries"] == 2


def test_what_a_check_says_is_shown_as_text() -> None:
    assert "<script>" not in Result("t", "<script>alert(1)</script>")._repr_html_()


def test_hints_come_in_levels() -> None:
    course = lesson("02")
    assert course.hint("by-hand") != course.hint("by-hand", 3)
    with pytest.raises(LabError, match="4 hints"):
        course.hint("by-hand", 5)


def test_unknown_names_are_said(lab: Lab) -> None:
    with pytest.raises(LabError, match="there are 00"):
        lesson("99")
    with pytest.raises(LabError, match="no question 'x'; it has client-header"):
        lesson("02").ask("x", lab)
    with pytest.raises(LabError, match="no check 'x'"):
        lesson("02").check("x", lab)


def test_the_first_prediction_counts_and_done_stays_done(progress: Progress) -> None:
    progress.predicted("02", "q", "14", right=False)
    progress.predicted("02", "q", "6", right=True)
    progress.checked("02", "c", done=True)
    progress.checked("02", "c", done=False)
    notes = progress.read()["02"]
    assert notes["questions"]["q"]["prediction"] == "14"
    assert notes["checks"]["c"]["done"] is True
    exported = progress.export()
    assert exported["lessons"] == progress.read()
    assert exported["learner"]


@pytest.mark.parametrize(("text", "said"), [("{", "damaged"), ("[]", "does not hold")])
def test_a_damaged_file_is_said(progress: Progress, text: str, said: str) -> None:
    progress.path.parent.mkdir()
    progress.path.write_text(text)
    with pytest.raises(LabError, match=said):
        progress.read()


def test_the_file_is_whole_json(progress: Progress) -> None:
    progress.checked("00", "hello", done=True)
    assert json.loads(progress.path.read_text())["00"]["checks"]["hello"]["done"]
    assert [each.name for each in progress.path.parent.iterdir()] == ["progress.json"]
