"""One thread with an asyncio loop of its own: where the tap and the notebook's clients live.

A cell may block and the loop goes on; a cell may ``await`` and the kernel's loop goes on. What
comes back from :meth:`Background.submit` serves both: ``await job`` or ``job.result()``.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import importlib
import importlib.util
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from labchat.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

T = TypeVar("T")

_CLOSE_SECONDS = 30.0


class Job(Generic[T]):
    """Work under way on the background loop."""

    def __init__(self, future: concurrent.futures.Future[T]) -> None:
        self._future = future

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self._future).__await__()

    def __repr__(self) -> str:
        return f"<Job {'done' if self._future.done() else 'under way'}>"

    @property
    def done(self) -> bool:
        """Whether it has ended, well or badly."""
        return self._future.done()

    def wait(self, timeout: float) -> bool:
        """Block until it has ended; False when ``timeout`` seconds were not enough."""
        return not concurrent.futures.wait([self._future], timeout).not_done

    def result(self, timeout: float | None = 30.0) -> T:
        """Block until it has ended; the panels stay alive meanwhile.

        Args:
            timeout: seconds to wait at most, or None.

        Raises:
            LabError: it took longer.
        """
        try:
            return self._future.result(timeout)
        except concurrent.futures.TimeoutError:
            if self._future.done():
                raise
            self._future.cancel()
            raise LabError(f"this did not come to an end within {timeout:g} s") from None


def _new_loop() -> asyncio.AbstractEventLoop:
    """The loop of uvloop where it is installed, for speed only; asyncio's elsewhere."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = importlib.import_module("uvloop").new_event_loop()
    return loop


class Background:
    """A daemon thread that runs one asyncio loop until :meth:`close`."""

    def __init__(self, name: str = "labchat") -> None:
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    @property
    def here(self) -> bool:
        """Whether the caller is on the background thread."""
        return threading.current_thread() is self._thread

    def submit(self, work: Coroutine[Any, Any, T]) -> Job[T]:
        """Start ``work`` on the loop and return at once."""
        if self._loop.is_closed():
            work.close()
            raise LabError("the lab has been stopped; start it again")
        return Job(asyncio.run_coroutine_threadsafe(work, self._loop))

    def run(self, work: Coroutine[Any, Any, T], timeout: float | None = 30.0) -> T:
        """Start ``work`` on the loop and block until it has ended."""
        return self.submit(work).result(timeout)

    def call(self, function: Callable[[], T]) -> T:
        """Call ``function`` on the loop's thread and hand back what it returns."""
        if self.here:
            return function()

        async def once() -> T:
            return function()

        return self.run(once())

    def close(self) -> None:
        """Cancel what still runs, stop the loop, end the thread. Twice is fine."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(LabError):
            self.run(_cancel_others(), _CLOSE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_SECONDS)
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


async def until(
    subscribe: Callable[[Callable[[], None]], Callable[[], None]], look: Callable[[], T | None]
) -> T:
    """What ``look`` finds, now or after one of the changes that ``subscribe`` tells of."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(changed.set)

    undo = subscribe(wake)
    try:
        while (found := look()) is None:
            await changed.wait()
            changed.clear()
        return found
    finally:
        undo()
