"""What an experiment is: factors, repetitions, an order drawn by lot, a warm-up; run and resumed.

An experiment is declared as data and knows nothing of how a trial is done; :func:`run` walks its
plan, tells how far it is, and keeps each finished trial in a file, so that it can go on later.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from labchat.measure.conditions import Conditions

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """One cell of an experiment: a level of each factor, and which repetition."""

    levels: Mapping[str, Any]
    repetition: int

    @property
    def key(self) -> str:
        """Names the trial in a file of results."""
        return json.dumps([sorted(self.levels.items()), self.repetition], default=str)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A question put to the lab.

    Attributes:
        name: short, for files and tables.
        question: one sentence.
        factors: name to levels; every combination is a trial.
        repetitions: how often each combination is tried, at different moments.
        messages: measured messages in a trial.
        warmup: messages before those, which do not count.
        held: what is kept constant, in words.
        seed: of the order of the trials and of the pauses in them.
        quick: fewer levels of some factors, for a run of a minute.
    """

    name: str
    question: str
    factors: Mapping[str, Sequence[Any]]
    repetitions: int = 3
    messages: int = 30
    warmup: int = 5
    held: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 1
    quick: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def plan(self) -> list[Trial]:
        """All trials, each repetition in an order of its own, drawn by lot from the seed.

        So a slow minute of the machine falls on all levels alike.
        """
        rng = Random(self.seed)
        trials = []
        for repetition in range(self.repetitions):
            names = list(self.factors)
            block = [
                Trial(dict(zip(names, levels, strict=True)), repetition)
                for levels in product(*self.factors.values())
            ]
            rng.shuffle(block)
            trials += block
        return trials


def run(
    experiment: Experiment,
    trial: Callable[[Trial], Iterable[Row]],
    *,
    conditions: Conditions,
    progress: Callable[[int, int], None] = lambda done, total: None,
    keep: Path | None = None,
) -> pd.DataFrame:
    """Do every trial that is not done yet; raw samples, one row each.

    Args:
        experiment: what to do.
        trial: does one trial; yields its samples.
        conditions: kept as ``table.attrs["conditions"]``.
        progress: told (trials done, trials in all).
        keep: JSON lines file of finished trials; an existing one is gone on with.

    Returns:
        The factors' columns, ``repetition``, and what the trials measured.

    Raises:
        OSError: ``keep`` cannot be written. What a trial raises comes through; the trials before
            it are in ``keep``.
    """
    plan = experiment.plan()
    done = _kept(keep)
    rows: list[Row] = []
    for number, each in enumerate(plan):
        progress(number, len(plan))
        samples = done.get(each.key)
        if samples is None:
            samples = list(trial(each))
            _append(keep, each.key, samples)
        rows += [{**each.levels, "repetition": each.repetition, **sample} for sample in samples]
    progress(len(plan), len(plan))
    table = pd.DataFrame(rows)
    table.attrs["conditions"] = dict(conditions)
    table.attrs["question"] = experiment.question
    return table


def _kept(path: Path | None) -> dict[str, list[Row]]:
    if path is None or not path.exists():
        return {}
    lines = path.read_text().splitlines()
    entries = [entry for line in lines if (entry := _entry(line)) is not None]
    return {entry["trial"]: entry["samples"] for entry in entries}


def _entry(line: str) -> dict[str, Any] | None:
    """A line of results; None for one that an interruption has cut."""
    try:
        entry: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return entry


def _append(path: Path | None, key: str, samples: list[Row]) -> None:
    if path is not None:
        with path.open("a") as file:
            file.write(json.dumps({"trial": key, "samples": samples}) + "\n")
