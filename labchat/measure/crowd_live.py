"""The reconnect crowd for real: clients on real sockets, a server killed and started again.

The clients are labchat's own, so the delays are drawn by the very code a chat runs; only the
seconds are shorter, by ``scale``. Each draws from the seed that its twin in
:mod:`labchat.measure.crowd` has, so that the two tables can be laid side by side.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Protocol

from labchat.chat.backoff import Policy, named
from labchat.chat.session import Link
from labchat.client import Settings, connect
from labchat.client.journal import Entry, Kind
from labchat.errors import LabError
from labchat.measure.conditions import conditions
from labchat.measure.crowd import CLIENTS, as_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

PATIENCE_S = 120.0
"""Seconds after which a crowd that is still neither back nor resigned is given up."""


class Restartable(Protocol):
    """A lab whose server can be killed and started again."""

    @property
    def url(self) -> str:
        """Where clients connect."""
        ...

    def kill_server(self) -> None:
        """``kill -9``; returns when it is gone."""
        ...

    def restart_server(self) -> None:
        """Start it again where it was; returns when it takes connections."""
        ...


def attempts(
    lab: Restartable,
    policy: Policy | str,
    *,
    clients: int = CLIENTS,
    down_s: float = 10.0,
    scale: float = 0.2,
    seed: int = 1,
) -> pd.DataFrame:
    """Every reconnect attempt of a real crowd; blocks until all are back or have given up.

    Args:
        lab: what they are connected to; its server is killed.
        policy: a policy or its preset's name.
        clients: how many are connected when it dies.
        down_s: for how many of the policy's seconds it stays down at least; a process takes
            half a real second to start on top, so ``conditions["back_s"]`` says when it was back.
        scale: real seconds to a second of the policy.
        seed: of the clients' random numbers.

    Returns:
        As :func:`labchat.measure.crowd.attempts`; ``at_s`` is real time since the kill, divided
        by ``scale``. ``table.attrs["conditions"]`` says how it was made.

    Raises:
        SettingsError: no preset has that name.
        LabError: not everybody could connect at first, or not all were back in two minutes.
    """
    policy = named(policy)
    run = _run(lab, policy, clients=clients, down_s=down_s, scale=scale, seed=seed)
    with ThreadPoolExecutor(1) as pool:  # a notebook's own thread runs a loop already
        crowd = pool.submit(asyncio.run, run).result()
    table = as_table(policy, crowd.rows(scale))
    table.attrs["conditions"] = conditions(
        clock=f"real, 1 s of the policy lasts {scale:g} s",
        policy=policy.name,
        clients=clients,
        seed=seed,
        back_s=round((crowd.back_ns - crowd.killed_ns) / 1e9 / scale, 3),
    )
    return table


def _scaled(policy: Policy, scale: float) -> Policy:
    def delays(rng: Random) -> Iterator[float]:
        return (delay * scale for delay in policy.delays(rng))

    return Policy(policy.name, delays, policy.max_attempts)


async def _run(
    lab: Restartable, policy: Policy, *, clients: int, down_s: float, scale: float, seed: int
) -> Crowd:
    crowd = Crowd(clients)
    settings = Settings(policy=_scaled(policy, scale), heartbeat=None)
    async with AsyncExitStack() as stack:
        for client in range(clients):
            chat = connect(
                lab.url,
                user=f"crowd-{client}",
                settings=settings,
                rng=Random(f"{seed}/{client}"),
                journal=partial(crowd.heard, client),
            )
            await stack.enter_async_context(chat)
        if crowd.away:
            raise LabError(f"{len(crowd.away)} of {clients} clients could not connect at first")
        crowd.killed_ns = time.monotonic_ns()
        await asyncio.to_thread(lab.kill_server)
        await asyncio.sleep(down_s * scale)
        await asyncio.to_thread(lab.restart_server)
        crowd.back_ns = time.monotonic_ns()
        await crowd.settled(PATIENCE_S)
        crowd.over = True
    return crowd


@dataclass
class Crowd:
    """What became of each client, from its journal.

    Attributes:
        clients: how many there are.
        killed_ns, back_ns: when the server died, and when it was back (monotonic; 0: not yet).
        away: clients that are not connected and have not given up.
        over: nothing counts any more.
    """

    clients: int
    killed_ns: int = 0
    back_ns: int = 0
    over: bool = False
    away: set[int] = field(init=False)
    _tries: dict[int, list[tuple[int, bool]]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.away = set(range(self.clients))

    def heard(self, client: int, entry: Entry) -> None:
        """Take a journal's entry in; only what happens to the link matters."""
        if entry.kind is not Kind.LINK or self.over:
            return
        self._news.set()
        link = Link(entry.detail)
        if link in {Link.CONNECTED, Link.OFFLINE, Link.REFUSED}:
            self.away.discard(client)
        else:
            self.away.add(client)
        if not self.killed_ns:
            return
        tries = self._tries.setdefault(client, [])
        if link is Link.CONNECTING:
            tries.append((entry.at_ns, False))
        elif link is Link.CONNECTED and tries:
            tries[-1] = (tries[-1][0], True)

    async def settled(self, patience_s: float) -> None:
        """Return when nobody is away. Raises LabError when that takes longer."""
        try:
            async with asyncio.timeout(patience_s):
                while self.away:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise LabError(
                f"{len(self.away)} of {self.clients} clients were not back {patience_s:g} s "
                "after the server"
            ) from None

    def rows(self, scale: float) -> list[tuple[int, int, float, bool]]:
        """(client, attempt from 1, policy's seconds since the kill, connected), by client."""
        return [
            (client, attempt, (at_ns - self.killed_ns) / 1e9 / scale, connected)
            for client, tries in sorted(self._tries.items())
            for attempt, (at_ns, connected) in enumerate(tries, start=1)
        ]
