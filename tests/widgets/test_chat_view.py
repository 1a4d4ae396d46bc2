from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from labchat.chat.session import Bubble, Delivery, Link, Snapshot
from labchat.widgets import chat_view

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {"user-1": "Alice", "user-2": "Bob", "user-3": "Eve"}
AT = "2026-11-25T09:30:00Z"


@pytest.fixture(scope="module")
def cases(root: Path) -> dict[str, list[dict[str, Any]]]:
    """What page and panel say alike."""
    found: dict[str, list[dict[str, Any]]] = json.loads(
        (root / "tests/js/chat_words.json").read_text()
    )
    return found


def bubble(id: str = "a", text: str = "Hi", **fields: Any) -> Bubble:
    given = {"sender": "user-1", "receiver": "user-2", "delivery": Delivery.STORED, **fields}
    return Bubble(id=id, text=text, created_at=AT, **given)


def snapshot(*bubbles: Bubble, **fields: Any) -> Snapshot:
    return Snapshot(**{"user": "user-1", "link": Link.CONNECTED, "bubbles": bubbles, **fields})


def rows(seen: Snapshot, *, hidden: Any = (), whole: Any = ()) -> list[dict[str, Any]]:
    said = chat_view.conversation(seen, peer="user-2", hidden=hidden)
    return chat_view.rows(said, seen, names=NAMES, whole=whole)


def test_the_words_under_a_post(cases: dict[str, list[dict[str, Any]]]) -> None:
    for case in cases["delivery"]:
        post = case["post"]
        one = bubble(delivery=Delivery(post["delivery"]), seq=post["seq"], reason=post["reason"])
        words = chat_view.delivery_words(one, sending=case["sending"])
        assert words == (case["icon"], case["words"])


def test_the_badge(cases: dict[str, list[dict[str, Any]]]) -> None:
    for case in cases["badge"]:
        assert chat_view.badge(Link(case["state"])) == case
    assert {chat_view.badge(link)["state"] for link in Link} == {c["state"] for c in cases["badge"]}


def test_the_banner(cases: dict[str, list[dict[str, Any]]]) -> None:
    for case in cases["banner"]:
        link = case["link"]
        seen = snapshot(
            link=Link(link["state"]),
            attempt=link["attempt"],
            max_attempts=link["attempts"],
            detail=link["detail"],
        )
        assert chat_view.banner(seen) == case["banner"]


def test_a_banner_does_not_repeat_the_badge() -> None:
    told = chat_view.banner(snapshot(link=Link.OFFLINE, detail="offline"))
    assert told is not None
    assert told["text"] == "Offline. Posts wait here."
    closed = chat_view.banner(snapshot(link=Link.CLOSED, detail="closed"))
    assert closed is not None
    assert (closed["text"], closed["action"]) == ("Closed for good.", None)


def test_typing(cases: dict[str, list[dict[str, Any]]]) -> None:
    for case in cases["typing"]:
        assert chat_view.typing_words(case["names"]) == case["words"]


def test_the_head_of_a_panel_that_waits() -> None:
    seen = snapshot(
        link=Link.RECONNECTING, attempt=2, next_attempt_in=3.25, typing=("user-2", "user-3")
    )
    head = chat_view.head(seen, peer="user-2", names=NAMES, now_ms=1_000_000.0)
    assert head["name"] == "Alice"
    assert head["peer"] == "Bob"
    assert head["typing"] == "Bob is typing"
    assert (head["left_ms"], head["due_ms"]) == (3250, 1_003_250)


def test_whom_to_write_to() -> None:
    seen = snapshot(peers=("user-3", "user-1", "user-2", "ada"))
    found = chat_view.peers(seen, peer="zoe", names=NAMES)
    assert found == [["user-2", "Bob"], ["user-3", "Eve"], ["ada", "ada"], ["zoe", "zoe"]]


def test_the_head_of_a_panel_that_does_not_wait() -> None:
    head = chat_view.head(snapshot(), peer="zoe", names=NAMES, now_ms=0.0)
    assert (head["peer"], head["left_ms"], head["due_ms"], head["banner"]) == (
        "zoe",
        None,
        None,
        None,
    )


def test_a_panel_whose_chat_has_gone() -> None:
    gone = chat_view.gone("this lab is stopped")
    assert gone["badge"]["words"] == "closed"
    assert gone["banner"]["text"] == "this lab is stopped"


def test_a_row_of_ones_own() -> None:
    assert rows(snapshot(bubble(seq=42))) == [
        {
            "id": "a",
            "text": "Hi",
            "length": 2,
            "mine": True,
            "author": "Alice",
            "to": None,
            "at": AT,
            "delivery": "stored",
            "icon": "cylinder",
            "words": "stored 42",
            "actions": [],
        }
    ]


def test_a_row_of_the_peer_and_one_that_was_meant_for_another() -> None:
    seen = snapshot(
        bubble("a", sender="user-2", receiver="user-1", delivery=Delivery.RECEIVED),
        bubble("b", sender="user-2", receiver="user-3", delivery=Delivery.RECEIVED),
        bubble("c", sender="user-3", receiver="user-1", delivery=Delivery.RECEIVED),
    )
    assert [(row["id"], row["author"], row["to"]) for row in rows(seen)] == [
        ("a", "Bob", None),
        ("b", "Bob", "Eve"),
    ]


def test_hidden_posts_are_left_out() -> None:
    seen = snapshot(bubble("a"), bubble("b"))
    assert [row["id"] for row in rows(seen, hidden={"a"})] == ["b"]


def test_a_long_text_is_cut_until_it_is_asked_for() -> None:
    seen = snapshot(bubble(text="x" * (chat_view.SHOWN + 1)))
    (cut,) = rows(seen)
    assert (len(cut["text"]), cut["length"]) == (chat_view.SHOWN, chat_view.SHOWN + 1)
    (whole,) = rows(seen, whole={"a"})
    assert len(whole["text"]) == whole["length"]


@pytest.mark.parametrize(
    ("delivery", "reason", "wanted"),
    [
        (Delivery.FAILED, "too long: 10 000 at most", ["edit"]),
        (Delivery.FAILED, "A message may have 10000 characters; this one has 70000.", ["edit"]),
        (Delivery.FAILED, None, ["retry", "edit"]),
        (Delivery.PENDING, "no answer", []),
    ],
)
def test_what_can_be_done_about_a_post(
    delivery: Delivery, reason: str | None, wanted: list[str]
) -> None:
    assert chat_view.actions(bubble(delivery=delivery, reason=reason)) == wanted
