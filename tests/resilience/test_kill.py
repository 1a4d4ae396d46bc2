"""The server is killed with -9 under load, again and again; what it acknowledged must be there.

Three users post to each other on both paths. A round ends when a randomly chosen kind of event
has happened a random number of times; then the server dies, at once, and another takes its port
and its database. 100 rounds take about 45 s; ``pytest tests/resilience --rounds 1000`` for more.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from labchat.chat.session import Transport
from labchat.client.journal import Entry, Kind

if TYPE_CHECKING:
    from conftest import Victim

TRIGGERS = (Kind.SENT, Kind.STORED, Kind.SETTLED, Kind.RECEIVED)


class Killer:
    """Kills when the chosen event has happened the chosen number of times."""

    def __init__(self, victim: Victim, seed: int) -> None:
        self._victim = victim
        self._rng = random.Random(seed)
        self._left = 0
        self._kind = Kind.SENT
        self.struck = asyncio.Event()

    def aim(self) -> None:
        self._kind = self._rng.choice(TRIGGERS)
        self._left = self._rng.randint(1, 60)
        self.struck.clear()

    def saw(self, entry: Entry) -> None:
        if entry.kind is self._kind and self._left:
            self._left -= 1
            if not self._left:
                self._victim.kill()
                self.struck.set()


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    ("victim", "transports"),
    [
        (("relay-first", "stores"), (Transport.WEBSOCKET, Transport.BOTH)),
        (("commit-first", "relays"), tuple(Transport)),
    ],
    indirect=["victim"],
    ids=["as in the text", "commit first"],
)
async def test_what_was_acknowledged_survives(
    victim: Victim, rounds: int, transports, crowd_of, stored
) -> None:
    killer = Killer(victim, seed=5)
    crowd = crowd_of(seed=6, on_entry=killer.saw, transports=transports)
    async with crowd.talk("http://{}:{}".format(*victim.address)):
        for _ in range(rounds // 2):
            killer.aim()
            async with asyncio.timeout(60):
                await killer.struck.wait()
                await victim.start()
        await crowd.fall_silent()
        assert crowd.verdict(await stored(victim.address)) == []
    print(f"{len(list(crowd.said()))} posts, {crowd.count(Kind.HELD)} times one was held")
    assert crowd.count(Kind.HELD) > rounds
