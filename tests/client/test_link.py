from __future__ import annotations

import pytest

from labchat.chat.session import Link
from labchat.client.link import TABLE, Turn, after


def test_every_state_is_in_the_table() -> None:
    assert set(TABLE) == set(Link)


def test_closed_is_for_good() -> None:
    assert {after(Link.CLOSED, turn) for turn in Turn} == {Link.CLOSED}


@pytest.mark.parametrize("link", [link for link in Link if link is not Link.CLOSED])
def test_every_other_state_can_be_closed(link: Link) -> None:
    assert after(link, Turn.CLOSE) is Link.CLOSED


@pytest.mark.parametrize("link", [Link.RECONNECTING, Link.OFFLINE, Link.REFUSED])
def test_who_is_not_connected_may_try(link: Link) -> None:
    assert after(link, Turn.ATTEMPT) is Link.CONNECTING


@pytest.mark.parametrize("turn", [Turn.REGISTERED, Turn.LOST, Turn.GAVE_UP, Turn.NO])
def test_a_late_event_does_not_bring_an_offline_link_back(turn: Turn) -> None:
    assert after(Link.OFFLINE, turn) is Link.OFFLINE


def test_nobody_is_connected_without_a_registration() -> None:
    ways = {(link, turn) for link, row in TABLE.items() for turn in row}
    into = {(link, turn) for link, turn in ways if after(link, turn) is Link.CONNECTED}
    assert into == {(Link.CONNECTING, Turn.REGISTERED)}
