"""The checks of lesson 1, with right and wrong answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from labchat.lab import Lab
from labchat.lessons import handshake as lesson
from labchat.lessons.plain import opening, talk

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(port=0) as lab:
        yield lab


def test_opened_by_hand(lab: Lab) -> None:
    assert "no request with the text's key" in str(lesson.opened_by_hand(lab))
    talk(lab, opening(Sec_WebSocket_Version="8"))
    assert "426, not 101" in str(lesson.opened_by_hand(lab))
    talk(lab, opening())
    assert lesson.opened_by_hand(lab) is None


def test_refused(lab: Lab) -> None:
    assert "was accepted" in str(lesson.refused(lab))
    talk(lab, opening(Origin="https://evil.example"))
    assert lesson.refused(lab) is None


def test_measured_answers(lab: Lab) -> None:
    assert lesson.cost(lab).answer == "200 to 500"
    assert lesson.same_key(lab).answer == "the same"
    assert lesson.without_key(lab).answer == "400"
    assert lesson.other_version(lab).answer == "426"
