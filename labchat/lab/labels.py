"""Which connection is whose: the first event that names a user says it.

The capture knows nothing of chat, so the lab reads it over its shoulder: a ``register`` event,
or the ``senderId`` of a POST, gives the connection its label.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

from labchat.wire.fields import Direction
from labchat.wire.frames import Frame
from labchat.wire.http1 import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from labchat.capture.capture import Capture, Captured
    from labchat.tap.gate import Gate
    from labchat.tap.held import Held
    from labchat.wire.conversation import Unit

_PERIOD = 0.05
"""Seconds between two looks."""


class Labeller:
    """Labels a capture's connections with the names of the users who speak on them.

    As an async context manager it keeps at it, in a thread of its own so that a long look at the
    bytes never delays the tap.
    """

    def __init__(self, capture: Capture, names: Mapping[str, str]) -> None:
        self._capture = capture
        self._names = names
        self._read = 0
        self._known: set[int] = set()
        self._reading = threading.Lock()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._undo: list[Callable[[], None]] = []
        self._gate: Gate | None = None
        self._name: Callable[[int, str], None] = capture.label

    def watch(self, gate: Gate, name: Callable[[int, str], None]) -> None:
        """Look at what waits at a gate too, which the capture does not know yet.

        Args:
            gate: the tap's.
            name: told (connection, name), such as ``relay.name``.
        """
        self._gate, self._name = gate, name

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            _wake(loop, self._changed)

        self._undo = [self._capture.subscribe(wake)]
        if self._gate is not None:
            self._undo.append(self._gate.subscribe(wake))
        self._changed.set()
        self._task = loop.create_task(self._follow())
        return self

    async def __aexit__(self, *error: object) -> None:
        for undo in self._undo:
            undo()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await asyncio.to_thread(self.update)
            await asyncio.sleep(_PERIOD)

    def update(self) -> None:
        """Look at the units that came since the last call."""
        with self._reading:
            self._update()

    def _update(self) -> None:
        rows = self._capture.rows(self._read + 1)
        for row in rows:
            if row.direction is Direction.C2S and row.connection not in self._known:
                self._look(row.n, row.connection)
        self._read += len(rows)
        for held in () if self._gate is None else self._gate.view.held:
            if held.direction is Direction.C2S and held.connection not in self._known:
                self._tell(held.connection, waiting_speaker(held))

    def _look(self, n: int, connection: int) -> None:
        self._tell(connection, speaker(self._capture.unit(n)))

    def _tell(self, connection: int, user: str | None) -> None:
        if user is not None:
            self._known.add(connection)
            self._name(connection, self._names.get(user, user))


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is left to wake
        loop.call_soon_threadsafe(event.set)


def speaker(captured: Captured) -> str | None:
    """The user id a client's unit names, or None."""
    unit = captured.unit
    if isinstance(unit, Frame):
        return _user(captured.message.payload) if captured.message is not None else None
    return _of_request(unit)


def waiting_speaker(held: Held) -> str | None:
    """The same of a unit that waits at the gate."""
    return _user(held.unit.payload) if isinstance(held.unit, Frame) else _of_request(held.unit)


def _of_request(unit: Unit | None) -> str | None:
    if isinstance(unit, Request):
        query = parse_qs(urlsplit(unit.target).query)
        return _user(unit.body) or next(iter(query.get("user", [])), None)
    return None


def _user(payload: bytes) -> str | None:
    try:
        value = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    user = value.get("userId") or value.get("senderId")
    return user if isinstance(user, str) else None
