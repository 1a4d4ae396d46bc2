"""The lesson card: predict, run, see, explain; the answer is measured, not written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anywidget
import traitlets

from labchat.errors import LabchatError, LabError
from labchat.widgets import assets
from labchat.widgets.view_models.detail import FieldView, field_views
from labchat.widgets.view_models.messages import count
from labchat.wire.frames import dissect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run gave.

    Attributes:
        answer: the option that turned out true, as it is written on the card.
        explanation: why, in a sentence or three.
        frame: bytes of one WebSocket frame to show beside it, or None.
        caption: what those bytes are, such as "The frame you sent".
    """

    answer: str
    explanation: str
    frame: bytes | None = None
    caption: str = "The bytes"


class LessonCard(anywidget.AnyWidget):
    """A question, its options, and a run that answers it; See is locked until a prediction.

    Args:
        title: such as "Lesson 4".
        question: what is asked.
        options: the answers to choose from.
        run: measures the answer; its ``LabchatError`` is shown on the card.
        after: what comes next, as (text, address), or None.

    Attributes:
        prediction: the chosen option, or "".
        step: predict, run, see or explain: how far the learner is.
        result: what was measured, once it was.
    """

    _esm = assets.esm("lesson_card")
    _css = assets.css()

    title = traitlets.Unicode("").tag(sync=True)
    question = traitlets.Unicode("").tag(sync=True)
    options: traitlets.List[str] = traitlets.List().tag(sync=True)
    after: traitlets.List[str] = traitlets.List().tag(sync=True)
    prediction = traitlets.Unicode("").tag(sync=True)
    step = traitlets.Enum(["predict", "run", "see", "explain"], "predict").tag(sync=True)
    result: traitlets.Dict[str, object] = traitlets.Dict().tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        title: str,
        question: str,
        options: Sequence[str],
        run: Callable[[], Measured],
        *,
        after: tuple[str, str] | None = None,
    ) -> None:
        self._run = run
        super().__init__(
            title=title, question=question, options=list(options), after=list(after or ())
        )
        self.on_msg(self._on_message)

    @property
    def right(self) -> bool | None:
        """Whether the prediction was what was measured; None before the run."""
        return self.prediction == self.result["answer"] if self.result else None

    def predict(self, option: str) -> None:
        """Choose ``option``; after the run it stays as it is.

        Raises:
            LabError: there is no such option.
        """
        if option not in self.options:
            raise LabError(f"“{option}” is none of: {', '.join(self.options)}")
        if not self.result:
            self.prediction = option
            self.step = "run"

    def run(self) -> None:
        """Measure, and show what came out.

        Raises:
            LabError: nothing was predicted yet, or the run failed.
        """
        if not self.prediction:
            raise LabError("predict first: choose one of the options")
        measured = self._run()
        self.result = result_view(measured)
        self.problem = ""
        self.step = "explain"

    def __repr__(self) -> str:
        return f"LessonCard({self.title!r})"

    def _on_message(self, _widget: object, content: dict[str, object], _buffers: object) -> None:
        try:
            if content.get("act") == "predict":
                self.predict(str(content.get("option")))
            elif content.get("act") == "run":
                self.run()
        except LabchatError as error:
            self.problem = str(error)


def result_view(measured: Measured) -> dict[str, object]:
    """What was measured, as the front end draws it."""
    data = measured.frame or b""
    fields: list[FieldView] = list(field_views(dissect(data))) if data else []
    return {
        "answer": measured.answer,
        "explanation": measured.explanation,
        "caption": f"{measured.caption}, {count(len(data), 'byte')}" if data else "",
        "hex": data[:64].hex(),
        "size": len(data),
        "fields": fields,
    }
