"""The POST loop: one post after the other, so that order is kept; retried under the same id."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from labchat.chat.outbox import Path
from labchat.client.race import first
from labchat.client.rest import Rest, Stored

if TYPE_CHECKING:
    from random import Random

    from labchat.chat.session import Bubble
    from labchat.client.clock import Clock
    from labchat.client.core import Core
    from labchat.client.settings import Settings
    from labchat.client.trouble import Trouble


class Poster:
    """Takes posts from the outbox and stores them by HTTP.

    Args:
        core: whose outbox; told of each outcome.
        rest: where to.
        settings: the policy spaces the retries.
        clock: measures them.
        rng: draws the jitter.
    """

    def __init__(
        self, core: Core, rest: Rest, settings: Settings, clock: Clock, rng: Random
    ) -> None:
        self._core = core
        self._rest = rest
        self._settings = settings
        self._clock = clock
        self._rng = rng
        self._wake = asyncio.Event()
        self._back = asyncio.Event()
        self._online = asyncio.Event()
        self._online.set()

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    def connection_is_back(self) -> None:
        """Retry now what failed before."""
        self._back.set()

    def allow(self, online: bool) -> None:
        """Whether anything may be sent at all."""
        if online:
            self._online.set()
            self._back.set()
        else:
            self._online.clear()

    async def run(self) -> None:
        """Send for ever."""
        pauses = self._settings.policy.pauses(self._rng)
        while True:
            self._wake.clear()
            await self._online.wait()
            self._back.clear()
            bubble = self._core.outbox.take(Path.POST)
            if bubble is None:
                await self._wake.wait()
                continue
            trouble = await self._post(bubble)
            if trouble is None:
                pauses = self._settings.policy.pauses(self._rng)
            else:
                pause = max(next(pauses), trouble.retry_after)
                await first(self._clock.sleep(pause), self._until_back())

    async def _post(self, bubble: Bubble) -> Trouble | None:
        """Send one; the trouble if it is to be tried again."""
        outcome = await self._rest.post(bubble, lambda: self._core.sent(bubble.id))
        if isinstance(outcome, Stored):
            self._core.confirmed(bubble.id, Path.POST, outcome.seq)
        elif outcome.final:
            self._core.rejected(bubble.id, outcome.reason)
        else:
            self._core.held(bubble.id, Path.POST, outcome.reason)
            return outcome
        return None

    async def _until_back(self) -> None:
        await self._back.wait()
