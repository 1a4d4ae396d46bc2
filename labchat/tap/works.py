"""What all connections of a relay share: record, clock, faults and gate, and their changes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from labchat.capture.model import Chunk
from labchat.tap.arena import Arena
from labchat.tap.holding import Lost, Note, Pass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from labchat.capture.model import Event
    from labchat.tap.faults.actions import Cut
    from labchat.tap.faults.control import Faults
    from labchat.tap.gate import Gate
    from labchat.tap.holding import Effect
    from labchat.tap.leg import Leg
    from labchat.tap.line import Line
    from labchat.tap.sink import Sink
    from labchat.wire.fields import Direction


@runtime_checkable
class Replayable(Protocol):
    """A sink that can say what it was told, as a Capture can."""

    def events(self) -> Iterator[tuple[int, Event]]:
        """(connection, event) in order."""
        ...


class Works:
    """The lines of a relay, and what acts on them.

    Args:
        sink: the record.
        clock: nanoseconds, monotonic; the one of ``faults`` and ``gate``.
        faults, gate: may be changed from any thread; the lines follow on the relay's loop.
        accepted: called for each line whose client has connected.

    Attributes:
        stopped: whoever comes is sent away at once.
    """

    def __init__(
        self,
        sink: Sink,
        clock: Callable[[], int],
        faults: Faults,
        gate: Gate,
        accepted: Callable[[Line], None],
    ) -> None:
        self.sink = sink
        self.clock = clock
        self.faults = faults
        self.gate = gate
        self.arena = Arena()
        self.lines: dict[int, Line] = {}
        self.legs: set[Leg] = set()
        self.quiet = asyncio.Event()
        self.quiet.set()
        self._accepted = accepted
        self._loop: asyncio.AbstractEventLoop | None = None
        self._undo: list[Callable[[], None]] = []
        self._poked = False
        self.stopped = False
        self._rules: object = faults.rules
        self._gate_active = gate.active
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Follow faults and gate, on the running loop."""
        self.stopped = False
        self._loop = asyncio.get_running_loop()
        self._undo = [self.faults.subscribe(self._poke), self.gate.subscribe(self._poke)]
        if self.faults.rules:
            self._tell_faults()

    def stop(self) -> None:
        """Follow them no longer."""
        for undo in self._undo:
            undo()
        self._undo = []
        if self._timer is not None:
            self._timer.cancel()
        self.arena.close()

    def cut(self, how: Cut, connections: Collection[int] | None = None) -> None:
        """End these connections now, or all; from any thread."""
        self.soon(partial(self._cut, how, connections))

    def name(self, connection: int, label: str) -> None:
        """Say whose a connection is; from any thread."""
        self.soon(partial(self._name, connection, label))

    def soon(self, call: Callable[[], None]) -> None:
        """Call on the relay's loop; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(call)

    def call_at(self, due_ns: int, call: Callable[[], None]) -> asyncio.TimerHandle:
        """Call when the clock shows ``due_ns``."""
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0, due_ns - self.clock()) / 1e9, call)

    # what the lines say

    def joined(self, line: Line, leg: Leg) -> None:
        """A peer is there; one whose TLS handshake outlived the relay is sent away."""
        if self.stopped:
            leg.abort()
            return
        self.legs.add(leg)
        self.quiet.clear()
        if leg is line.client:
            self._accepted(line)

    def left(self, line: Line, leg: Leg) -> None:
        """A peer is gone."""
        self.legs.discard(leg)
        if leg.other.gone:
            self.lines.pop(line.number, None)
        if not self.legs:
            self.quiet.set()

    def drain(self) -> None:
        """Do what the gate wants done."""
        while effects := self.gate.take():
            for effect in effects:
                self._do(effect)
        self._set_timer()

    def _do(self, effect: Effect) -> None:
        line = self.lines.get(effect.connection or 0)
        if isinstance(effect, Note):
            way = effect.direction if line and line.carried(effect.direction) else None
            self.sink.annotate(self.clock(), effect.text, connection=effect.connection, unit=way)
            return
        if line is not None and isinstance(effect, Pass):
            line.passed(effect.piece, was=effect.was, inserted=effect.inserted)
        elif line is not None and isinstance(effect, Lost):
            line.dropped(effect.piece)

    # changes, from any thread

    def _poke(self) -> None:
        if not self._poked:
            self._poked = True
            self.soon(self._follow)

    def _follow(self) -> None:
        self._poked = False
        if self.faults.rules is not self._rules:
            self._rules = self.faults.rules
            self._tell_faults()
            self._switch()
        elif self.gate.active is not self._gate_active:
            self._switch()
        self.drain()

    def _tell_faults(self) -> None:
        text = self.faults.describe() or "none"
        self.sink.annotate(self.clock(), f"Faults switched on now: {text}")

    def _switch(self) -> None:
        self._gate_active = self.gate.active
        for line in tuple(self.lines.values()):
            line.switch()
        unsplit = {line.number: line for line in self.lines.values() if line.unsplit}
        if unsplit:
            histories = self._histories(unsplit)
            for number, line in unsplit.items():
                line.split(histories.get(number))

    def _histories(self, numbers: Collection[int]) -> dict[int, list[tuple[Direction, bytes]]]:
        """What has passed on these connections, as far as the record can say."""
        if not isinstance(self.sink, Replayable):
            return {}
        histories: dict[int, list[tuple[Direction, bytes]]] = {number: [] for number in numbers}
        for number, event in self.sink.events():
            if number in histories and isinstance(event, Chunk):
                histories[number].append((event.direction, bytes(event.data)))
        return histories

    def _cut(self, how: Cut, connections: Collection[int] | None) -> None:
        for number, line in tuple(self.lines.items()):
            if connections is None or number in connections:
                self.sink.annotate(
                    self.clock(), f"The tap cut the connection by {how}", connection=number
                )
                line.cut(how)

    def _name(self, connection: int, label: str) -> None:
        self.sink.label(connection, label)
        line = self.lines.get(connection)
        if line is not None:
            line.label = label
            line.switch()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self.gate.next_due
        self._timer = None if due is None else self.call_at(due, self._tick)

    def _tick(self) -> None:
        self.gate.tick()
        self.drain()
