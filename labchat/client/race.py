"""Owned concurrency: nothing started here outlives the await that started it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from labchat.client.clock import Clock

T = TypeVar("T")


async def first(*contenders: Coroutine[object, object, T]) -> T:
    """Run all until one ends, cancel the rest and wait for them.

    Returns what the first to end returned, or raises what it raised; of several that end in the
    same turn of the loop the leftmost counts.
    """
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(contender) for contender in contenders]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        winner = next(task for task in tasks if task.done())
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return winner.result()


async def within(clock: Clock, seconds: float, work: Coroutine[object, object, T]) -> T:
    """The result of ``work``. Raises TimeoutError after ``seconds`` of ``clock``."""

    async def expire() -> T:
        await clock.sleep(seconds)
        raise TimeoutError

    return await first(work, expire())
