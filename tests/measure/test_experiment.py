"""Plans, runs and resumed runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from labchat.measure.experiment import Experiment, Trial, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TWO = Experiment(
    name="two",
    question="Which?",
    factors={"way": ("a", "b", "c"), "size": (1, 2)},
    repetitions=2,
    seed=7,
)


def test_a_plan_has_every_combination_once_a_repetition() -> None:
    plan = TWO.plan()
    assert len(plan) == 12
    assert len({trial.key for trial in plan}) == 12
    assert [trial.repetition for trial in plan] == [0] * 6 + [1] * 6


def test_the_order_is_drawn_by_lot_from_the_seed() -> None:
    assert TWO.plan() == TWO.plan()
    first, second = ([t.levels for t in TWO.plan() if t.repetition == n] for n in (0, 1))
    assert first != second


def test_a_run_gives_one_row_a_sample_with_levels_and_conditions() -> None:
    told: list[tuple[int, int]] = []
    table = run(
        TWO,
        lambda trial: [{"ms": trial.levels["size"] * 1.0}, {"ms": 0.5}],
        conditions={"cores": 2},
        progress=lambda done, total: told.append((done, total)),
    )
    assert list(table.columns) == ["way", "size", "repetition", "ms"]
    assert len(table) == 24
    assert table.attrs == {"conditions": {"cores": 2}, "question": "Which?"}
    assert told == [(n, 12) for n in range(13)]


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    keep = tmp_path / "trials.jsonl"
    done: list[str] = []

    def trial(each: Trial) -> Iterator[dict[str, int]]:
        if len(done) == 5:
            done.append("interrupted")
            raise KeyboardInterrupt
        done.append(each.key)
        yield {"n": len(done)}

    with pytest.raises(KeyboardInterrupt):
        run(TWO, trial, conditions={}, keep=keep)
    with keep.open("a") as file:
        file.write('{"trial": "cut off')
    table = run(TWO, trial, conditions={}, keep=keep)
    assert len(table) == 12
    assert len(done) == 13
