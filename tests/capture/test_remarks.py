from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labchat.capture import remarks
from labchat.capture.model import End
from labchat.capture.remarks import Remark
from labchat.wire.fields import Direction

NOON = datetime(2026, 11, 25, 12, 0, 0, 123456, tzinfo=UTC)


def test_every_remark_is_read_back() -> None:
    said = {
        remarks.label(3, "Alice"): Remark("label", "Alice", connection=3),
        remarks.annotation("held", connection=1, unit=12): Remark("annotation", "held", 1, 12),
        remarks.annotation("two\nlines", connection=None, unit=None): Remark(
            "annotation", "two\nlines"
        ),
        remarks.gap(2, Direction.S2C, 12): Remark("gap", "12 bytes", 2, None, "s2c"),
        remarks.end(2, Direction.C2S, End.LOCAL): Remark("end", "local", 2, None, "c2s"),
    }
    assert {line: remarks.read(line) for line in said} == said


@pytest.mark.parametrize("comment", ["retransmission?", "labchat rocks", "labchat label, x: y", ""])
def test_other_comments_stay_whole(comment: str) -> None:
    assert remarks.read(comment) == Remark("comment", comment)


@pytest.mark.parametrize("moment", [NOON, NOON.astimezone(timezone(timedelta(hours=2)))])
def test_time_zero_is_read_back(moment: datetime) -> None:
    assert remarks.read_started(remarks.started(moment)) == (NOON, True)


def test_time_zero_may_be_unknown_or_naive_or_somebody_elses() -> None:
    assert remarks.read_started(remarks.started(None)) == (None, True)
    assert remarks.read_started(remarks.started(NOON.replace(tzinfo=None))) == (NOON, True)
    assert remarks.read_started("labchat capture, time 0 is noon") == (None, False)
    assert remarks.read_started("my capture") == (None, False)


@given(st.text())
def test_no_comment_raises(comment: str) -> None:
    remarks.read(comment)
    remarks.read_started(f"labchat capture, time 0 is {comment}")
