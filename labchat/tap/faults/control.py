"""The switchboard: which faults are on. From any thread; the relay looks here."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

from labchat.tap.faults.chain import Switched
from labchat.tap.faults.latency import Distribution, Latency
from labchat.tap.faults.offline import Offline
from labchat.tap.faults.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from labchat.tap.faults.rule import AnyFault, Units
    from labchat.tap.faults.schedule import Schedule
    from labchat.wire.fields import Direction


class Faults:
    """Rules that are switched on and off while the traffic runs.

    Args:
        seed: of the random sources; each direction of each connection has its own, so the same
            seed and traffic give the same actions.
        clock: nanoseconds, monotonic; the relay's.
    """

    def __init__(self, *, seed: int = 0, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.seed = seed
        self._clock = clock
        self._lock = threading.RLock()
        self._rules: tuple[Switched, ...] = ()
        self._ids = 0
        self._subscribers: list[Callable[[], None]] = []
        self._door = random.Random(f"{seed}:door")

    @property
    def rules(self) -> tuple[Switched, ...]:
        """What is on, in the order of switching on."""
        return self._rules

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed``, from any thread, after each change; returns its undoing."""
        self._subscribers.append(changed)
        return lambda: self._subscribers.remove(changed)

    def add(
        self,
        fault: AnyFault,
        *,
        direction: Direction | None = None,
        connections: tuple[int, ...] | None = None,
        label: str | None = None,
        units: Units | None = None,
        at_s: float = 0,
        for_s: float | None = None,
    ) -> int:
        """Switch a fault on, beside the others; returns its number.

        See :class:`~labchat.tap.faults.rule.Rule` for what the arguments mean. Raises
        SettingsError when the fault takes whole units and none are named.
        """
        rule = Rule(
            fault=fault,
            direction=direction,
            connections=connections,
            label=label,
            units=units,
            at_s=at_s,
            for_s=for_s,
        )
        return self._change((), (rule,))[0]

    def remove(self, number: int) -> None:
        """Switch one off; one that is off already stays so."""
        self._change({number}, ())

    def clear(self) -> None:
        """Switch all off."""
        self._change({each.id for each in self._rules}, ())

    def load(self, schedule: Schedule) -> None:
        """Switch on all of a schedule, in place of what is on; its clock starts now."""
        with self._lock:
            self.seed = schedule.seed
            self._door = random.Random(f"{self.seed}:door")
            self._change({each.id for each in self._rules}, schedule.rules)

    def latency(
        self,
        delay_ms: float,
        jitter_ms: float = 0,
        *,
        distribution: Distribution = Distribution.UNIFORM,
        direction: Direction | None = None,
        connections: tuple[int, ...] | None = None,
    ) -> None:
        """Set the latency, one way, in place of what was set before; 0 takes it away."""
        fault = Latency(delay_ms=delay_ms, jitter_ms=jitter_ms, distribution=distribution)
        rule = Rule(fault=fault, direction=direction, connections=connections)
        self._change(self._of(Latency), (rule,) if delay_ms or jitter_ms else ())

    def offline(self, on: bool = True) -> None:
        """Pull the cable out, or put it in again."""
        self._change(self._of(Offline), (Rule(fault=Offline()),) if on else ())

    def describe(self) -> str:
        """What is on, such as "latency 40 ms, to the server; offline"; "" for nothing."""
        return "; ".join(each.rule.describe() for each in self._rules)

    # what the relay asks

    def admits(self, connection: int, label: str | None) -> bool:
        """Whether a new connection may be made."""
        now = self._clock()
        verdicts = [
            each.armed.admits(self._door)
            for each in self._rules
            if each.on(now) and each.rule.meets(connection, label)
        ]
        return all(verdicts)

    def refuses_all(self, now: int) -> bool:
        """Whether nobody is to be let in, so that there is no need to listen."""
        return any(each.on(now) and each.refuses_all for each in self._rules)

    def next_turn(self, now: int) -> int | None:
        """When that may change by itself, or None."""
        rules = [each for each in self._rules if each.refuses_all]
        turns = [turn for each in rules for turn in (each.start_ns, each.stop_ns) if turn]
        return min((turn for turn in turns if turn > now), default=None)

    def meant_for(
        self, connection: int, direction: Direction, label: str | None, *, made_ns: int = 0
    ) -> list[Switched]:
        """The rules for one direction of one connection, which was made at ``made_ns``."""
        return [
            each
            for each in self._rules
            if each.rule.meant_for(connection, direction, label)
            and (each.once_ns is None or made_ns <= each.once_ns)
        ]

    def rng(self, connection: int, direction: Direction) -> random.Random:
        """The random source of one direction of one connection."""
        return random.Random(f"{self.seed}:{connection}:{direction}")

    def _of(self, kind: type[Latency | Offline]) -> set[int]:
        """Plain rules of this kind: those :meth:`latency` and :meth:`offline` made."""
        return {
            each.id
            for each in self._rules
            if isinstance(each.rule.fault, kind)
            and each.rule == Rule(
                fault=each.rule.fault,
                direction=each.rule.direction,
                connections=each.rule.connections,
            )
        }  # fmt: skip

    def _change(self, gone: set[int] | tuple[()], new: tuple[Rule, ...]) -> list[int]:
        with self._lock:
            now = self._clock()
            kept = tuple(each for each in self._rules if each.id not in gone)
            first = self._ids + 1
            self._ids += len(new)
            added = tuple(
                Switched(number, rule, rule.fault.arm(), now)
                for number, rule in enumerate(new, first)
            )
            self._rules = kept + added
        for changed in tuple(self._subscribers):
            changed()
        return [each.id for each in added]
