"""A row says what was measured, whether it is enough, and never hides what is missing."""

from __future__ import annotations

import json
import math
import re

import pytest

from labchat.measure.bench import row as rows
from labchat.measure.bench.row import Must, Row, alone, cells, compare, markdown, missing


def test_ratios_are_of_neighbours_in_time() -> None:
    """A machine that was twice as slow in the second round does not widen the range."""
    row = compare("work", "ops/s", [30, 15, 31], peer="other", theirs=[10, 5, 10])
    assert (row.ratio, row.low, row.high) == (3, 3, 3.1)
    assert (row.ours, row.theirs) == (30, 10)
    assert row.met is None


@pytest.mark.parametrize(
    ("must", "met"),
    [
        (Must(least=3), True),
        (Must(least=3.1), False),
        (Must(most=3), True),
        (Must(most=2.9), False),
    ],
)
def test_a_bound_judges_the_ratio(must: Must, met: bool) -> None:
    assert compare("work", "ops/s", [3.0], peer="other", theirs=[1.0], must=must).met is met


def test_a_bound_may_judge_the_figure_itself() -> None:
    row = alone("paint", "ms", [900.0, 1100.0, 800.0], must=Must(most=1000, of="ours"))
    assert row.met
    assert cells(row) == ("paint", "900 ms", "800 to 1,100 ms", "", "≤ 1,000 ms", "yes")
    assert not alone("paint", "ms", [1200.0], must=Must(most=1000, of="ours")).met


def test_a_missing_peer_is_named_and_never_met() -> None:
    row = missing("work", "ops/s", "node", must=Must(least=1), why="no Node.js here")
    assert row.met is None
    assert cells(row)[2:] == ("node: missing: no Node.js here", "", "≥ 1 ×", "not measured")
    assert "not installed" in missing("work", "", "scapy").note


def test_a_peer_that_did_nothing_is_infinitely_slower() -> None:
    row = compare("posts", "posts/s", [10.0], peer="plain", theirs=[0.0], must=Must(least=1))
    assert row.ratio == math.inf
    assert row.met
    assert cells(row)[3] == "∞ (∞ to ∞)"
    assert json.loads(json.dumps(row.as_json(), allow_nan=False))["ratio"] is None


def test_no_round_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no round"):
        compare("work", "s", [], peer="other", theirs=[])
    with pytest.raises(ValueError, match="no round"):
        alone("work", "s", [])


def test_the_table_as_markdown() -> None:
    table = markdown([Row("work", "s", ours=0.1234), missing("work", "s", "other")]).splitlines()
    assert table[0].startswith("| target | ours |")
    assert table[2] == "| work | 0.123 s |  |  |  |  |"
    assert len(table) == 4


@pytest.mark.parametrize(
    ("value", "told"), [(0, "0"), (0.01234, "0.0123"), (12.34, "12.3"), (12345.6, "12,346")]
)
def test_three_digits_that_count(value: float, told: str) -> None:
    assert rows.figure(value) == told


def test_the_machine_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.match(r"\d+ cores, \d+ GiB of memory, \w+ on \w+, Python 3", rows.machine())
    monkeypatch.setattr(rows.os, "sysconf_names", {})
    assert "memory" not in rows.machine()
