"""The judge is judged: each wrong in a good log must be found, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from labchat.chat.events import Post
from labchat.client.checker import Fault, Finding, judge
from labchat.client.journal import Entry, Kind

HISTORY = [
    Post("a1", "one", "ann", "bob", "t", 1),
    Post("b1", "two", "bob", "ann", "t", 2),
    Post("a2", "three", "ann", "cid", "t", 3),
]
JOURNALS = {
    "ann": [
        Entry(1, "ann", Kind.POSTED, "a1", None, "one"),
        Entry(2, "ann", Kind.POSTED, "a2", None, "three"),
        Entry(3, "ann", Kind.STORED, "a1", 1),
        Entry(4, "ann", Kind.RECEIVED, "b1", 2),
        Entry(5, "ann", Kind.STORED, "a2", 3),
        Entry(6, "ann", Kind.REPEATED, "b1", 2),
    ],
    "bob": [
        Entry(1, "bob", Kind.POSTED, "b1", None, "two"),
        Entry(1, "bob", Kind.LINK, detail="connected"),
        Entry(2, "bob", Kind.RECEIVED, "a1", 1),
        Entry(3, "bob", Kind.STORED, "b1", None),
        Entry(4, "bob", Kind.RECEIVED, "a2"),
    ],
}


def without(user: str, index: int) -> dict[str, list[Entry]]:
    journal = JOURNALS[user]
    return {**JOURNALS, user: journal[:index] + journal[index + 1 :]}


def test_a_good_log_is_acquitted() -> None:
    assert judge(JOURNALS, HISTORY) == []


def test_what_was_acknowledged_must_be_in_the_history() -> None:
    findings = judge(JOURNALS, [HISTORY[0], HISTORY[2]])
    assert Finding(Fault.LOST, "b1") in findings
    assert Finding(Fault.INVENTED, "b1", "ann") in findings
    assert len(findings) == 2


def test_what_was_stored_must_be_heard() -> None:
    assert judge(without("bob", 4), HISTORY) == [Finding(Fault.LOST, "a2", "bob")]


def test_in_private_only_the_receiver_must_hear_it() -> None:
    assert judge(without("bob", 4), HISTORY, broadcast=False) == []
    missing = judge(without("bob", 2), HISTORY, broadcast=False)
    assert missing == [Finding(Fault.LOST, "a1", "bob")]


def test_nothing_is_heard_twice() -> None:
    twice = {**JOURNALS, "bob": [*JOURNALS["bob"], Entry(9, "bob", Kind.RECEIVED, "a2")]}
    assert judge(twice, HISTORY) == [Finding(Fault.DUPLICATED, "a2", "bob")]


def test_nothing_is_stored_twice() -> None:
    again = msgspec.structs.replace(HISTORY[2], seq=4)
    findings = judge(JOURNALS, [*HISTORY, again])
    assert Finding(Fault.DUPLICATED, "a2") in findings


@pytest.mark.parametrize("wrong", [{"text": "thr"}, {"sender_id": "bob"}])
def test_a_torn_post_is_found(wrong: dict[str, str]) -> None:
    torn = [*HISTORY[:2], msgspec.structs.replace(HISTORY[2], **wrong)]
    assert Finding(Fault.TORN, "a2") in judge(JOURNALS, torn)


def test_a_history_out_of_order_is_found() -> None:
    findings = judge(JOURNALS, [HISTORY[0], HISTORY[2], HISTORY[1]])
    assert findings == [Finding(Fault.REORDERED, "b1")]


def test_an_authors_posts_out_of_order_are_found() -> None:
    swapped = [
        msgspec.structs.replace(HISTORY[2], seq=1),
        HISTORY[1],
        msgspec.structs.replace(HISTORY[0], seq=3),
    ]
    assert Finding(Fault.REORDERED, "a1", "ann") in judge(JOURNALS, swapped)


def test_hearing_in_another_order_is_found() -> None:
    posted, link, a1, stored, a2 = JOURNALS["bob"]
    swapped = [posted, link, replace(a2, seq=3), stored, a1]
    assert judge({**JOURNALS, "bob": swapped}, HISTORY) == [Finding(Fault.REORDERED, "a1", "bob")]


def test_what_is_heard_before_the_registration_may_overtake() -> None:
    posted, link, a1, stored, a2 = JOURNALS["bob"]
    early = [posted, replace(a2, seq=3), link, a1, stored]
    assert judge({**JOURNALS, "bob": early}, HISTORY) == []


def test_a_wrong_number_is_found() -> None:
    wrong = [replace(e, seq=9) if e.kind is Kind.STORED else e for e in JOURNALS["bob"]]
    findings = judge({**JOURNALS, "bob": wrong}, HISTORY)
    assert findings == [Finding(Fault.MISNUMBERED, "b1", "bob")]


def test_what_nobody_wrote_is_found() -> None:
    ghost = Post("x", "boo", "ann", "bob", "t", 4)
    journals = {**JOURNALS, "bob": [*JOURNALS["bob"], Entry(9, "bob", Kind.RECEIVED, "x", 4)]}
    assert judge(journals, [*HISTORY, ghost]) == [Finding(Fault.INVENTED, "x")]
