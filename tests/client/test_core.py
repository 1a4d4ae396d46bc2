from __future__ import annotations

import itertools

import pytest

from labchat.chat import events
from labchat.chat.outbox import Path
from labchat.chat.session import Bubble, Delivery, Link, Transport
from labchat.client.core import Core
from labchat.client.journal import Entry, Kind
from labchat.client.link import Turn
from labchat.client.settings import Limits
from labchat.errors import InvalidEvent, Refused

STAMP = "2026-01-01T00:00:00.000Z"


class Stage:
    """A core, and what it reported."""

    def __init__(self, limits: Limits | None = None, since: int | None = None) -> None:
        self.journal: list[Entry] = []
        self.now_ns = 0
        self.core = Core(
            "me",
            limits=limits or Limits(),
            transport=Transport.BOTH,
            since=since,
            journal=self.journal.append,
            now_ns=lambda: self.now_ns,
        )

    def post(self, name: str, text: str = "hi", receiver: str = "you") -> None:
        self.core.post(Bubble(name, text, "me", receiver, STAMP, Delivery.PENDING))

    def told(self, name: str, seq: int | None = None, sender: str = "you") -> None:
        self.core.hear(events.Told(events.Post(name, "hi", sender, "me", STAMP, seq)))

    def kinds(self) -> list[Kind]:
        return [entry.kind for entry in self.journal]

    @property
    def bubbles(self) -> tuple[Bubble, ...]:
        return self.core.timeline.bubbles()


def connected() -> Stage:
    stage = Stage()
    stage.core.turn(Turn.ATTEMPT)
    stage.core.hear(events.Registered("s", 10))
    return stage


def test_a_post_goes_from_pending_to_stored_in_the_journal() -> None:
    stage = Stage()
    stage.post("m")
    stage.core.outbox.take(Path.WEBSOCKET)
    stage.core.sent("m")
    stage.core.hear(events.Ack("m", 1))
    stage.core.confirmed("m", Path.POST, 1)
    assert stage.kinds() == [Kind.POSTED, Kind.SENT, Kind.STORED, Kind.SETTLED]
    assert stage.journal[0].detail == "hi"
    assert stage.bubbles[0].delivery is Delivery.STORED


def test_entries_carry_the_time() -> None:
    stage = Stage()
    stage.now_ns = 42
    stage.post("m")
    assert stage.journal[0] == Entry(42, "me", Kind.POSTED, "m", None, "hi")


def test_a_text_over_the_limit_has_failed_and_says_the_limit() -> None:
    stage = Stage(Limits(text=65_536))
    stage.post("m", "x" * 65_537)
    stage.post("n", "x" * 65_536)
    assert [b.delivery for b in stage.bubbles] == [Delivery.FAILED, Delivery.PENDING]
    assert stage.bubbles[0].reason == "too long: 65 536 at most"
    assert "m" not in stage.core.outbox


def test_one_post_too_many_has_failed_and_can_be_retried() -> None:
    stage = Stage(Limits(outbox=1))
    stage.post("m")
    stage.post("n")
    assert stage.bubbles[1].reason == "outbox full: 1 posts at most"
    stage.core.rejected("m", "400")
    stage.core.retry("n")
    assert [b.delivery for b in stage.bubbles] == [Delivery.FAILED, Delivery.PENDING]
    assert stage.kinds() == [
        Kind.POSTED,
        Kind.POSTED,
        Kind.FAILED,
        Kind.FAILED,
        Kind.SETTLED,
        Kind.HELD,
    ]


def test_only_what_failed_is_retried() -> None:
    stage = Stage()
    stage.post("m")
    stage.core.retry("m")
    stage.core.retry("unknown")
    assert stage.kinds() == [Kind.POSTED]


@pytest.mark.parametrize(
    ("text", "receiver", "says"),
    [
        ("", "you", "a post has some text"),
        ("hi", "", "1 to 128 characters, not 0"),
        ("hi", "y" * 129, "not 129"),
        ("half \ud83d", "you", "half a surrogate pair at 5"),
    ],
)
def test_what_cannot_be_sent_is_not_taken(text: str, receiver: str, says: str) -> None:
    stage = Stage()
    with pytest.raises(InvalidEvent, match=says):
        stage.post("m", text, receiver)
    assert stage.journal == []


def test_somebody_elses_post_is_received_once() -> None:
    stage = connected()
    stage.told("m")
    stage.told("m", 11)
    assert stage.kinds()[-2:] == [Kind.RECEIVED, Kind.REPEATED]
    (bubble,) = stage.bubbles
    assert (bubble.delivery, bubble.seq) == (Delivery.RECEIVED, 11)


def test_a_forgotten_post_does_not_come_back() -> None:
    stage = Stage(Limits(bubbles=2))
    for name in ("a", "b", "c", "a"):
        stage.told(name)
    assert [b.id for b in stage.bubbles] == ["b", "c"]
    assert stage.kinds()[-1] is Kind.REPEATED


def test_the_echo_of_an_own_post_is_no_second_bubble() -> None:
    stage = connected()
    stage.post("m")
    stage.told("m", sender="me")
    assert stage.bubbles[0].delivery is Delivery.PENDING
    stage.told("m", 11, sender="me")
    assert (stage.bubbles[0].delivery, stage.bubbles[0].seq) == (Delivery.STORED, 11)
    stage.core.confirmed("m", Path.POST, 11)
    before = list(stage.journal)
    stage.told("m", 11, sender="me")
    assert stage.journal == before
    assert len(stage.bubbles) == 1


def test_a_post_given_up_and_heard_again_is_stored_after_all() -> None:
    stage = connected()
    stage.post("m")
    stage.core.rejected("m", "gave up")
    stage.told("m", 12, sender="me")
    assert stage.bubbles[0].delivery is Delivery.STORED


def test_an_own_post_from_another_place_is_stored() -> None:
    stage = connected()
    stage.told("m", 11, sender="me")
    assert stage.bubbles[0].delivery is Delivery.STORED


def test_missing_starts_where_the_first_registration_stood() -> None:
    stage = connected()
    assert stage.core.last_seq == 10
    stage.told("m", 12)
    stage.told("n", 11)
    stage.told("o")
    assert stage.core.last_seq == 12
    stage.core.hear(events.Registered("s2", 50))
    assert stage.core.last_seq == 12


def test_an_acknowledgement_does_not_move_what_was_heard() -> None:
    stage = connected()
    stage.post("m")
    stage.core.hear(events.Ack("m", 20))
    assert stage.core.last_seq == 10


def test_before_registration_nothing_counts_as_heard() -> None:
    stage = Stage()
    stage.told("early", 9)
    assert stage.core.last_seq is None
    fresh = Stage(since=0)
    fresh.told("overtakes what is missed", 9)
    assert fresh.core.last_seq == 0


def test_peers_are_those_met_and_those_who_are_here() -> None:
    stage = connected()
    stage.post("m", receiver="ann")
    stage.told("n", sender="bob")
    stage.core.hear(events.Presence(online=("me", "cid")))
    stage.core.hear(events.Presence(online=("dan",), offline=("cid", "eve")))
    snapshot = stage.core.snapshot(None)
    assert snapshot.peers == ("ann", "bob", "cid", "dan", "eve")
    assert snapshot.online == ("dan",)


def test_typing_leaves_oneself_out_and_ends_with_the_connection() -> None:
    stage = connected()
    stage.core.hear(events.TypingUpdate(("me", "you")))
    assert stage.core.snapshot(None).typing == ("you",)
    stage.core.planned(1, 0, "lost")
    assert stage.core.snapshot(None).typing == ()


def test_a_refused_event_fails_its_post() -> None:
    stage = connected()
    stage.post("m")
    stage.core.hear(events.Error("too-long", "Too long.", "m"))
    assert (stage.bubbles[0].delivery, stage.bubbles[0].reason) == (Delivery.FAILED, "Too long.")


@pytest.mark.parametrize("code", ["unavailable", "rate-limited"])
def test_not_now_keeps_the_post_and_asks_for_a_pause(code: str) -> None:
    stage = connected()
    stage.post("m")
    stage.core.outbox.take(Path.WEBSOCKET)
    stage.core.sent("m")
    stage.core.hear(events.Error(code, "Later.", "m"))
    assert (stage.bubbles[0].delivery, stage.bubbles[0].reason) == (Delivery.PENDING, "Later.")
    assert stage.core.outbox.due(Path.WEBSOCKET)
    assert stage.core.busy()
    assert not stage.core.busy()


@pytest.mark.parametrize("code", ["unauthorized", "forbidden"])
def test_an_unwelcome_user_is_told_so(code: str) -> None:
    with pytest.raises(Refused, match="Not you"):
        connected().core.hear(events.Error(code, "Not you."))


def test_an_unwelcome_post_is_the_posts_trouble() -> None:
    stage = connected()
    stage.post("m")
    stage.core.hear(events.Error("forbidden", "Not as her.", "m"))
    assert stage.bubbles[0].reason == "Not as her."


def test_other_complaints_are_noted() -> None:
    stage = connected()
    stage.core.hear(events.Error("binary", "The chat speaks text."))
    stage.core.hear(events.Error("invalid", "What?", "no-id-of-ours"))
    assert stage.kinds()[-2:] == [Kind.GARBLED] * 2
    assert stage.journal[-2].detail == "binary: The chat speaks text."


def test_history_adds_what_is_new_and_numbers_what_is_not() -> None:
    stage = connected()
    stage.told("b")
    for name, seq, sender in (("a", 3, "me"), ("b", 4, "you")):
        stage.core.learned(events.Post(name, "hi", sender, "x", STAMP, seq))
    assert [(b.id, b.seq, b.delivery) for b in stage.bubbles] == [
        ("a", 3, Delivery.STORED),
        ("b", 4, Delivery.RECEIVED),
    ]


def test_the_countdown_runs_with_the_clock() -> None:
    stage = connected()
    stage.core.planned(2, 3_000_000_000, "nobody listens there")
    snapshot = stage.core.snapshot(5)
    assert snapshot.link is Link.RECONNECTING
    assert (snapshot.attempt, snapshot.max_attempts, snapshot.next_attempt_in) == (2, 5, 3.0)
    assert snapshot.detail == "nobody listens there"
    stage.now_ns = 2_500_000_000
    assert stage.core.countdown() == 0.5
    stage.now_ns = 4_000_000_000
    assert stage.core.countdown() == 0.0
    stage.core.turn(Turn.ATTEMPT)
    assert stage.core.countdown() is None
    assert stage.core.attempt == 2
    stage.core.hear(events.Registered("s", 10))
    assert stage.core.attempt == 0


def test_a_turn_that_changes_nothing_is_no_entry() -> None:
    stage = connected()
    before = len(stage.journal)
    stage.core.turn(Turn.ATTEMPT)
    assert len(stage.journal) == before


def test_a_lost_connection_holds_what_was_sent() -> None:
    stage = connected()
    for name in ("a", "b"):
        stage.post(name)
        stage.core.outbox.take(Path.WEBSOCKET)
        stage.core.sent(name)
    stage.core.lost("waiting")
    assert [(b.delivery, b.reason) for b in stage.bubbles] == [(Delivery.PENDING, "waiting")] * 2


@pytest.mark.parametrize("order", list(itertools.permutations(["ack", "echo", "post"])))
def test_confirmations_may_come_in_any_order(order: tuple[str, ...]) -> None:
    stage = connected()
    stage.post("m")
    for word in order:
        if word == "ack":
            stage.core.hear(events.Ack("m", 11))
        elif word == "echo":
            stage.told("m", 11, sender="me")
        else:
            stage.core.confirmed("m", Path.POST, 11)
    assert stage.kinds().count(Kind.STORED) == stage.kinds().count(Kind.SETTLED) == 1
    assert len(stage.core.outbox) == 0


def test_a_new_reason_is_news() -> None:
    stage = connected()
    stage.post("m")
    for reason in ("nobody listens there", "500"):
        stage.core.outbox.take(Path.POST)
        stage.core.held("m", Path.POST, reason)
    assert [entry.detail for entry in stage.journal[-2:]] == ["nobody listens there", "500"]
    assert stage.kinds()[-2:] == [Kind.HELD] * 2


def test_only_so_many_peers_are_remembered() -> None:
    stage = Stage(Limits(peers=2))
    stage.core.hear(events.Presence(online=("a", "b", "c")))
    snapshot = stage.core.snapshot(None)
    assert snapshot.peers == snapshot.online == ("b", "c")
