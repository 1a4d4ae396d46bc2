"""How findings are told: numbers, sentences, a table, a page; no markup gets through."""

from __future__ import annotations

import pytest

from labchat.measure.conditions import conditions
from labchat.measure.page import Table, page
from labchat.measure.words import number, told

ROW = {
    "key": "speed",
    "claim": "It is <b>fast</b>",
    "measured": 12.345,
    "unit": "ms",
    "low": 10.0,
    "high": 20.0,
    "verdict": "holds only if",
    "why": "the wire is short & clean.",
    "source": "RFC 6455",
}


@pytest.mark.parametrize(
    ("value", "words"),
    [(6.0, "6"), (0.2718, "0.272"), (51_823.4, "51,800"), (2_000_000, "2,000,000")],
)
def test_numbers_as_people_write_them(value: float, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "12.3 ms (10 to 20)"),
        ({"low": 12.345, "high": 12.345}, "12.3 ms"),
        ({"low": None}, "12.3 ms"),
        ({"measured": None}, "not measured"),
        ({"measured": 1.0, "unit": "connections", "low": 1, "high": 5}, "1 connection (1 to 5)"),
        ({"measured": 1.0, "low": None}, "1 ms"),
        ({"measured": 101, "unit": "status", "low": None, "high": None}, "status 101"),
    ],
)
def test_a_value_has_its_unit_and_its_spread(changes: dict[str, object], words: str) -> None:
    assert told({**ROW, **changes}) == words


def test_a_page_lets_no_markup_through_and_tells_its_conditions() -> None:
    whole = page([ROW], conditions(quick=True))
    assert "It is &lt;b&gt;fast&lt;/b&gt;" in whole
    assert "short &amp; clean" in whole
    assert '<strong class="only">holds only if</strong>' in whole
    assert "<caption>Python 3" in whole
    assert "<script" not in whole


def test_a_table_shows_itself_and_keeps_its_conditions() -> None:
    given = conditions(quick=True)
    table = Table([ROW, {**ROW, "key": "again", "verdict": "false"}], given)
    first, second = repr(table).splitlines()
    assert first.endswith("12.3 ms (10 to 20); holds only if the wire is short & clean.")
    assert second.endswith("false. the wire is short & clean.")
    assert "<caption>" in table._repr_html_()
    assert table.frame().loc["speed", "unit"] == "ms"
    assert table.frame().attrs["conditions"] == given
