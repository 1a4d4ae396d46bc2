"""Waiting for the next committed post: what long polls and event streams do between reads."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Waiter:
    """Somebody who waits; made before reading, so that nothing falls between read and wait."""

    def __init__(self, told: asyncio.Future[None]) -> None:
        self._told = told

    async def within(self, seconds: float) -> bool:
        """Whether there was news before the time was over."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._told
        except TimeoutError:
            return False
        return True


class News:
    """Wakes all who wait."""

    def __init__(self) -> None:
        self._told: set[asyncio.Future[None]] = set()

    def __len__(self) -> int:
        return len(self._told)

    @contextmanager
    def waiting(self) -> Iterator[Waiter]:
        """Wait from here on."""
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._told.add(told)
        try:
            yield Waiter(told)
        finally:
            self._told.discard(told)

    def tell(self) -> None:
        """There is news."""
        for told in self._told:
            if not told.done():
                told.set_result(None)
        self._told.clear()
