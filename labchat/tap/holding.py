"""The works of the gate: who stops, who waits behind whom, what is to go on. Pure.

:class:`~labchat.tap.gate.Gate` adds what a person can do.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from labchat.tap.faults.actions import MS, Piece
from labchat.tap.held import Breakpoint, GateView, Held
from labchat.tap.parts import parts
from labchat.tap.queues import Queues
from labchat.tap.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from labchat.tap.queues import Lane
    from labchat.wire.fields import Direction


@dataclass(frozen=True, slots=True)
class Pass:
    """Let ``piece`` go on, of which ``was`` bytes had arrived.

    ``inserted``: the tap made it, and not the peer.
    """

    connection: int
    piece: Piece
    was: int
    inserted: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """``piece`` never goes on."""

    connection: int
    piece: Piece


@dataclass(frozen=True, slots=True)
class Note:
    """Write ``text`` into the capture; it is about what has just gone ``direction``, or None."""

    connection: int | None
    text: str
    direction: Direction | None = None


Effect = Pass | Lost | Note


class Holding:
    """Breakpoints, and what waits because of them; from any thread.

    What is to go on is put into an outbox, which the relay empties.

    Args:
        clock: nanoseconds, monotonic.
    """

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._paused = False
        self._apart = False
        self._breakpoints: dict[Breakpoint, int] = {}
        self._queues = Queues()
        self._running: dict[int, Direction] = {}
        self._free: set[int] = set()
        self._timers = Timers()
        self._ids = 0
        self._outbox: list[Effect] = []
        self._subscribers: list[Callable[[], None]] = []
        self._generation = 0
        self._touched = False
        self._view: GateView | None = None

    @property
    def view(self) -> GateView:
        """The gate as it is; frozen. Made when it is asked for."""
        with self._lock:
            if self._view is None:
                self._view = GateView(
                    self._generation,
                    self._paused,
                    tuple(self._breakpoints),
                    self._queues.view(),
                    self._timers.ticking(self._holding()),
                )
            return self._view

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed``, from any thread, after each change; returns its undoing."""
        self._subscribers.append(changed)
        return lambda: self._subscribers.remove(changed)

    @property
    def active(self) -> bool:
        """Whether pieces must be offered."""
        return bool(
            self._paused or self._breakpoints or self._queues or self._running or self._outbox
        )

    @property
    def next_due(self) -> int | None:
        """When to call :meth:`tick`, or None."""
        fronts = [self._queues.front(lane) for lane in self._queues.lanes]
        dues = [front.due_ns for front in fronts if front and front.due_ns is not None]
        return min(
            [*dues, *(ticking.due_ns for ticking in self._timers.ticking(self._holding()))],
            default=None,
        )

    def offer(self, connection: int, piece: Piece, *, label: str | None = None) -> None:
        """A piece has arrived: it passes, or waits."""
        with self._changing():
            now = self._clock()
            self._timers.arrived(connection, piece, now)
            stopped = self._stops(connection, piece)
            if not stopped and (connection, piece.direction) not in self._queues:
                self._pass(connection, piece, len(piece.data))
                return
            for part in parts(piece) if self._apart else (piece,):
                self._push(connection, part, label, stopped=stopped)

    def forget(self, connection: int) -> None:
        """The connection is over: what waits has nowhere to go."""
        with self._changing():
            self._timers.forget(connection)
            self._running.pop(connection, None)
            self._free.discard(connection)
            for held, piece in self._queues.forget(connection):
                self._outbox.append(Lost(connection, piece))
                text = f"lost {held.id} ({held.summary}): its connection ended"
                self._note(text, connection, piece.direction)

    def tick(self) -> None:
        """Time has passed: delayed units go on, peers' timers are told of."""
        with self._changing():
            now = self._clock()
            for lane in self._queues.lanes:
                front = self._queues.front(lane)
                if front is not None and front.due_ns is not None and front.due_ns <= now:
                    self._let_pass(lane)
                    self._let_followers_pass(lane)
            holding = self._holding()
            for ticking in self._timers.fired(now):
                if ticking.connection in holding:
                    self._note(f"holds, and now {ticking.name}", ticking.connection)

    def take(self) -> list[Effect]:
        """What is to be done, in order; the outbox is empty afterwards."""
        with self._lock:
            effects, self._outbox = self._outbox, []
            return effects

    # the works

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One act: if it changes anything, there is a new view, and everybody is told."""
        with self._lock:
            self._touched = False
            yield
            if not self._touched:
                return
            self._generation += 1
            self._view = None
        for changed in tuple(self._subscribers):
            changed()

    def _push(self, connection: int, piece: Piece, label: str | None, *, stopped: bool) -> None:
        """It waits from now on."""
        self._ids += 1
        held = Held(
            self._ids,
            connection,
            label,
            piece.direction,
            "fin" if piece.fin else piece.kind,
            piece.summary or piece.name,
            piece.data,
            piece.data,
            self._clock(),
            piece.unit,
            stopped,
        )
        self._queues.push(held, piece)
        self._touched = True

    def _holding(self) -> set[int]:
        """The connections of which something waits."""
        return {connection for connection, _ in self._queues.lanes}

    def _stops(self, connection: int, piece: Piece) -> bool:
        """Whether a piece waits for its own sake."""
        if piece.rest or connection in self._free:
            return False
        running = self._running.get(connection)
        if running is not None and not piece.fin:
            if piece.direction is not running:
                del self._running[connection]
            return piece.direction is not running
        stops = self._paused
        for each, seen in self._breakpoints.items():
            if each.meant(connection, piece):
                self._breakpoints[each] = seen + 1
                stops = stops or each.units.counts(seen + 1)
        return stops

    def _pass(self, connection: int, piece: Piece, was: int) -> None:
        self._timers.passed(connection, piece)
        self._outbox.append(Pass(connection, piece, was))

    def _insert(self, connection: int, direction: Direction, data: bytes) -> None:
        self._outbox.append(Pass(connection, Piece(direction, data), 0, inserted=True))

    def _let_pass(self, lane: Lane) -> None:
        """The first of a lane goes on, as it was edited."""
        held, piece = self._queues.pop(lane)
        self._pass(lane[0], replace(piece, data=held.data), len(held.was))
        waited = (self._clock() - held.since_ns) / MS
        changed = ", edited" if held.edited else ""
        self._note(f"let {held.id} ({held.summary}{changed}) pass after {waited:.1f} ms", *lane)

    def _let_followers_pass(self, lane: Lane) -> None:
        """Those that only waited behind it go on as well."""
        while (front := self._queues.front(lane)) is not None and not front.stopped:
            self._let_pass(lane)

    def _flush(self, lane: Lane) -> None:
        while lane in self._queues:
            self._let_pass(lane)

    def _run(self, lane: Lane) -> None:
        """Let a direction go on until the other one says something."""
        connection, direction = lane
        other = self._queues.front((connection, direction.other))
        if other is None:
            self._flush(lane)
            self._running[connection] = direction
        while (front := self._queues.front(lane)) and other and front.id < other.id:
            self._let_pass(lane)

    def _note(
        self, text: str, connection: int | None = None, direction: Direction | None = None
    ) -> None:
        self._touched = True
        self._outbox.append(Note(connection, f"The gate {text}", direction))
