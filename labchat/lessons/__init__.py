"""Predictions, checks and hints for the notebooks; a lesson judges what crossed the tap.

>>> from labchat.lessons import lesson
>>> frames = lesson("02")
>>> frames.title
'Frames'
"""

from __future__ import annotations

from labchat.lessons.lesson import Check, Lesson, Question, Result, lesson

__all__ = ["Check", "Lesson", "Question", "Result", "lesson"]
