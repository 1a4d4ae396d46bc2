"""Experiments, run in a process of their own; a notebook gets a progress bar and a table.

>>> table = experiment("delivery", quick=True)     # doctest: +SKIP
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from labchat.errors import LabError, SettingsError
from labchat.lab.lab import Lab
from labchat.measure import crowd_live, layers
from labchat.measure.claims import chosen
from labchat.measure.claims import run as run_claims
from labchat.measure.conditions import conditions
from labchat.measure.crowd import CLIENTS, per_second
from labchat.measure.crowd import POLICIES as POLICIES_TOLD
from labchat.measure.delivery import EXPERIMENTS, options_of
from labchat.measure.experiment import run
from labchat.measure.page import Table
from labchat.measure.stage import Stage
from labchat.measure.summary import measured as summed_up
from labchat.measure.tls import Certificate, certificate
from labchat.measure.trials import trial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from labchat.measure.experiment import Experiment, Row, Trial
    from labchat.measure.summary import Summary

QUICK = {"repetitions": 1, "messages": 12, "warmup": 2}
"""What a quick run changes."""


def named(name: str, *, quick: bool = False, **levels: tuple[Any, ...]) -> Experiment:
    """A declared experiment, perhaps with fewer levels of its factors.

    Args:
        name: one of :data:`labchat.measure.delivery.EXPERIMENTS`.
        quick: fewer messages, one repetition.
        levels: a factor's name and the levels to use.

    Raises:
        SettingsError: no experiment or no factor has that name.
    """
    if name not in EXPERIMENTS:
        raise SettingsError(f"no experiment {name!r}; there are {', '.join(EXPERIMENTS)}")
    experiment = EXPERIMENTS[name]
    if unknown := set(levels) - set(experiment.factors):
        known = ", ".join(experiment.factors)
        raise SettingsError(f"{name} has no factor {', '.join(sorted(unknown))}; it has {known}")
    changes: dict[str, Any] = dict(QUICK) if quick else {}
    fewer = experiment.quick if quick else {}
    return replace(experiment, factors={**experiment.factors, **fewer, **levels}, **changes)


def run_here(
    experiment: Experiment,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    keep: Path | None = None,
) -> pd.DataFrame:
    """Run it in this process; see :func:`labchat.measure.experiment.run`.

    Raises:
        MissingExtra: it needs TLS, and trustme is not installed.
    """
    given = conditions(
        seed=experiment.seed,
        repetitions=experiment.repetitions,
        messages=experiment.messages,
        warmup=experiment.warmup,
        **experiment.held,
    )
    with ExitStack() as stack:
        labs = Labs(stack)
        return run(
            experiment,
            lambda each: labs.trial(experiment, each),
            conditions=given,
            progress=progress,
            keep=keep,
        )


class Labs:
    """Labs by the options of their servers; those of cold starts live for one trial only."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._kept: dict[tuple[str, ...], Lab] = {}
        self._certificate: Certificate | None = None

    def trial(self, experiment: Experiment, each: Trial) -> list[Row]:
        """Do one trial on the lab it asks for."""
        sealed = self.certificate() if each.levels.get("tls") else None
        options = (*options_of(each.levels), *(sealed.options if sealed else ()))
        tls = sealed.context if sealed else None
        if each.levels.get("start") == "cold":
            with Lab(port=0, names={}, options=options) as fresh:
                return list(trial(experiment, each, fresh, tls=tls))
        if options not in self._kept:
            self._kept[options] = self._stack.enter_context(Lab(port=0, names={}, options=options))
        return list(trial(experiment, each, self._kept[options], tls=tls))

    def certificate(self) -> Certificate:
        """One for the whole run, its files gone with it."""
        if self._certificate is None:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="labchat-"))
            self._certificate = certificate(Path(folder))
        return self._certificate


def experiment(
    name: str,
    *,
    quick: bool = False,
    keep: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    **levels: tuple[Any, ...],
) -> pd.DataFrame:
    """Run a declared experiment in a process of its own, with a progress bar.

    Args:
        name: one of :data:`labchat.measure.delivery.EXPERIMENTS`.
        quick: fewer messages, one repetition.
        keep: file of finished trials; with it an interrupted run goes on where it was.
        progress: told (trials done, trials in all) in place of the bar.
        levels: fewer levels of a factor, such as ``rtt_ms=(0, 100)``.

    Returns:
        Raw samples, one row a message; ``table.attrs["conditions"]`` says how they were made.

    Raises:
        SettingsError: there is no such experiment, or it has no such factor.
        LabError: the measuring process failed; says what it printed.
    """
    named(name, quick=quick, **levels)
    with tempfile.TemporaryDirectory(prefix="labchat-") as folder:
        out = Path(folder, "table.parquet")
        command = [sys.executable, "-m", "labchat", "measure", name, "--out", str(out), "--plain"]
        command += ["--quick"] if quick else []
        command += ["--keep", str(keep)] if keep is not None else []
        command += ["--levels", json.dumps(levels)] if levels else []
        follow(command, progress or bar(name))
        return pd.read_parquet(out)


def follow(command: list[str], progress: Callable[[int, int], None]) -> None:
    """Run ``command``; each line "DONE TOTAL" it prints is progress."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                done, total = map(int, line.split())
                progress(done, total)
        except BaseException:
            process.terminate()
            raise
        if process.wait() != 0:
            said.seek(0)
            raise LabError(said.read().decode(errors="replace").strip() or "the measuring failed")


def bar(name: str) -> Callable[[int, int], None]:
    """A progress bar: a widget in a notebook, a line in a terminal."""
    if "ipykernel" in sys.modules:
        import ipywidgets
        from IPython.display import display

        widget = ipywidgets.IntProgress(description=name, style={"description_width": "initial"})
        words = ipywidgets.Label()
        show_it: Callable[[Any], None] = display
        show_it(ipywidgets.HBox([widget, words]))

        def show(done: int, total: int) -> None:
            widget.max, widget.value = total, done
            words.value = f"{done} of {total} trials"

        return show
    from rich.progress import Progress

    lines = Progress()
    task = lines.add_task(name)

    def move(done: int, total: int) -> None:
        if done == 0:
            lines.start()
        lines.update(task, completed=done, total=total)
        if done == total:
            lines.stop()

    return move


def sizes() -> pd.DataFrame:
    """What single exchanges cost on the wire, by layer, measured on a lab started for it.

    Returns:
        See :func:`labchat.measure.layers.measured`.
    """
    with Lab(port=0, names={}, options=("--post", "relays")) as lab:
        return layers.measured(lab)


def summary() -> Summary:
    """The text's summary table with measured columns; takes some ten seconds."""
    with ExitStack() as stack:

        def make(options: Sequence[str]) -> Lab:
            return stack.enter_context(Lab(port=0, names={}, options=options))

        return summed_up(Stage(make, quick=True), conditions(quick=True))


def reconnect_crowd(
    *policies: str, clients: int = CLIENTS, down_s: float = 10.0, scale: float = 0.2
) -> pd.DataFrame:
    """Kill a server under a real crowd, once a policy, and watch the crowd come back.

    Args:
        policies: names of :data:`labchat.chat.backoff.POLICIES`; the four the text leads to
            when there are none. One takes about 10 s.
        clients: how many.
        down_s: of the policy's seconds.
        scale: real seconds to a second of the policy.

    Returns:
        Attempts per second, one column a policy: for :func:`labchat.measure.plots.arrivals`,
        beside :func:`labchat.measure.crowd.arrivals` of the same seed.

    Raises:
        SettingsError: there is no such policy.
        LabError: a crowd did not connect, or not come back.
    """
    found = {}
    for policy in policies or POLICIES_TOLD:
        with Lab(port=0, names={}) as lab:
            found[policy] = crowd_live.attempts(
                lab, policy, clients=clients, down_s=down_s, scale=scale
            )
    given = [table.attrs["conditions"] for table in found.values()]
    back = {each["policy"]: each["back_s"] for each in given}
    return per_second(found, {**given[0], "policy": ", ".join(found), "back_s": back})


def claims(*keys: str, quick: bool = True) -> Table:
    """Put claims of the text to the test, here and now; the table shows itself in a notebook.

    Args:
        keys: which (see :data:`labchat.measure.claims.CLAIMS`); all when there are none.
        quick: fewer messages, wider spreads.

    Raises:
        SettingsError: there is no such claim.
    """
    wanted = chosen(keys)
    with ExitStack() as stack:

        def make(options: Sequence[str]) -> Lab:
            return stack.enter_context(Lab(port=0, names={}, options=options))

        rows = run_claims(Stage(make, quick=quick), wanted)
    return Table(rows, conditions(quick=quick))
