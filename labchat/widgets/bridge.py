"""From any thread to the front end, at most twenty times a second.

Whoever changes something calls :meth:`Bridge.changed`, which only sets a flag. A daemon thread
runs the update; changes that come meanwhile share the next one. It needs no event loop, so panels
stay alive while a cell blocks, and it ends by itself when nothing has changed for a while.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL = 0.05
"""Seconds between two updates: 20 a second, far below the server's limit of 1,000 messages."""

IDLE = 2.0
"""Seconds without a change after which the thread ends; the next change starts another."""


class Bridge:
    """Coalesces changes into calls of ``update``.

    What ``update`` raises ends the thread through ``threading.excepthook``, where it is seen; the
    next change starts another thread.
    """

    def __init__(
        self,
        update: Callable[[], None],
        *,
        interval: float = INTERVAL,
        idle: float = IDLE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._update = update
        self._interval = interval
        self._idle = idle
        self._clock = clock
        self._state = threading.Condition()
        self._updating = threading.Lock()
        self._due = False
        self._closed = False
        self._last = float("-inf")
        self._thread: threading.Thread | None = None

    def changed(self) -> None:
        """Say that something changed; returns at once, from any thread."""
        with self._state:
            if self._closed:
                return
            self._due = True
            self._start()
            self._state.notify()

    def flush(self) -> None:
        """Run a pending update now, in this thread; what ``update`` raises comes through."""
        with self._state:
            due, self._due = self._due, False
            self._last = self._clock()
        if due:
            with self._updating:
                self._update()

    def close(self) -> None:
        """Drop what is pending and end the thread."""
        with self._state:
            self._closed = True
            self._due = False
            self._state.notify()

    def delay(self) -> float:
        """Seconds until the next update may run; 0 or less means now."""
        return self._last + self._interval - self._clock()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="labchat-bridge", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                self.flush()
        finally:
            with self._state:
                self._thread = None
                if self._due:
                    self._start()

    def _wait_for_work(self) -> bool:
        """Block until an update is due and may run; false when the thread should end."""
        with self._state:
            while not self._closed:
                pause = self.delay() if self._due else self._idle
                if self._due and pause <= 0:
                    return True
                woken = self._state.wait(pause)
                if not woken and not self._due:
                    break
            return False
