"""``labchat bench``: how quick labchat is here, beside what is installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labchat.measure.bench.row import Row


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Measure how quick labchat is on this machine, in less than a minute.")(bench)


def bench(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Ten seconds; wider ranges.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a row.")] = False,
) -> None:
    """Run it. Raises LabchatError when what is to be measured does not come up."""
    from rich.console import Console
    from rich.progress import Progress

    from labchat.measure.bench.local import run

    with Progress(console=Console(stderr=True), transient=True, disable=as_json) as lines:
        task = lines.add_task("Measuring")
        rows = run(
            quick=quick,
            progress=lambda done, total: lines.update(task, completed=done, total=total),
        )
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row.as_json(), ensure_ascii=False))
    else:
        show(rows)


def show(rows: Iterable[Row]) -> None:
    """Print the rows as one table, with the machine below."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from labchat.measure.bench.row import HEAD, cells, machine

    table = Table(box=box.SIMPLE_HEAD, caption=machine(), caption_justify="left")
    for title in HEAD:
        table.add_column(title, no_wrap=title == "met?")
    styles = {True: "green", False: "bold red", None: ""}
    before = ("", "")
    for row in rows:
        target, ours, *told, met = cells(row)
        shown = ("", "") if (target, ours) == before else (target, ours)
        before = target, ours
        table.add_row(*shown, *told, f"[{styles[row.met]}]{met}[/]" if styles[row.met] else met)
    Console().print(table)
