"""``labchat measure``: run an experiment, keep its samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Run an experiment; write its raw samples as CSV or Parquet.")(measure)


def measure(
    name: Annotated[
        str | None, typer.Argument(help="Which; without it, what there is.", show_default=False)
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option(help="A .csv or .parquet file.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer messages.")] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Finished trials; an existing file is gone on with.")
    ] = None,
    levels: Annotated[
        str | None, typer.Option(help='Levels of some factors, such as {"rtt_ms": [0, 100]}.')
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", hidden=True)] = False,
) -> None:
    """Run it.

    Raises SettingsError for an experiment or a factor there is not, for levels that are no JSON
    object of lists, and for a file of another kind.
    """
    from labchat.errors import SettingsError
    from labchat.lab.experiments import bar, named, run_here
    from labchat.measure.delivery import EXPERIMENTS

    if name is None:
        for each in EXPERIMENTS.values():
            typer.echo(f"{each.name:12} {each.question}")
        return
    if out is not None and out.suffix not in {".csv", ".parquet"}:
        raise SettingsError(f"{out.name} is neither .csv nor .parquet")
    experiment = named(name, quick=quick, **_read(levels))
    progress = _numbers if plain else bar(name)
    table = run_here(experiment, progress=progress, keep=keep)
    if out is None:
        typer.echo(table.drop(columns=["id", "sent_ns"]).describe().to_string())
    elif out.suffix == ".csv":
        table.to_csv(out, index=False)
    else:
        table.to_parquet(out)


def _read(levels: str | None) -> dict[str, tuple[Any, ...]]:
    from labchat.errors import SettingsError

    try:
        found = json.loads(levels or "{}")
        return {str(name): tuple(values) for name, values in found.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise SettingsError(f"{levels} is no JSON object of lists: {error}") from error


def _numbers(done: int, total: int) -> None:
    print(done, total, flush=True)
