"""The tap cuts connections and doubles frames and requests; the journals are judged as before.

About 10 s.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from labchat.chat.backoff import constant
from labchat.chat.rooms import Routing
from labchat.client import Heartbeat, Settings
from labchat.client.journal import Entry, Kind
from labchat.server.serve import running
from labchat.server.settings import Delivery, PostPolicy
from labchat.server.settings import Settings as ServerSettings
from labchat.tap.faults.actions import Cut
from labchat.tap.faults.duplicate import Duplicate
from labchat.tap.faults.rule import Units
from labchat.tap.relay import Relay
from labchat.tap.sink import Tee
from labchat.wire.fields import Direction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CUTS = 60


@pytest.fixture
async def relay(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Relay]:
    settings = ServerSettings(
        port=0,
        db=tmp_path / "chat.db",
        routing=getattr(request, "param", Routing.BROADCAST),
        delivery=Delivery.COMMIT_FIRST,
        post=PostPolicy.RELAYS,
    )
    async with running(settings) as server:
        relay = Relay((server.host, server.port), Tee())
        await relay.start()
        yield relay
        await relay.stop()


class Scissors:
    """Cuts every connection when enough has happened, again and again."""

    def __init__(self, relay: Relay, cuts: int, ways: tuple[Cut, ...] = (Cut.FIN, Cut.RST)) -> None:
        self._relay = relay
        self._ways = ways
        self._rng = random.Random(11)
        self._left = 50
        self._cuts = cuts
        self.done = asyncio.Event()

    def saw(self, entry: Entry) -> None:
        if entry.kind in {Kind.SENT, Kind.STORED, Kind.RECEIVED}:
            self._left -= 1
        if self._left <= 0 < self._cuts:
            self._relay.cut(self._rng.choice(self._ways))
            self._left = self._rng.randint(10, 150)
            self._cuts -= 1
            if not self._cuts:
                self.done.set()


@pytest.mark.parametrize("relay", list(Routing), indirect=True)
async def test_cut_connections_lose_nothing(
    relay: Relay, request: pytest.FixtureRequest, crowd_of, stored
) -> None:
    everybody = request.node.callspec.params["relay"] is Routing.BROADCAST
    scissors = Scissors(relay, CUTS)
    crowd = crowd_of(seed=7, on_entry=scissors.saw)
    async with crowd.talk("http://{}:{}".format(*relay.address)):
        async with asyncio.timeout(120):
            await scissors.done.wait()
        await crowd.fall_silent(broadcast=everybody)
        assert crowd.verdict(await stored(relay.address), broadcast=everybody) == []
    assert crowd.count(Kind.HELD) > 0


@pytest.mark.parametrize(
    ("direction", "kind"),
    [
        (Direction.C2S, "frame"),
        (Direction.S2C, "frame"),
        (Direction.C2S, "request"),
        (Direction.S2C, "response"),
    ],
)
async def test_doubled_units_double_nothing(
    relay: Relay, direction: Direction, kind, crowd_of, stored
) -> None:
    relay.faults.add(Duplicate(), direction=direction, units=Units(kind=kind, every=3))
    crowd = crowd_of(seed=8)
    async with crowd.talk("http://{}:{}".format(*relay.address)):
        async with asyncio.timeout(120):
            await crowd.until(300)
        await crowd.fall_silent()
        assert crowd.verdict(await stored(relay.address)) == []


async def test_cut_and_doubled_at_once(relay: Relay, crowd_of, stored) -> None:
    relay.faults.add(Duplicate(), units=Units(kind="frame", every=2))
    scissors = Scissors(relay, CUTS // 2)
    crowd = crowd_of(seed=9, on_entry=scissors.saw)
    async with crowd.talk("http://{}:{}".format(*relay.address)):
        async with asyncio.timeout(120):
            await scissors.done.wait()
        await crowd.fall_silent()
        assert crowd.verdict(await stored(relay.address)) == []
    assert crowd.count(Kind.REPEATED) > 0


async def test_silence_is_found_out_and_costs_nothing(relay: Relay, crowd_of, stored) -> None:
    scissors = Scissors(relay, 4, (Cut.SILENCE,))
    patient = Settings(
        policy=constant(0.03),
        heartbeat=Heartbeat(interval=0.2, timeout=1.0),
        open_timeout=1.0,
        rest_timeout=1.0,
        since=0,
    )
    journal: list[Entry] = []

    def saw(entry: Entry) -> None:
        journal.append(entry)
        scissors.saw(entry)

    crowd = crowd_of(seed=10, on_entry=saw, settings=patient)
    async with crowd.talk("http://{}:{}".format(*relay.address)):
        async with asyncio.timeout(120):
            await scissors.done.wait()
        await crowd.fall_silent()
        assert crowd.verdict(await stored(relay.address)) == []
    assert sum(entry.detail == "reconnecting" for entry in journal) >= len(crowd.chats)
