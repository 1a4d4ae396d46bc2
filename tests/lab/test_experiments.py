"""Experiments for real: in this process, in their own, and with wrong words."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from labchat.errors import LabError, SettingsError
from labchat.lab import experiments
from labchat.measure.delivery import EXPERIMENTS

if TYPE_CHECKING:
    from labchat.measure.experiment import Experiment


def small(name: str, **levels: tuple[object, ...]) -> Experiment:
    changed = experiments.named(name, quick=True, **levels)
    return replace(changed, messages=3, warmup=1)


WAYS = ("websocket", "websocket-commit", "post", "post-new", "long-poll", "sse", "poll-100")


def test_every_way_delivers_and_its_legs_are_seen_in_order() -> None:
    table = experiments.run_here(small("delivery", method=WAYS, rtt_ms=(0,)))
    assert len(table) == 3 * len(WAYS)
    assert table[["answer_ms", "delay_ms"]].notna().all(axis=None)
    assert (table["tap_in_ms"] > 0).all()
    assert (table["commit_ms"] > table["insert_ms"]).all()
    first = table[table["method"] == "websocket-commit"]
    assert (first["tap_out_ms"] > first["commit_ms"]).all()
    assert table.attrs["conditions"]["nodelay"] is True


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("bandwidth", {"size": (100,), "kbit_per_s": (1000,)}),
        ("receivers", {"receivers": (5,)}),
        ("nodelay", {"method": ("websocket",), "nodelay": (False,)}),
        ("compression", {"size": (1000,), "compression": (True,)}),
        ("arrivals", {"loop": ("open", "closed"), "stall_ms": (20,)}),
    ],
)
def test_each_experiment_gives_samples(name: str, levels: dict[str, tuple[object, ...]]) -> None:
    table = experiments.run_here(small(name, **levels))
    assert table["delay_ms"].notna().all()


def test_tls_seals_what_the_tap_sees_and_every_way_still_delivers() -> None:
    table = experiments.run_here(
        small(
            "tls", method=("websocket", "post", "post-new", "sse"), tls=(False, True), rtt_ms=(0,)
        )
    )
    assert table[["answer_ms", "delay_ms", "commit_ms"]].notna().all(axis=None)
    assert table.loc[table["tls"], "tap_in_ms"].isna().all()
    assert table.loc[~table["tls"], "tap_in_ms"].notna().all()
    assert "resumption" in table.attrs["conditions"]


def test_a_cold_start_has_a_server_of_its_own_and_no_warm_up() -> None:
    table = experiments.run_here(small("cold", method=("websocket",)))
    assert table.groupby("start")["n"].apply(list).to_dict() == {
        "cold": [0, 1, 2],
        "warm": [0, 1, 2],
    }
    assert "no warm-up" in table.attrs["conditions"]["cold"]


def test_an_experiment_runs_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    table = experiments.experiment(
        "nodelay", quick=True, progress=lambda *now: told.append(now), method=("websocket",)
    )
    assert len(table) == 12 * 2
    assert told[-1] == (2, 2)
    assert table.attrs["conditions"]["server"] == "a process of its own"


def test_wrong_words_are_said() -> None:
    with pytest.raises(SettingsError, match="there are delivery"):
        experiments.named("luck")
    with pytest.raises(SettingsError, match="it has method, rtt_ms"):
        experiments.named("delivery", colour=("red",))
    assert set(EXPERIMENTS) >= {"delivery", "sizes", "receivers"}


def test_a_process_that_fails_is_told() -> None:
    with pytest.raises(LabError, match="no such thing"):
        experiments.follow(
            [sys.executable, "-c", "import sys; sys.exit('no such thing')"],
            lambda done, total: None,
        )


def test_an_interrupted_run_leaves_no_process_behind() -> None:
    started: list[int] = []

    def interrupt(done: int, total: int) -> None:
        started.append(total)
        raise KeyboardInterrupt

    script = "import os, time; print(0, os.getpid(), flush=True); time.sleep(600)"
    with pytest.raises(KeyboardInterrupt):
        experiments.follow([sys.executable, "-c", script], interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def test_a_bar_in_a_terminal_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    told = experiments.bar("work")
    for done in range(3):
        told(done, 2)


def test_a_bar_in_a_notebook_is_a_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setitem(sys.modules, "ipykernel", importlib.import_module("ipykernel"))
    monkeypatch.setattr("IPython.display.display", shown.append)
    told = experiments.bar("work")
    told(1, 4)
    widget, words = shown[0].children
    assert (widget.value, widget.max, words.value) == (1, 4, "1 of 4 trials")


def test_claims_and_sizes_are_measured_here_and_carry_their_conditions() -> None:
    table = experiments.claims("backoff")
    assert table.rows[0]["verdict"] == "false"
    assert table.frame().attrs["conditions"]["quick"] is True
    assert "cores" in experiments.sizes().attrs["conditions"]
