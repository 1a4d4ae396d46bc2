from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from labchat.chat.outbox import PATHS, Outbox, Path
from labchat.chat.session import Bubble, Delivery, Transport
from labchat.errors import TooLong

WS, POST = Path.WEBSOCKET, Path.POST


def bubble(name: str) -> Bubble:
    return Bubble(name, f"text of {name}", "a", "b", "2026-01-01T00:00:00.000Z", Delivery.PENDING)


def filled(*names: str, transport: Transport = Transport.BOTH) -> Outbox:
    outbox = Outbox()
    for name in names:
        outbox.put(bubble(name), transport)
    return outbox


def taken(outbox: Outbox, path: Path) -> list[str]:
    names = []
    while (post := outbox.take(path)) is not None:
        names.append(post.id)
    return names


def test_a_post_is_pending_then_sent_then_stored() -> None:
    outbox = filled("m", transport=Transport.WEBSOCKET)
    pending = outbox.take(WS)
    assert pending is not None
    assert pending.delivery is Delivery.PENDING
    sent = outbox.sent("m")
    assert sent is not None
    assert sent.delivery is Delivery.SENT
    stored = outbox.confirm("m", WS, 7)
    assert stored is not None
    assert (stored.delivery, stored.seq) == (Delivery.STORED, 7)
    assert len(outbox) == 0


@pytest.mark.parametrize("transport", list(Transport))
def test_a_post_is_due_on_the_paths_of_its_transport(transport: Transport) -> None:
    outbox = filled("m", transport=transport)
    assert {path for path in Path if outbox.due(path)} == set(PATHS[transport])


def test_order_is_kept_on_each_path() -> None:
    outbox = filled("a", "b", "c")
    assert taken(outbox, WS) == ["a", "b", "c"]
    assert taken(outbox, POST) == ["a", "b", "c"]
    assert outbox.take(WS) is None


def test_either_path_makes_it_stored_and_both_let_it_go() -> None:
    outbox = filled("m")
    taken(outbox, WS), taken(outbox, POST)
    stored = outbox.confirm("m", POST, 3)
    assert stored is not None
    assert stored.delivery is Delivery.STORED
    assert "m" in outbox
    again = outbox.confirm("m", WS, None)
    assert again is not None
    assert again.seq == 3
    assert "m" not in outbox


def test_a_confirmation_may_come_before_the_post_is_taken() -> None:
    outbox = filled("m", "n")
    outbox.confirm("m", WS, 1)
    assert taken(outbox, WS) == ["n"]
    assert taken(outbox, POST) == ["m", "n"]


def test_a_lost_connection_makes_all_that_was_in_flight_due_again_in_order() -> None:
    outbox = filled("a", "b", "c", transport=Transport.WEBSOCKET)
    for name in ("a", "b"):
        outbox.take(WS)
        outbox.sent(name)
    changed = outbox.lose(WS, "waiting")
    assert [(b.id, b.delivery, b.reason) for b in changed] == [
        ("a", Delivery.PENDING, "waiting"),
        ("b", Delivery.PENDING, "waiting"),
    ]
    assert taken(outbox, WS) == ["a", "b", "c"]


def test_it_stays_sent_while_the_other_path_has_it() -> None:
    outbox = filled("m")
    outbox.take(WS)
    outbox.take(POST)
    outbox.sent("m")
    (still,) = outbox.lose(WS, "waiting")
    assert still.delivery is Delivery.SENT
    held = outbox.hold("m", POST, "503")
    assert held is not None
    assert (held.delivery, held.reason) == (Delivery.PENDING, "503")


def test_a_stored_post_still_goes_to_those_who_listen() -> None:
    outbox = filled("m")
    outbox.take(WS)
    outbox.confirm("m", POST, 1)
    (stored,) = outbox.lose(WS, "waiting")
    assert stored.delivery is Delivery.STORED
    assert taken(outbox, WS) == ["m"]
    assert outbox.sent("m") is None


def test_what_the_post_path_stored_still_goes_out_by_websocket() -> None:
    outbox = filled("m")
    outbox.take(POST)
    told = outbox.told("m", 7)
    assert told is not None
    assert (told.delivery, told.seq) == (Delivery.STORED, 7)
    outbox.confirm("m", POST, 7)
    assert outbox.take(WS) is not None
    outbox.told("m", 7)
    assert "m" not in outbox
    assert outbox.told("m", 7) is None


def test_a_post_for_the_websocket_alone_is_done_when_it_is_told() -> None:
    outbox = filled("m", transport=Transport.WEBSOCKET)
    outbox.told("m", 7)
    assert "m" not in outbox


def test_a_failed_post_request_is_not_repeated_once_the_post_is_stored() -> None:
    outbox = filled("m")
    outbox.take(POST)
    outbox.confirm("m", WS, 1)
    stored = outbox.hold("m", POST, "503")
    assert stored is not None
    assert stored.delivery is Delivery.STORED
    assert "m" not in outbox
    assert not outbox.due(POST)


def test_a_refused_post_has_failed() -> None:
    outbox = filled("m", "n")
    failed = outbox.reject("m", "413 too long")
    assert failed is not None
    assert (failed.delivery, failed.reason) == (Delivery.FAILED, "413 too long")
    assert taken(outbox, WS) == taken(outbox, POST) == ["n"]


def test_a_refusal_after_the_fact_does_not_undo_it() -> None:
    outbox = filled("m")
    outbox.confirm("m", WS, 1)
    stored = outbox.reject("m", "409")
    assert stored is not None
    assert stored.delivery is Delivery.STORED
    assert len(outbox) == 0


def test_what_is_not_there_changes_nothing() -> None:
    outbox = Outbox()
    assert outbox.sent("?") is None
    assert outbox.confirm("?", WS, 1) is None
    assert outbox.hold("?", WS, "") is None
    assert outbox.reject("?", "") is None
    assert outbox.lose(WS, "") == []


def test_the_outbox_is_bounded() -> None:
    outbox = Outbox(limit=2)
    outbox.put(bubble("a"), Transport.POST)
    outbox.put(bubble("b"), Transport.POST)
    with pytest.raises(TooLong, match="outbox full: 2 posts at most"):
        outbox.put(bubble("c"), Transport.POST)
    outbox.confirm("a", POST, 1)
    outbox.put(bubble("c"), Transport.POST)


class Storm(RuleBasedStateMachine):
    """Anything may happen in any order; a model of the server keeps what reached it."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox()
        self.posted: list[str] = []
        self.shown: dict[str, Bubble] = {}
        self.rows: list[str] = []
        self.flying: dict[Path, list[str]] = {path: [] for path in Path}
        self.first_try: dict[Path, list[str]] = {path: [] for path in Path}

    def show(self, *changed: Bubble | None) -> None:
        for change in changed:
            if change is not None:
                before = self.shown.get(change.id)
                settled = before is not None and before.delivery is Delivery.STORED
                assert not settled or change.delivery is Delivery.STORED
                self.shown[change.id] = change

    @rule(transport=st.sampled_from(Transport))
    def post(self, transport: Transport) -> None:
        name = f"m{len(self.posted)}"
        self.posted.append(name)
        self.show(self.outbox.put(bubble(name), transport))

    @rule(path=st.sampled_from(Path))
    def take(self, path: Path) -> None:
        post = self.outbox.take(path)
        if post is not None:
            self.flying[path].append(post.id)
            if post.id not in self.first_try[path]:
                self.first_try[path].append(post.id)
            self.show(self.outbox.sent(post.id))

    @rule(path=st.sampled_from(Path), heard=st.booleans())
    def arrive(self, path: Path, heard: bool) -> None:
        if self.flying[path]:
            name = self.flying[path].pop(0)
            if name not in self.rows:
                self.rows.append(name)
            if heard:
                self.show(self.outbox.confirm(name, path, self.rows.index(name) + 1))

    @rule(path=st.sampled_from(Path))
    def cut(self, path: Path) -> None:
        self.flying[path].clear()
        self.show(*self.outbox.lose(path, "cut"))

    @invariant()
    def nothing_is_forgotten(self) -> None:
        for name in self.posted:
            assert name in self.outbox or self.shown[name].delivery is Delivery.STORED

    @invariant()
    def stored_means_stored(self) -> None:
        for name, shown in self.shown.items():
            if shown.delivery is Delivery.STORED:
                assert shown.seq == self.rows.index(name) + 1

    @invariant()
    def first_tries_keep_the_order_of_writing(self) -> None:
        for names in self.first_try.values():
            assert names == sorted(names, key=self.posted.index)


Storm.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestStorm = Storm.TestCase
