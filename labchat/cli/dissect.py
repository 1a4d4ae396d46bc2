"""``labchat dissect``: every byte of a capture file, named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labchat.capture.capture import Capture
    from labchat.capture.model import Captured


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("dissect")(dissect)


def dissect(
    file: Annotated[Path, typer.Argument(help="pcapng, pcap or HAR.", show_default=False)],
    unit: Annotated[
        int | None, typer.Option(metavar="N", help="Only the unit of this number.")
    ] = None,
    connection: Annotated[
        int | None, typer.Option(metavar="N", help="Only units of this connection.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line and unit.")
    ] = False,
) -> None:
    """Name every byte of a capture: fields as a tree, with their bits and hex beside it.

    A file that is cut off is shown as far as it goes; then the exit code is 2.
    """
    from labchat.capture.files import load

    loaded = load(file)
    chosen = _chosen(loaded.capture, unit, connection)
    if as_json:
        _print_json(chosen)
    else:
        _print_trees(loaded.capture, chosen)
    if loaded.problem is not None:
        raise loaded.problem


def _chosen(capture: Capture, unit: int | None, connection: int | None) -> Iterator[Captured]:
    """The wanted units, one by one. Raises SettingsError when there is none of that number."""
    from labchat.errors import SettingsError

    count, known = len(capture), len(capture.connections)
    if unit is not None and not 1 <= unit <= count:
        raise SettingsError(f"There is no unit {unit}: the capture has {count}.")
    if connection is not None and not 1 <= connection <= known:
        raise SettingsError(f"There is no connection {connection}: the capture has {known}.")
    numbers = range(1, count + 1) if unit is None else (unit,)
    found = (capture.unit(number) for number in numbers)
    return (one for one in found if connection in (None, one.row.connection))


def _print_json(chosen: Iterator[Captured]) -> None:
    import json

    from labchat.capture.plain import plain

    for captured in chosen:
        typer.echo(json.dumps(plain(captured)))


def _print_trees(capture: Capture, chosen: Iterator[Captured]) -> None:
    from rich.console import Console

    from labchat.cli.tree import annotation, heading, tree

    console = Console(highlight=False)
    labels = {one.number: one.label for one in capture.connections}
    for note in capture.annotations:
        if note.unit is None:
            console.print(annotation(note.text))
    remarks: dict[int | None, list[str]] = {}
    for note in capture.annotations:
        remarks.setdefault(note.unit, []).append(note.text)
    for captured in chosen:
        console.print(heading(captured, labels[captured.row.connection]))
        console.print(tree(captured, console.width))
        for remark in remarks.get(captured.row.n, ()):
            console.print(annotation(remark))
        console.print()
    if not len(capture):
        console.print("No units: the capture holds no bytes of any connection.")
