"""Rules, chains and lanes: whom a fault is for, in which order, and when."""

from __future__ import annotations

import random

import pytest

from labchat.errors import SettingsError
from labchat.tap.faults import (
    Corrupt,
    Cut,
    Drop,
    Faults,
    Latency,
    Limit,
    Offline,
    Refuse,
    Rule,
    Schedule,
    Slicer,
    Swallow,
    Units,
)
from labchat.tap.faults.actions import MS, Deliver, End, Piece, Remark
from labchat.tap.faults.chain import SECOND
from labchat.tap.faults.lane import Lane
from labchat.wire.fields import Direction

C2S, S2C = Direction.C2S, Direction.S2C


class Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults(clock) -> Faults:
    return Faults(seed=7, clock=clock)


def frame(n: int) -> Piece:
    return Piece(C2S, b"\x89\x01" + bytes([n]), "frame", opcode=9)


def lane_of(faults: Faults, connection: int = 1, direction: Direction = C2S) -> Lane:
    lane = Lane(faults.rng(connection, direction))
    lane.switch(faults.meant_for(connection, direction, None), faults._clock())
    return lane


def drain(lane: Lane, until: int) -> list[tuple[int, object]]:
    """All that is due up to ``until``, at the times it was due."""
    seen = []
    while lane.next_due is not None and lane.next_due <= until:
        now = lane.next_due
        for action in lane.ready(now):
            is_bytes = isinstance(action, Deliver)
            seen.append((now, action.piece.data if is_bytes else action))
    return seen


@pytest.mark.parametrize(
    ("units", "meant"),
    [
        (Units(), [1, 2, 3, 4, 5, 6]),
        (Units(kind="frame"), [1, 2, 3, 4, 5, 6]),
        (Units(kind="request"), []),
        (Units(every=3), [3, 6]),
        (Units(nth=2), [2]),
        (Units(first=2), [1, 2]),
        (Units(opcode=9, first=1), [1]),
        (Units(opcode=1), []),
        (Units(path="/x"), []),
        (Units(where="length == 3 and opcode > 8", nth=5), [5]),
    ],
)
def test_units_are_chosen_and_counted(faults, units, meant):
    faults.add(Swallow(), units=units)
    lane = lane_of(faults)
    for n in range(1, 7):
        lane.take(frame(n), 0)
    passed = {data[2] for _, data in drain(lane, 0) if isinstance(data, bytes)}
    assert {1, 2, 3, 4, 5, 6} - passed == set(meant)


def test_paths_may_have_stars():
    asked = Piece(C2S, b"x", "request", path="/api/messages?a=1")
    assert Units(path="/api/*").fits(asked)
    assert not Units(path="/api").fits(asked)
    assert not Units().fits(Piece(C2S, b"x"))


def test_every_third_frame_late_holds_up_those_behind(faults):
    faults.add(Latency(delay_ms=300), units=Units(kind="frame", every=3))
    lane = lane_of(faults)
    for n in range(1, 5):
        lane.take(frame(n), 0)
    assert [(t // MS, data[2]) for t, data in drain(lane, SECOND)] == [
        (0, 1),
        (0, 2),
        (300, 3),
        (300, 4),
    ]


def test_faults_of_units_come_before_faults_of_bytes(faults):
    faults.add(Slicer(size_bytes=1))
    faults.add(Corrupt(offset=2), units=Units())
    lane = lane_of(faults)
    lane.take(frame(0), 0)
    seen = [what for _, what in drain(lane, 0)]
    assert [b for b in seen if isinstance(b, bytes)] == [b"\x89", b"\x01", b"\xff"]
    (remark,) = (what for what in seen if isinstance(what, Remark))
    assert remark.text.startswith("The tap corrupted byte 2")


def test_a_chain_adds_up(faults):
    faults.add(Latency(delay_ms=10))
    faults.add(Latency(delay_ms=5))
    lane = lane_of(faults)
    lane.take(Piece(C2S, b"x"), 0)
    lane.take(Piece(C2S, b""), 0)
    assert drain(lane, SECOND) == [(15 * MS, b"x"), (15 * MS, b"")]
    assert lane.size == 0


def test_a_limit_ends_the_connection_only_after_what_passed(faults):
    faults.add(Limit(after_bytes=2))
    faults.add(Latency(delay_ms=10))
    lane = lane_of(faults)
    lane.take(Piece(C2S, b"abc"), 0)
    (when, data), (then, end) = drain(lane, SECOND)
    assert (when, data, then) == (10 * MS, b"ab", 10 * MS)
    assert isinstance(end, End)


def test_several_pieces_are_held_behind_each_other(faults):
    faults.add(Slicer(size_bytes=1))
    faults.offline()
    lane = lane_of(faults)
    lane.take(Piece(C2S, b"ab"), 0)
    lane.take(Piece(C2S, b"c"), 0)
    assert b"".join(lane.data()) == b"abc"


def test_at_two_seconds_offline_for_five(faults):
    faults.add(Offline(), at_s=2, for_s=5)
    lane = lane_of(faults)
    for second in (1, 3, 6, 8):
        lane.take(Piece(C2S, bytes([second])), second * SECOND)
    assert [(t // SECOND, data[0]) for t, data in drain(lane, 10 * SECOND)] == [
        (1, 1),
        (7, 3),
        (7, 6),
        (8, 8),
    ]


def test_offline_until_told_otherwise(faults, clock):
    faults.offline()
    faults.offline()
    assert faults.describe() == "offline"
    lane = lane_of(faults)
    lane.take(Piece(C2S, b"a"), 0)
    lane.take(Piece(C2S, b"b"), 0)
    assert (lane.next_due, lane.size, lane.idle) == (None, 2, False)
    assert list(lane.data()) == [b"a", b"b"]
    clock.now = 9
    faults.offline(False)
    lane.switch(faults.meant_for(1, C2S, None), 9)
    assert drain(lane, 9) == [(9, b"a"), (9, b"b")]
    assert lane.idle


def test_a_timed_drop_comes_without_traffic(faults):
    faults.add(Drop(by=Cut.SILENCE, after_ms=500), at_s=1)
    lane = lane_of(faults)
    ((when, end),) = drain(lane, 2 * SECOND)
    assert when == 1500 * MS
    assert isinstance(end, End)


def test_a_drop_at_a_time_spares_those_who_come_back(faults, clock):
    faults.add(Drop(by=Cut.RST), at_s=1, for_s=0.1)
    assert lane_of(faults).next_due == SECOND
    clock.now = 2 * SECOND
    assert lane_of(faults).next_due is None


def test_a_drop_without_an_end_acts_once_on_those_there_are(faults):
    faults.add(Drop(by=Cut.RST, after_ms=500), at_s=1)
    lanes = []
    for made in (0, 1200 * MS, 1500 * MS, 1500 * MS + 1):
        lanes.append(Lane(faults.rng(1, C2S)))
        lanes[-1].switch(faults.meant_for(1, C2S, None, made_ns=made), made)
    assert [lane.next_due for lane in lanes] == [1500 * MS, 1500 * MS, 1500 * MS, None]


def test_a_drop_with_an_end_gives_each_connection_a_clock_of_its_own(faults):
    faults.add(Drop(by=Cut.RST, after_ms=500), for_s=2)
    lane = Lane(faults.rng(1, C2S))
    lane.switch(faults.meant_for(1, C2S, None, made_ns=SECOND), SECOND)
    assert lane.next_due == 1500 * MS


def test_a_drop_by_the_unit_is_for_later_connections_too(faults):
    faults.add(Drop(by=Cut.RST), units=Units(nth=2))
    assert faults.meant_for(1, C2S, None, made_ns=9 * SECOND)


def test_a_rule_that_is_over_does_not_begin(faults, clock):
    faults.add(Drop(by=Cut.RST), for_s=1)
    clock.now = 2 * SECOND
    assert lane_of(faults).next_due is None


def test_what_is_on_its_way_keeps_its_time_when_faults_change(faults):
    faults.latency(100)
    lane = lane_of(faults)
    lane.take(Piece(C2S, b"early"), 0)
    faults.latency(0)
    lane.switch(faults.meant_for(1, C2S, None), 0)
    lane.take(Piece(C2S, b"late"), MS)
    assert list(lane.data()) == [b"early", b"late"]
    assert drain(lane, SECOND) == [(100 * MS, b"early"), (100 * MS, b"late")]


def test_a_rule_that_stays_goes_on_counting(faults):
    faults.add(Swallow(), units=Units(nth=2))
    lane = lane_of(faults)
    lane.take(frame(1), 0)
    faults.latency(1)
    lane.switch(faults.meant_for(1, C2S, None), 0)
    lane.take(frame(2), 0)
    assert [what for _, what in drain(lane, SECOND) if isinstance(what, bytes)] == [frame(1).data]


def test_what_waits_is_told_without_what_will_be_done(faults):
    faults.add(Drop(by=Cut.RST, after_ms=50))
    faults.latency(100)
    lane = lane_of(faults)
    lane.take(Piece(C2S, b"abc"), 0)
    assert list(lane.data()) == [b"abc"]


def test_clearing_a_lane_says_how_much_is_lost(faults):
    faults.latency(100)
    lane = lane_of(faults)
    lane.take(Piece(C2S, b"abc"), 0)
    assert lane.clear() == 3
    assert (lane.next_due, lane.size) == (None, 0)


def test_whom_a_rule_is_for():
    rule = Rule(fault=Offline(), direction=C2S, connections=(1, 3), label="Alice")
    assert rule.meant_for(1, C2S, "Alice")
    assert not rule.meant_for(1, S2C, "Alice")
    assert not rule.meant_for(2, C2S, "Alice")
    assert not rule.meant_for(3, C2S, "Bob")
    assert rule.describe() == "offline, to the server"


def test_latency_replaces_what_it_set_before_and_nothing_else(faults):
    kept = faults.add(Latency(delay_ms=1), units=Units(every=2))
    faults.latency(10)
    faults.latency(40, 10, direction=S2C)
    assert faults.rules[0].id == kept
    assert faults.describe() == "latency 1 ms; latency 40 ms ± 10 ms (uniform), to the client"
    faults.latency(0)
    assert faults.describe() == "latency 1 ms"
    faults.remove(kept)
    faults.remove(kept)
    assert faults.rules == ()


def test_subscribers_are_told_until_they_leave(faults):
    told = []
    leave = faults.subscribe(lambda: told.append(faults.describe()))
    faults.offline()
    faults.clear()
    leave()
    faults.offline()
    assert told == ["offline", ""]


def test_admission(faults, clock):
    faults.add(Refuse(first=1), connections=(1, 2))
    faults.add(Refuse(), at_s=10)
    assert [faults.admits(n, None) for n in (3, 1, 2)] == [True, False, True]
    clock.now = 10 * SECOND
    assert not faults.admits(3, None)


def test_units_must_be_named_for_faults_of_units(faults):
    with pytest.raises(SettingsError, match="say which under"):
        faults.add(Swallow())
    with pytest.raises(SettingsError, match="where: "):
        Units(where="1 +")


SCHEDULE = Schedule(
    seed=11,
    rules=(
        Rule(fault=Latency(delay_ms=20, jitter_ms=15)),
        Rule(fault=Offline(), at_s=0.2, for_s=0.3),
        Rule(fault=Swallow(), units=Units(kind="frame", every=4), direction=C2S),
        Rule(fault=Corrupt(offset=2, bit=0), units=Units(nth=3)),
        Rule(fault=Drop(by=Cut.RST), at_s=0.9),
    ),
)


def replay(schedule: Schedule) -> list[tuple[int, object]]:
    clock = Clock()
    faults = Faults(clock=clock)
    faults.load(schedule)
    seen = []
    for connection in (1, 2):
        traffic = random.Random(connection)
        lane = lane_of(faults, connection)
        now = 0
        for n in range(60):
            now += traffic.randrange(20 * MS)
            seen += drain(lane, now)
            lane.take(frame(n), now)
        seen += drain(lane, 10 * SECOND)
    return seen


def test_the_same_seed_and_traffic_give_the_same_actions():
    first = replay(SCHEDULE)
    assert first == replay(SCHEDULE)
    other = Schedule(seed=12, rules=SCHEDULE.rules)
    assert first != replay(other)
    assert any(isinstance(what, End) for _, what in first)
