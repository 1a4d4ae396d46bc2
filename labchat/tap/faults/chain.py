"""Rules at work on one direction of one connection, one behind the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labchat.tap.faults.actions import Action, Deliver, Hold, Piece, Remark

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator

    from labchat.tap.faults.base import Armed
    from labchat.tap.faults.rule import Rule

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Switched:
    """A rule that was switched on: under a number, at a time, with what it remembers."""

    id: int
    rule: Rule
    armed: Armed
    since_ns: int

    @property
    def start_ns(self) -> int:
        """When it comes into force."""
        return self.since_ns + round(self.rule.at_s * SECOND)

    @property
    def stop_ns(self) -> int | None:
        """When it is over, or None."""
        if self.rule.for_s is None:
            return None
        return self.start_ns + round(self.rule.for_s * SECOND)

    @property
    def refuses_all(self) -> bool:
        """Whether nobody at all is let in while it is in force."""
        return self.rule.meets_all and self.rule.fault.refuses_all

    @property
    def once_ns(self) -> int | None:
        """When it acts, if it does so once for all; connections made later are left alone."""
        after = self.rule.fault.once_after_ns
        if after is None or self.rule.units is not None or self.rule.for_s is not None:
            return None
        return self.start_ns + after

    def on(self, now: int) -> bool:
        """Whether it is in force."""
        return self.start_ns <= now and (self.stop_ns is None or now < self.stop_ns)


class Stage:
    """One rule in one chain: looks whether a piece is meant, and lets the fault act on it."""

    def __init__(self, switched: Switched) -> None:
        self.id = switched.id
        self._switched = switched
        self._units = switched.rule.units
        self._applier = switched.armed.start(whole_units=self._units is not None)
        self._fitting = 0
        self._last = 0

    @property
    def whole_units(self) -> bool:
        """Whether pieces must be whole units."""
        return self._units is not None

    def begins(self, now: int, rng: random.Random) -> Iterator[tuple[int, Action]]:
        """What happens without traffic, each with its time."""
        start = max(now, self._switched.start_ns)
        stop = self._switched.stop_ns
        if stop is None or start < stop:
            once = self._switched.once_ns
            for action in self._applier.begins(start, rng):
                due = start + getattr(action, "after", 0)
                yield due if once is None else max(now, once), action

    def apply(self, piece: Piece, now: int, rng: random.Random) -> Iterator[tuple[int, Action]]:
        """What becomes of ``piece``, each action with its time; never before an earlier one."""
        if not (self._switched.on(now) and self._meant(piece)):
            self._last = max(self._last, now)
            yield self._last, Deliver(piece)
            return
        for action in self._applier.apply(piece, now, rng):
            stop = self._switched.stop_ns
            if isinstance(action, Hold) and stop is not None:
                self._last = max(self._last, stop)
                yield self._last, Deliver(action.piece)
            else:
                due = now + getattr(action, "after", 0)
                if isinstance(action, Deliver):
                    due = self._last = max(self._last, due)
                yield due, action

    def _meant(self, piece: Piece) -> bool:
        if self._units is None:
            return True
        if not self._units.fits(piece):
            return False
        self._fitting += 1
        return self._units.counts(self._fitting)


class Chain:
    """The stages of one direction; what one delivers, the next one gets, when it is due."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._stages: list[Stage] = []

    @property
    def whole_units(self) -> bool:
        """Whether pieces must be whole units."""
        return any(stage.whole_units for stage in self._stages)

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return bool(self._stages)

    def switch(self, rules: Iterable[Switched], now: int) -> list[tuple[int, Action]]:
        """Take these rules; those that were in force go on where they are."""
        known = {stage.id: stage for stage in self._stages}
        ordered = sorted(rules, key=_rank)
        self._stages = [known.get(switched.id) or Stage(switched) for switched in ordered]
        fresh = [stage for stage in self._stages if stage.id not in known]
        return [timed for stage in fresh for timed in stage.begins(now, self._rng)]

    def push(self, piece: Piece, now: int) -> Iterator[tuple[int, Action]]:
        """What becomes of ``piece`` in the end: actions with their times."""
        yield from self._from(0, piece, now)

    def _from(self, index: int, piece: Piece, now: int) -> Iterator[tuple[int, Action]]:
        if index == len(self._stages):
            yield now, Deliver(piece)
            return
        for due, action in self._stages[index].apply(piece, now, self._rng):
            if not isinstance(action, Deliver):
                yield due, action
                continue
            yield from self._from(index + 1, action.piece, due)
            if action.note is not None:
                yield due, Remark(action.note)


def _rank(switched: Switched) -> int:
    """Units first, since bytes cannot be put together again; then what holds; then bytes."""
    return switched.rule.fault.rank if switched.rule.units is None else 0
