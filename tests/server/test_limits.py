"""Token buckets, with time as an argument."""

from __future__ import annotations

from labchat.server.limits import Buckets


def test_a_burst_and_then_the_rate():
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.take("alice", now=0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("bob", now=0) == 0
    assert buckets.take("alice", now=0.5) == 0
    assert buckets.take("alice", now=0.75) == 0.25
    assert [buckets.take("alice", now=100) for _ in range(4)] == [0, 0, 0, 0.5]


def test_no_limit():
    buckets = Buckets(rate=0, burst=0)
    assert [buckets.take("alice", now=0) for _ in range(100)] == [0] * 100
    assert len(buckets) == 0


def test_full_buckets_are_forgotten():
    buckets = Buckets(rate=1, burst=2)
    buckets.take("alice", now=0)
    buckets.take("bob", now=5)
    buckets.sweep(now=1)
    assert len(buckets) == 1
    buckets.sweep(now=6)
    assert len(buckets) == 0
