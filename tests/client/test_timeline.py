from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from labchat.chat.session import Bubble, Delivery
from labchat.client.timeline import Timeline


def bubble(name: str, seq: int | None = None) -> Bubble:
    return Bubble(name, "hi", "a", "b", "2026-01-01T00:00:00Z", Delivery.RECEIVED, seq)


def line(*bubbles: Bubble, limit: int = 100) -> Timeline:
    timeline = Timeline(limit)
    for each in bubbles:
        timeline.put(each)
    return timeline


def names(timeline: Timeline) -> str:
    return "".join(each.id for each in timeline.bubbles())


def test_unnumbered_posts_stand_as_they_came() -> None:
    assert names(line(bubble("a"), bubble("b"), bubble("c"))) == "abc"


def test_an_older_post_that_comes_late_goes_before_the_newer() -> None:
    assert names(line(bubble("b", 2), bubble("c", 3), bubble("p"), bubble("a", 1))) == "abcp"


def test_a_newer_post_goes_last() -> None:
    assert names(line(bubble("a", 1), bubble("p"), bubble("b", 2))) == "apb"


def test_a_number_that_agrees_moves_nothing() -> None:
    timeline = line(bubble("a", 1), bubble("p"), bubble("q"), bubble("b", 9))
    timeline.number(bubble("p"), 5)
    assert names(timeline) == "apqb"


def test_a_number_moves_a_post_behind_the_smaller_but_not_past_its_successor() -> None:
    timeline = line(bubble("p"), bubble("b", 3), bubble("q"))
    timeline.number(bubble("p"), 5)
    assert names(timeline) == "bpq"


def test_a_number_moves_a_post_before_the_greater() -> None:
    timeline = line(bubble("b", 3), bubble("p"))
    timeline.number(bubble("p"), 2)
    assert names(timeline) == "pb"


def test_a_known_number_stays() -> None:
    timeline = line(bubble("a", 1))
    assert timeline.number(bubble("a", 1), 7).seq == 1
    assert timeline.number(bubble("x"), None).seq is None


def test_replacing_a_bubble_keeps_its_place() -> None:
    timeline = line(bubble("a"), bubble("b"))
    timeline.put(replace(bubble("a"), delivery=Delivery.FAILED))
    assert names(timeline) == "ab"
    found = timeline.get("a")
    assert found is not None
    assert found.delivery is Delivery.FAILED
    assert timeline.get("z") is None


def test_the_oldest_are_forgotten_first_and_their_ids_later() -> None:
    timeline = line(*(bubble(str(n)) for n in range(40)), limit=3)
    assert [each.id for each in timeline.bubbles()] == ["37", "38", "39"]
    assert len(timeline) == 3
    assert timeline.forgot("36")
    assert timeline.forgot("7")
    assert not timeline.forgot("6")
    assert not timeline.forgot("39")


@given(
    st.permutations(range(8)),
    st.permutations(range(8)),
    st.sets(st.integers(0, 7)),
)
def test_numbers_decide_however_they_come(
    arrival: list[int], numbering: list[int], late: set[int]
) -> None:
    timeline = line(*(bubble(str(n), None if n in late else n) for n in arrival))
    for n in numbering:
        known = timeline.get(str(n))
        assert known is not None
        timeline.number(known, n)
    assert names(timeline) == "01234567"
