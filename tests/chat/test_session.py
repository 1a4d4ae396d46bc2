from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from labchat.chat.session import Bubble, Delivery, Link, Snapshot, Transport


def test_a_snapshot_starts_empty_on_both_paths() -> None:
    snapshot = Snapshot("user-1", Link.CONNECTING)
    assert snapshot.transport is Transport.BOTH
    assert snapshot.bubbles == snapshot.typing == snapshot.peers == snapshot.online == ()
    assert snapshot.attempt == 0
    assert snapshot.next_attempt_in is None


def test_what_crosses_a_thread_cannot_change() -> None:
    bubble = Bubble("m", "hi", "a", "b", "2026-01-01T00:00:00Z", Delivery.PENDING)
    snapshot = Snapshot("a", Link.CLOSED)
    for frozen, name in ((bubble, "text"), (snapshot, "user")):
        with pytest.raises(FrozenInstanceError):
            setattr(frozen, name, "other")


@pytest.mark.parametrize("words", [Delivery, Link, Transport])
def test_states_are_written_as_their_own_lower_case_names(words: type) -> None:
    assert all(str(word) == word.name.lower() for word in words)
