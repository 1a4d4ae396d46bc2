"""What a lesson is made of: questions to predict, checks of the capture, hints in levels."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from labchat.errors import LabError
from labchat.lessons import cards
from labchat.lessons.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from labchat.capture.capture import Capture
    from labchat.widgets.lesson_card import LessonCard, Measured

T = TypeVar("T")

MODULES = {
    "00": "start",
    "01": "handshake",
    "02": "frames",
    "03": "http",
    "04": "flow",
    "05": "code",
    "06": "performance",
    "07": "trouble",
    "08": "security",
    "09": "summary",
    "10": "own_app",
}
"""Lesson number to the module of this package that holds its ``LESSON``."""


class Lab(Protocol):
    """What lessons need of a lab: its capture, and all that one can do with the rest."""

    capture: Capture

    def __getattr__(self, name: str) -> Any:
        """Whatever else the lab can do."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """Something to predict, and how it is measured.

    Attributes:
        text: the question.
        options: the answers to choose from; one of them is what ``measure`` returns.
        measure: finds the answer out on the learner's own lab.
    """

    text: str
    options: tuple[str, ...]
    measure: Callable[[Lab], Measured]


@dataclass(frozen=True, slots=True)
class Check:
    """Something to do, and how the capture shows that it was done.

    Attributes:
        task: one sentence: what is to be done.
        judge: None when it was done, else a sentence about what is wrong or missing.
        hints: from a nudge to nearly the answer.
    """

    task: str
    judge: Callable[[Lab], str | None]
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found; shows itself in a notebook."""

    task: str
    problem: str | None

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return self.problem is None

    def must(self) -> Result:
        """The result itself, or LabError when it is not done: for solutions and tests."""
        if self.problem is not None:
            raise LabError(self.problem)
        return self

    def __repr__(self) -> str:
        return f"✓ {self.task}" if self.done else f"· {self.task} Not yet: {self.problem}"

    def _repr_html_(self) -> str:
        colour = "#1b6b3a, #83d19f" if self.done else "#7a5200, #e9be62"
        word, said = ("✓ done", "") if self.done else ("not yet:", f" {escape(self.problem or '')}")
        return (
            f'<p style="margin:4px 0">{escape(self.task)} '
            f'<strong style="color:light-dark({colour})">{word}</strong>{said}</p>'
        )


@dataclass(frozen=True, slots=True)
class Lesson:
    """One notebook's questions and checks.

    Attributes:
        number: "00" to "10".
        title: of the notebook.
        questions, checks: by their keys.
    """

    number: str
    title: str
    questions: Mapping[str, Question] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)

    def ask(self, key: str, lab: Lab, *, progress: Progress | None = None) -> LessonCard:
        """The card of a question: predict, then run, then see.

        Raises:
            LabError: there is no such question.
        """
        from labchat.widgets.lesson_card import LessonCard

        question = _named(self.questions, key, "question")

        def measure() -> Measured:
            with cards.doing(lab):
                return question.measure(lab)

        card = LessonCard(f"Lesson {int(self.number)}", question.text, question.options, measure)
        notes = progress or Progress()

        def note(_change: object) -> None:
            notes.predicted(self.number, key, card.prediction, right=bool(card.right))

        card.observe(note, "result")
        return card

    def check(self, key: str, lab: Lab, *, progress: Progress | None = None) -> Result:
        """Judge the capture, but for what the cards of questions did themselves.

        Raises:
            LabError: there is no such check.
        """
        check = _named(self.checks, key, "check")
        result = Result(check.task, check.judge(cards.without(lab)))
        (progress or Progress()).checked(self.number, key, done=result.done)
        return result

    def hint(self, key: str, level: int = 1) -> str:
        """A hint of a check: 1 is a nudge, the last is nearly the answer.

        Raises:
            LabError: there is no such check, or it has no such hint.
        """
        hints = _named(self.checks, key, "check").hints
        if not 1 <= level <= len(hints):
            raise LabError(f"“{key}” has {len(hints)} hints; ask for 1 to {len(hints)}")
        return hints[level - 1]


def _named(things: Mapping[str, T], key: str, what: str) -> T:
    if key not in things:
        raise LabError(f"this lesson has no {what} {key!r}; it has {', '.join(things) or 'none'}")
    return things[key]


def lesson(number: str) -> Lesson:
    """The lesson of a notebook, by its number: ``lesson("02")``.

    Raises:
        LabError: there is no such lesson.
    """
    if number not in MODULES:
        raise LabError(f"there is no lesson {number!r}; there are {', '.join(MODULES)}")
    found: Lesson = importlib.import_module(f"labchat.lessons.{MODULES[number]}").LESSON
    return found
