"""What was let pass at the gate, and what the peer answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labchat.widgets.view_models import stepper as model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labchat.capture.capture import Capture
    from labchat.tap.gate import Gate
    from labchat.tap.held import Held
    from labchat.widgets.view_models.detail import RuleView
    from labchat.widgets.view_models.stepper import Answer
    from labchat.wire.conversation import Unit
    from labchat.wire.fields import Direction


@dataclass(frozen=True, slots=True)
class Stepped:
    """What was let pass, and when.

    Attributes:
        held: the unit.
        broken: the rules it broke, as it was edited.
        units: how many units the capture held then.
        at_ns: when, on the clock of gate and capture.
    """

    held: Held
    broken: list[RuleView]
    units: int
    at_ns: int

    def answer(self, gate: Gate, capture: Capture | None) -> Answer | None:
        """What the peer has said since, held or recorded; a refusal before anything else."""
        found = worst([*self._held(gate), *self._recorded(capture)])
        return None if found is None else model.answer(*found, self.broken)

    def _held(self, gate: Gate) -> Iterator[tuple[Unit | None, str]]:
        for each in gate.view.held:
            after = (each.since_ns - self.at_ns) / 1e6
            if self._answered_by(each.connection, each.direction) and after >= 0:
                yield each.unit, f"held as {each.id}, reached the tap {after:.2f} ms after the step"

    def _recorded(self, capture: Capture | None) -> Iterator[tuple[Unit | None, str]]:
        for row in capture.rows(self.units + 1) if capture is not None else ():
            if capture is not None and self._answered_by(row.connection, row.direction):
                after = (row.at_ns + capture.epoch_ns - self.at_ns) / 1e6
                where = f"unit {row.n}, passed the tap {after:.2f} ms after the step"
                yield capture.unit(row.n).unit, where

    def _answered_by(self, connection: int, direction: Direction) -> bool:
        """Whether a unit comes from the peer that the step reached."""
        return connection == self.held.connection and direction is self.held.direction.other


def worst(answers: Sequence[tuple[Unit | None, str]]) -> tuple[Unit | None, str] | None:
    """The first answer that refuses, else the first."""
    for unit, where in answers:
        told = model.answer(unit, where, ())
        if told is not None and told["bad"]:
            return unit, where
    return next(iter(answers), None)
