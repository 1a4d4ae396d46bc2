"""One thread with a loop: blocking and awaiting, errors, the end."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from labchat.errors import LabError
from labchat.lab.background import Background

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


async def answer() -> int:
    return 42


async def fail() -> None:
    raise ValueError("on purpose")


async def forever() -> None:
    await asyncio.Event().wait()


def test_work_runs_on_the_other_thread(background: Background) -> None:
    async def where() -> threading.Thread:
        return threading.current_thread()

    assert background.run(where()) is not threading.current_thread()


def test_a_job_blocks_until_its_result_is_there(background: Background) -> None:
    assert background.submit(answer()).result() == 42


async def test_a_job_can_be_awaited_from_another_loop(background: Background) -> None:
    assert await background.submit(answer()) == 42


def test_what_fails_there_fails_here(background: Background) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        background.submit(fail()).result()


def test_a_job_that_does_not_end_is_cancelled_and_said(background: Background) -> None:
    job = background.submit(forever())
    with pytest.raises(LabError, match=r"within 0\.01 s"):
        job.result(timeout=0.01)
    assert job.wait(50)
    assert job.done


def test_a_call_from_the_loop_itself_does_not_deadlock(background: Background) -> None:
    async def nested() -> bool:
        return background.call(lambda: background.here)

    assert background.run(nested())
    assert background.call(lambda: background.here)
    assert not background.here


def test_closing_cancels_what_runs_and_may_be_repeated(background: Background) -> None:
    job = background.submit(forever())
    background.close()
    background.close()
    assert job.done
    with pytest.raises(LabError, match="start it again"):
        background.submit(answer())


def test_a_job_says_how_far_it_is(background: Background) -> None:
    job = background.submit(answer())
    job.result()
    assert repr(job) == "<Job done>"
    assert repr(background.submit(forever())) == "<Job under way>"
