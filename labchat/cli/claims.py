"""``labchat claims``: the text's claims, measured on this machine."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from labchat.measure.stage import Stage

COLOURS = {"holds": "green", "holds only if": "yellow", "false": "red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Put the text's claims to the test, and print what was measured.")(claims)


def claims(
    keys: Annotated[
        list[str] | None, typer.Argument(help="Only these, such as frame-overhead.")
    ] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Under a minute; wider spreads.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a claim.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page as well.")] = None,
) -> None:
    """Run the claims. Raises SettingsError for a claim there is not."""
    from labchat.measure.claims import chosen
    from labchat.measure.claims import run as measure
    from labchat.measure.conditions import conditions

    wanted = chosen(keys or ())
    with stage(quick=quick, silent=as_json) as built:
        rows = measure(built, wanted, each=lambda row, _data: _say(row) if as_json else None)
    given = conditions(quick=quick)
    if html is not None:
        from labchat.measure.page import page

        html.write_text(page(rows, given), encoding="utf-8")
    if not as_json:
        _print(rows, given)


@contextmanager
def stage(*, quick: bool, silent: bool) -> Iterator[Stage]:
    """Labs on demand, all stopped at the end; a progress line on stderr unless ``silent``."""
    from rich.console import Console

    from labchat.lab import Lab
    from labchat.measure.stage import Stage

    console = Console(stderr=True, quiet=silent)
    with ExitStack() as stack, console.status("Starting …") as status:

        def make(options: Sequence[str]) -> Lab:
            return stack.enter_context(Lab(port=0, names={}, options=options))

        yield Stage(make, quick=quick, progress=lambda doing: status.update(f"Measuring: {doing}"))


def _say(row: dict[str, Any]) -> None:
    typer.echo(json.dumps(row, ensure_ascii=False))


def _print(rows: list[dict[str, Any]], given: dict[str, Any]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from labchat.measure.conditions import caption
    from labchat.measure.words import told

    table = Table(box=box.SIMPLE_HEAD, expand=True, caption=caption(given), show_lines=True)
    table.add_column("the text says", ratio=3)
    table.add_column("measured", ratio=3)
    table.add_column("verdict", ratio=5)
    for row in rows:
        verdict = Text(row["verdict"], style=f"bold {COLOURS.get(row['verdict'], '')}")
        why = Text(f"{row['why']}  ({row['source']})", style="dim")
        joint = " " if row["verdict"] == "holds only if" else ". "
        table.add_row(row["claim"], told(row), Text.assemble(verdict, joint, why))
    Console().print(table)
