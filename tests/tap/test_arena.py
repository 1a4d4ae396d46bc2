"""Memory to receive into: never shared by two reads, used again when nobody looks at it."""

from __future__ import annotations

import sys

import pytest

from labchat.tap import arena as module
from labchat.tap.arena import BLOCK, LEAST, READ, READY, SMALL, Arena


@pytest.fixture
def arena():
    made = Arena()
    yield made
    made.close()


def received(arena, data):
    """Puts ``data`` where the arena says, and takes it."""
    arena.room()[: len(data)] = data
    return arena.take(len(data))


def test_what_was_received_stays_as_it_is(arena):
    reads = [bytes([n]) * (SMALL + n) for n in range(200)]
    kept = [received(arena, data) for data in reads]
    assert kept == reads


def test_small_reads_are_copies_and_use_no_room(arena):
    before = arena.room()
    kept = received(arena, b"x" * (SMALL - 1))
    assert type(kept) is bytes
    before[:1] = b"y"
    assert arena.room()[:1] == b"y"


def test_what_was_taken_cannot_be_written_to(arena):
    with pytest.raises(TypeError):
        received(arena, b"x" * SMALL)[:1] = b"y"


def test_there_is_always_room_for_a_read(arena):
    rooms = []
    for length in (SMALL, READ, LEAST, READ - 1, *[LEAST] * 40):
        room = arena.room()
        rooms.append(len(room))
        arena.take(min(length, len(room)))
    assert LEAST <= min(rooms) <= max(rooms) == READ


def fill(arena, blocks):
    """Receives so many blocks of bytes."""
    return [received(arena, bytes([n % 256]) * LEAST) for n in range(blocks * BLOCK // LEAST)]


def test_a_block_is_used_again_only_when_no_view_of_it_is_left(arena):
    views = fill(arena, 3)
    arena._filling.join()
    arena._ready.clear()
    some = [views[n][:5] for n in (20, 30)]
    assert some[0].obj is some[1].obj
    del views
    assert len(arena._ready) == 1
    assert [bytes(view) for view in some] == [bytes([n]) * 5 for n in (20, 30)]
    del some
    assert len(arena._ready) == 2


def test_no_more_blocks_are_kept_than_may_be_ready(arena):
    views = fill(arena, READY + 20)
    arena._filling.join()
    del views
    assert len(arena._ready) == READY


@pytest.mark.skipif(sys.platform != "linux", reason="made ready on Linux alone")
def test_blocks_are_made_ready_ahead_of_need(arena):
    fill(arena, 1)
    arena._filling.join()
    assert len(arena._ready) == READY


def test_elsewhere_memory_is_touched_when_it_is_received_into(arena, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    views = fill(arena, 3)
    arena._filling.join()
    assert arena._ready == []
    assert all(view == bytes([n]) * LEAST for n, view in enumerate(views))
    assert len(module._fresh()) == BLOCK


def test_closing_does_not_wait_for_all_blocks(arena):
    fill(arena, 1)
    arena.close()
    assert not arena._filling.is_alive()
    assert arena._ready == []
    arena.close()


def test_it_may_be_used_again_when_it_was_closed(arena):
    views = fill(arena, 2)
    arena.close()
    views += fill(arena, 2)
    assert all(view == bytes([n % 32]) * LEAST for n, view in enumerate(views))
