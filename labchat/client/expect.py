"""Waiting for something to become true of a chat, without polling."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Expectations:
    """Those who wait; each looks again when something happens that may concern it."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._over: BaseException | None = None

    async def until(self, ready: Callable[[], T | None], about: str = "") -> T:
        """What ``ready`` returns once that is not None; raises what it raises.

        Args:
            ready: asked now, and again after each happening.
            about: the id of a post, to look again only when something happens to that post.
        """
        while (value := ready()) is None:
            if self._over is not None:
                raise self._over
            await self._next(about)
        return value

    def happened(self, about: str) -> None:
        """Something happened to a post (or, with "", to anything else)."""
        self._wake(about)
        if about:
            self._wake("")

    def finish(self, error: BaseException) -> None:
        """Nothing will happen any more: all who wait, now or later, get ``error``."""
        self._over = error
        for about in tuple(self._waiting):
            self._wake(about)

    async def _next(self, about: str) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(about, set()).add(future)
        await future

    def _wake(self, about: str) -> None:
        for future in self._waiting.pop(about, ()):
            if not future.done():
                future.set_result(None)
