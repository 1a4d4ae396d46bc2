"""Who is here, who writes to whom, who receives what."""

from __future__ import annotations

from labchat.chat.rooms import Leases, Members, Routing, TypingBoard


def test_a_user_may_have_many_sessions():
    members: Members[str] = Members()
    for session in ("s1", "s2", "s3"):
        members.open(session)
    members.register("s1", "alice")
    members.register("s2", "alice")
    assert members.sessions("alice") == {"s1", "s2"}
    assert members.user("s1") == "alice"
    assert members.user("s3") is None
    assert len(members) == 3
    assert list(members) == ["s1", "s2", "s3"]


def test_only_the_last_session_takes_its_user_along():
    members: Members[str] = Members()
    for session in ("s1", "s2", "s3"):
        members.open(session)
    members.register("s1", "alice")
    members.register("s2", "alice")
    assert members.close("s1") is None
    assert members.close("s2") == "alice"
    assert members.close("s3") is None
    assert members.close("never opened") is None
    assert members.sessions("alice") == frozenset()


def test_registering_again_changes_the_user():
    members: Members[str] = Members()
    members.open("s1")
    members.register("s1", "alice")
    members.register("s1", "bob")
    assert members.sessions("alice") == frozenset()
    assert members.sessions("bob") == {"s1"}


def test_broadcast_reaches_everybody_and_direct_two_users():
    members: Members[str] = Members()
    for session, user in {"a1": "alice", "a2": "alice", "b": "bob", "e": "eve"}.items():
        members.open(session)
        members.register(session, user)
    members.open("nobody")
    assert set(members.receivers(Routing.BROADCAST, "alice", "bob")) == set(members)
    assert set(members.receivers(Routing.DIRECT, "alice", "bob")) == {"a1", "a2", "b"}
    assert set(members.receivers(Routing.DIRECT, "alice", "away")) == {"a1", "a2"}


def test_typing_is_news_once_and_lapses():
    board = TypingBoard(lapse=5)
    assert board.start("alice", "bob", now=0)
    assert not board.start("alice", "bob", now=3)
    assert board.start("alice", "carol", now=4)
    assert board.everybody() == ("alice",)
    assert board.writing_to("bob") == ("alice",)
    assert board.lapse(now=7) == []
    assert board.lapse(now=8) == ["bob"]
    assert board.writing_to("bob") == ()
    assert board.writing_to("carol") == ("alice",)


def test_typing_stops_once():
    board = TypingBoard(lapse=5)
    board.start("alice", "bob", now=0)
    assert board.stop("alice", "bob")
    assert not board.stop("alice", "bob")


def test_who_is_gone_writes_to_nobody():
    board = TypingBoard(lapse=5)
    board.start("alice", "bob", now=0)
    board.start("alice", "carol", now=0)
    board.start("dan", "bob", now=0)
    assert board.drop("alice") == ["bob", "carol"]
    assert board.everybody() == ("dan",)


def test_coming_and_going_is_told_once():
    leases = Leases(term=5)
    leases.renew("alice", now=0)
    leases.renew("alice", now=1)
    assert leases.here() == ("alice",)
    assert leases.changes() == (("alice",), ())
    assert leases.changes() == ((), ())
    leases.lapse(now=5.9)
    assert leases.changes() == ((), ())
    leases.lapse(now=6)
    assert leases.here() == ()
    assert leases.changes() == ((), ("alice",))


def test_who_comes_back_within_the_lease_was_never_away():
    leases = Leases(term=5)
    leases.renew("alice", now=0)
    leases.changes()
    leases.renew("alice", now=4)
    leases.lapse(now=8)
    assert leases.changes() == ((), ())


def test_what_cancels_out_between_two_looks_is_not_told():
    leases = Leases(term=5)
    leases.renew("alice", now=0)
    leases.lapse(now=5)
    assert leases.changes() == ((), ())
    leases.renew("bob", now=0)
    leases.changes()
    leases.lapse(now=5)
    leases.renew("bob", now=6)
    assert leases.changes() == ((), ())
    assert leases.here() == ("bob",)
