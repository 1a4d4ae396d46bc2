from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from labchat.client.expect import Expectations
from labchat.client.race import first, within

if TYPE_CHECKING:
    from conftest import FakeClock


async def test_the_first_to_end_wins_and_the_rest_is_cancelled() -> None:
    ended: list[str] = []

    async def slow() -> str:
        try:
            return await asyncio.Event().wait() and "never"
        finally:
            ended.append("slow")

    async def quick() -> str:
        return "quick"

    assert await first(slow(), quick()) == "quick"
    assert ended == ["slow"]


async def test_of_two_winners_the_leftmost_counts() -> None:
    async def give(value: int) -> int:
        return value

    assert await first(give(1), give(2)) == 1


async def test_an_error_is_a_result_too() -> None:
    async def fail() -> None:
        raise LookupError("no")

    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(LookupError, match="no"):
        await first(wait(), fail())


async def test_who_cancels_the_race_cancels_all() -> None:
    running = asyncio.Event()
    ended: list[int] = []

    async def run(number: int) -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    async with asyncio.TaskGroup() as group:
        race = group.create_task(first(run(1), run(2)))
        await running.wait()
        race.cancel()
    assert sorted(ended) == [1, 2]


async def test_time_runs_out_by_the_given_clock(clock: FakeClock) -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:

        async def wait() -> None:
            with pytest.raises(TimeoutError):
                await within(clock, 3.0, forever())

        group.create_task(wait())
        await clock.until_asleep(3.0)
        clock.advance(3.0)


async def test_what_is_done_in_time_is_given(clock: FakeClock) -> None:
    async def quick() -> str:
        return "done"

    assert await within(clock, 3.0, quick()) == "done"
    assert clock.sleeping() == []


async def test_an_expectation_looks_only_when_it_may_be_concerned() -> None:
    expect = Expectations()
    looked: list[str] = []
    wanted = {"a": False}

    def ready() -> bool | None:
        looked.append("a")
        return wanted["a"] or None

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(expect.until(ready, "a"))
        await asyncio.sleep(0)
        expect.happened("b")
        expect.happened("")
        await asyncio.sleep(0)
        assert looked == ["a"]
        wanted["a"] = True
        expect.happened("a")
        assert await waiting is True


async def test_one_who_gave_up_waiting_is_not_woken() -> None:
    expect = Expectations()
    waiting = asyncio.get_running_loop().create_task(expect.until(lambda: None, "a"))
    await asyncio.sleep(0)
    waiting.cancel()
    expect.happened("a")
    expect.finish(LookupError("over"))
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(LookupError, match="over"):
        await expect.until(lambda: None)
