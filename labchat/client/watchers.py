"""Those who want to know when something changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Watchers:
    """Callbacks, called once per turn of the loop, apart from what caused the change.

    One that raises is reported by the loop's exception handler and does no harm to the rest.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._due = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on there is a loop to call on."""
        self._loop = loop

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed``; returns its undoing, which may be called twice."""
        key = object()
        self._callbacks[key] = changed

        def undo() -> None:
            self._callbacks.pop(key, None)

        return undo

    def tell(self) -> None:
        """Something changed."""
        loop = self._loop
        if self._callbacks and not self._due and loop is not None:
            self._due = True
            loop.call_soon(self._call, loop)

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = False
        for changed in tuple(self._callbacks.values()):
            loop.call_soon(changed)
