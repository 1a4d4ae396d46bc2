"""Each fault alone: what it makes of pieces, on a clock that only the test moves."""

from __future__ import annotations

import random
from statistics import fmean, pstdev

import pytest

from labchat.tap.faults import (
    Bandwidth,
    Corrupt,
    Cut,
    Distribution,
    Drop,
    Duplicate,
    FailRequests,
    Latency,
    Limit,
    Loss,
    Offline,
    Refuse,
    Slicer,
    Swallow,
)
from labchat.tap.faults.actions import MS, Answer, Deliver, End, Hold, Piece
from labchat.tap.faults.actions import Swallow as Swallowed
from labchat.tap.faults.base import Fault
from labchat.wire.fields import Direction

C2S = Direction.C2S
FIN = Piece(C2S, b"")


def piece(data: bytes, kind: str = "") -> Piece:
    return Piece(C2S, data, kind)


def run(fault, *pieces, at=None, whole_units=False, seed=1):
    """(time, bytes or action) for pieces arriving at the times ``at``; 0 for all by default."""
    applier = fault.arm().start(whole_units=whole_units)
    rng = random.Random(seed)
    seen = []
    for when, each in zip(at or [0] * len(pieces), pieces, strict=True):
        for action in applier.apply(each, when, rng):
            if isinstance(action, Deliver):
                seen.append((when + action.after, action.piece.data))
            else:
                seen.append((when + getattr(action, "after", 0), action))
    return seen


def notes(fault, each, *, whole_units=True):
    applier = fault.arm().start(whole_units=whole_units)
    return [a.note for a in applier.apply(each, 0, random.Random(1))]


def test_the_baseline_changes_nothing():
    assert run(Fault(), piece(b"abc"), FIN) == [(0, b"abc"), (0, b"")]
    assert list(Fault().begins(0, random.Random(1))) == []
    assert Fault().admits(random.Random(1))
    assert Offline().describe() == "offline"


def test_latency_delays_every_byte_and_the_end_too():
    fault = Latency(delay_ms=100)
    assert run(fault, piece(b"a"), piece(b"b"), FIN, at=[0, 5 * MS, 6 * MS]) == [
        (100 * MS, b"a"),
        (105 * MS, b"b"),
        (106 * MS, b""),
    ]
    assert list(fault.start(whole_units=False).begins(0, random.Random(1))) == []


def test_jitter_never_lets_one_byte_overtake_another():
    times = [t for t, _ in run(Latency(delay_ms=50, jitter_ms=50), *[piece(b"x")] * 200)]
    assert times == sorted(times)
    assert len(set(times)) > 2


@pytest.mark.parametrize(
    ("distribution", "mean", "deviation", "least"),
    [
        (Distribution.UNIFORM, 100, 20 / 3**0.5, 80),
        (Distribution.NORMAL, 100, 20, 0),
        (Distribution.EXPONENTIAL, 120, 20, 100),
        (Distribution.PARETO, 100 + 20 / 1.5, None, 100),
    ],
)
def test_distributions(distribution, mean, deviation, least):
    drawn = Latency(delay_ms=100, jitter_ms=20, distribution=distribution).sample(20_000)
    assert fmean(drawn) == pytest.approx(mean, rel=0.02)
    assert min(drawn) >= least
    if deviation is not None:
        assert pstdev(drawn) == pytest.approx(deviation, rel=0.05)


def test_a_sample_is_the_same_for_the_same_seed_and_never_negative():
    wild = Latency(delay_ms=1, jitter_ms=100, distribution=Distribution.NORMAL)
    assert wild.sample(50, seed=3) == wild.sample(50, seed=3) != wild.sample(50, seed=4)
    assert min(wild.sample(1000)) == 0
    assert Latency(delay_ms=7).sample(2) == [7, 7]


def test_bandwidth_sends_bytes_one_behind_the_other():
    fault = Bandwidth(bytes_per_s=1000)
    assert run(fault, piece(b"x" * 50), piece(b"y" * 10), FIN) == [
        (50 * MS, b"x" * 50),
        (60 * MS, b"y" * 10),
        (60 * MS, b""),
    ]
    assert run(fault, piece(b"x" * 10), piece(b"y" * 10), at=[0, 500 * MS])[1][0] == 510 * MS


def test_bandwidth_trickles_what_is_large():
    sent = run(Bandwidth(bytes_per_s=10_000), piece(bytes(1000)))
    assert [len(data) for _, data in sent] == [200] * 5
    assert [time // MS for time, _ in sent] == [20, 40, 60, 80, 100]


def test_slices():
    assert run(Slicer(size_bytes=2), piece(b"abcde"), FIN) == [
        (0, b"ab"),
        (0, b"cd"),
        (0, b"e"),
        (0, b""),
    ]
    apart = run(Slicer(size_bytes=1, gap_ms=5), piece(b"ab"), piece(b"c"))
    assert apart == [(0, b"a"), (5 * MS, b"b"), (10 * MS, b"c")]


def test_offline_holds():
    assert run(Offline(), piece(b"a")) == [(0, Hold(piece(b"a")))]


@pytest.mark.parametrize("how", Cut)
def test_a_drop_by_the_clock_needs_no_traffic(how):
    applier = Drop(by=how, after_ms=50).start(whole_units=False)
    (action,) = applier.begins(0, random.Random(1))
    assert (action.how, action.after) == (how, 50 * MS)
    assert run(Drop(by=how), piece(b"a")) == [(0, b"a")]


def test_a_drop_by_the_unit_takes_the_unit_with_it():
    ((time, action),) = run(Drop(by=Cut.RST), piece(b"a", "frame"), whole_units=True)
    assert time == 0
    assert isinstance(action, End)
    assert action.note == "The tap dropped the connection by RST"
    assert list(Drop(by=Cut.RST).begins(0, random.Random(1))) == []


def test_a_limit_passes_so_many_bytes():
    fault = Limit(after_bytes=5, by=Cut.RST)
    passed = run(fault, piece(b"abc"), piece(b"defg"), piece(b"h"))
    assert passed[:2] == [(0, b"abc"), (0, b"de")]
    assert [action.how for _, action in passed[2:]] == [Cut.RST, Cut.RST]
    assert run(fault, piece(b"abcde"), FIN) == [(0, b"abcde"), (0, b"")]


def test_corruption_of_a_unit():
    frame = piece(b"\x81\x00", "frame")
    assert run(Corrupt(bit=1), frame, whole_units=True) == [(0, b"\xc1\x00")]
    assert run(Corrupt(offset=-1), frame, whole_units=True) == [(0, b"\x81\xff")]
    assert run(Corrupt(offset=2), frame, whole_units=True) == [(0, b"\x81\x00")]
    assert notes(Corrupt(bit=1), frame) == [
        "The tap corrupted byte 0 of a frame of 2 bytes: 81 became c1"
    ]


def test_corruption_of_the_stream_happens_once_where_it_is_meant():
    fault = Corrupt(offset=4, bit=7)
    assert run(fault, piece(b"abc"), piece(b"def"), piece(b"abcdef"), FIN) == [
        (0, b"abc"),
        (0, b"ddf"),
        (0, b"abcdef"),
        (0, b""),
    ]


def test_a_duplicate_follows_its_unit():
    frame = piece(b"\x89\x00", "frame")
    assert run(Duplicate(copies=2), frame, whole_units=True) == [(0, frame.data)] * 3
    assert "application layer" in notes(Duplicate(), frame)[1]
    assert Duplicate.of_units


def test_a_swallowed_unit_is_named_as_an_application_fault():
    frame = piece(b"\x89\x00", "frame")
    ((_, action),) = run(Swallow(), frame, whole_units=True)
    assert isinstance(action, Swallowed)
    assert action.note == "The tap swallowed a frame of 2 bytes (application layer)"


def test_loss_is_delay_and_holds_up_what_follows():
    certain = Loss(rate=1, rto_ms=1)
    ((time, data),) = run(certain, piece(b"a"))
    assert (time, data) == ((2**10 - 1) * MS, b"a")
    assert run(Loss(rate=0), piece(bytes(3000)))[-1] == (0, bytes(80))
    some = run(Loss(rate=0.3, rto_ms=200), piece(bytes(1460 * 50)), FIN)
    times = [t for t, _ in some]
    assert times == sorted(times)
    assert set(times) & {200 * MS, 600 * MS, 1400 * MS}
    assert notes(certain, piece(b"a"), whole_units=False)[0].endswith("1023 ms late (RTO)")


def test_a_refusal_is_for_some_or_all():
    rng = random.Random(1)
    armed = Refuse(first=2).arm()
    assert [armed.admits(rng) for _ in range(4)] == [False, False, True, True]
    armed = Refuse().arm()
    assert not any(armed.admits(rng) for _ in range(9))
    armed = Refuse(rate=0.5).arm()
    assert 30 < sum(armed.admits(rng) for _ in range(100)) < 70
    assert run(Refuse(), piece(b"a")) == [(0, b"a")]


def test_failing_requests_are_counted_over_all_connections():
    armed = FailRequests(first=2, status=500).arm()
    request = piece(b"GET / HTTP/1.1\r\n\r\n", "request")
    assert armed.admits(random.Random(1))
    outcomes = []
    for _ in range(3):
        applier = armed.start(whole_units=True)
        outcomes.append([type(a) for a in applier.apply(request, 0, random.Random(1))])
    assert outcomes == [[Swallowed, Answer], [Swallowed, Answer], [Deliver]]


def test_a_failed_request_is_answered_as_http_or_cut():
    request = piece(b"GET / HTTP/1.1\r\n\r\n", "request")
    (_, (_, answer)) = run(FailRequests(status=503), request, whole_units=True)
    head, _, body = answer.data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    (_, (_, end)) = run(FailRequests(by=Cut.RST), request, whole_units=True)
    assert end.how is Cut.RST
    assert run(FailRequests(), piece(b"\x81\x00", "frame")) == [(0, b"\x81\x00")]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Latency(delay_ms=100), "latency 100 ms"),
        (Latency(delay_ms=100, jitter_ms=20), "latency 100 ms ± 20 ms (uniform)"),
        (Bandwidth(bytes_per_s=16000), "bandwidth 16000 B/s"),
        (Slicer(size_bytes=1), "slices of 1 B"),
        (Slicer(size_bytes=1, gap_ms=5), "slices of 1 B, 5 ms apart"),
        (Drop(by=Cut.RST, after_ms=2000), "drop by RST after 2000 ms"),
        (Drop(by=Cut.SILENCE), "drop by silence"),
        (Limit(after_bytes=1000), "limit 1000 B, then fin"),
        (Corrupt(), "corrupt byte 0"),
        (Corrupt(offset=3, bit=1), "corrupt bit 1 of byte 3"),
        (Duplicate(), "duplicate"),
        (Duplicate(copies=2), "duplicate × 3"),
        (Swallow(), "swallow"),
        (Loss(rate=0.02), "loss 2 %, RTO 1000 ms"),
        (Refuse(), "refuse connections"),
        (Refuse(first=3, rate=0.5), "refuse the first 3 50 % of connections"),
        (FailRequests(), "fail the first 1 requests with 503"),
        (FailRequests(by=Cut.FIN), "fail the first 1 requests by fin"),
    ],
)
def test_a_fault_says_what_it_does(fault, words):
    assert fault.describe() == words
