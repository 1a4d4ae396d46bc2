"""The checks of lesson 2, with right and wrong answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from labchat.lab import Lab
from labchat.lessons import frames as lesson
from labchat.wire import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = b"\x37\xfa\x21\x3d"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(port=0, names={}) as lab:
        yield lab


def test_a_frame_by_hand(lab: Lab) -> None:
    assert "no text frame" in str(lesson.built_by_hand(lab))
    lesson.send(lab, bytes([0x81, 0x85]) + KEY + b"Hello")
    assert "reads 7f 9f 4d 51 58; Hello is 48 65 6c 6c 6f" in str(lesson.built_by_hand(lab))
    lesson.send(lab, frames.build(1, b"Hello", rsv=4, mask=KEY), close=False)
    assert "breaks a rule" in str(lesson.built_by_hand(lab))
    payload = bytes(byte ^ KEY[i % 4] for i, byte in enumerate(b"Hello"))
    lesson.send(lab, bytes([0x81, 0x85]) + KEY + payload)
    assert lesson.built_by_hand(lab) is None


def test_a_message_in_two_frames(lab: Lab) -> None:
    assert "in one frame" in str(lesson.fragmented(lab))
    lesson.send(lab, frames.build(1, b"Hel", fin=False, mask=KEY))
    assert "begun with FIN 0" in str(lesson.fragmented(lab))
    lesson.send(lab, frames.build(1, b"Hel", fin=False, mask=KEY), frames.build(0, b"lo", mask=KEY))
    assert lesson.fragmented(lab) is None


def test_a_broken_rule(lab: Lab) -> None:
    assert "not closed any" in str(lesson.rule_broken(lab))
    lesson.send(lab, frames.build(1, b"Hello", mask=KEY))
    assert "closed with 1000" in str(lesson.rule_broken(lab))
    lesson.send(lab, frames.build(1, b"Hello", rsv=4, mask=KEY), close=False)
    assert lesson.rule_broken(lab) is None


def test_measured_answers(lab: Lab) -> None:
    assert lesson.header_of_five(lab).answer == "6"
    assert lesson.header_of_servers(lab).answer == "2"
    assert lesson.unmasked(lab).answer == "it closes with 1002"
