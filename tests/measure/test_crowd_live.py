"""A crowd on real sockets, small and in quick motion; and what becomes of one that stays away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from labchat.chat.backoff import fixed
from labchat.client.journal import Entry, Kind
from labchat.errors import LabError, SettingsError
from labchat.lab import Lab, experiments
from labchat.measure import crowd, crowd_live

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(port=0, names={}) as lab:
        yield lab


def test_a_real_crowd_tries_when_its_virtual_twin_does(lab: Lab) -> None:
    """The same delays from the same seed: what differs is what sockets and starting cost."""
    table = crowd_live.attempts(lab, "full-jitter", clients=6, down_s=4, scale=0.02)
    given = table.attrs["conditions"]
    assert given["clock"] == "real, 1 s of the policy lasts 0.02 s"
    assert given["back_s"] > 4
    twin = crowd.attempts("full-jitter", clients=6, down_s=given["back_s"])
    firsts = table[table["attempt"] == 1].set_index("client")["at_s"]
    planned = twin[twin["attempt"] == 1].set_index("client")["at_s"]
    assert (firsts >= planned).all()
    row = crowd.summary(table).loc["full-jitter"]
    assert (row["connected"], row["gave_up"]) == (6, 0)
    assert (table.dtypes == twin.dtypes).all()


def test_a_crowd_that_gives_up_is_not_waited_for(lab: Lab) -> None:
    table = crowd_live.attempts(lab, fixed(0.1, name="once"), clients=3, down_s=20, scale=0.1)
    row = crowd.summary(table).loc["once"]
    assert (row["attempts"], row["connected"], row["gave_up"]) == (3, 0, 3)


def test_each_policy_has_its_column_and_all_their_conditions() -> None:
    table = experiments.reconnect_crowd("constant", clients=2, down_s=1, scale=0.05)
    assert list(table.columns) == ["constant"]
    assert table["constant"].sum() >= 2
    given = table.attrs["conditions"]
    assert (given["policy"], given["clients"]) == ("constant", 2)
    assert set(given["back_s"]) == {"constant"}


def test_a_server_that_is_not_there_is_said_at_once() -> None:
    class Nowhere:
        url = "http://127.0.0.1:9"

        def kill_server(self) -> None:
            raise AssertionError("nobody is connected")

        restart_server = kill_server

    with pytest.raises(LabError, match="2 of 2 clients could not connect"):
        crowd_live.attempts(Nowhere(), "text", clients=2)
    with pytest.raises(SettingsError, match="no reconnect policy"):
        crowd_live.attempts(Nowhere(), "hope")


async def test_a_crowd_that_stays_away_is_given_up() -> None:
    away = crowd_live.Crowd(clients=2)
    away.heard(0, Entry(1, "crowd-0", Kind.LINK, detail="connected"))
    away.heard(1, Entry(2, "crowd-1", Kind.POSTED))
    with pytest.raises(LabError, match="1 of 2 clients were not back"):
        await away.settled(0.01)
