"""``labchat demo``: the whole lab in a terminal, in ten seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from labchat.capture.model import Captured
    from labchat.lab import Lab
    from labchat.wire.fields import Field

COLOURS = {"c2s": "blue", "s2c": "dark_orange3"}
HEADER = {
    "FIN": "magenta",
    "opcode": "magenta",
    "MASK": "magenta",
    "Payload len": "green4",
    "Extended payload length": "green4",
    "Masking-key": "yellow4",
}
"""The fields of a frame's header that are worth a look, in the notebook's colours."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Show a message on both paths, byte by byte, in ten seconds.")(demo)


def demo(text: Annotated[str, typer.Argument(help="What Alice says to Bob.")] = "Hello") -> None:
    """Start a lab, send one message on both paths, print every unit that crossed the tap."""
    from rich.console import Console

    from labchat.lab import start

    console = Console(highlight=False)
    with console.status("Starting a server, a tap and two users …"):
        lab = start()
    with lab:
        stored = lab.alice.say(text, to=lab.bob).result()
        lab.bob.hears(text).result()
        lab.read_labels()
        console.print(f"Alice says “{text}” to Bob through the tap at {lab.url}:")
        console.print("by WebSocket, to be quick, and by POST, to be stored; one id on both.\n")
        console.print(table(lab))
        console.print(f"\nBob has it, and SQLite has it, as number {stored.seq}.")
        console.print("Now click on the bytes: [bold]labchat lab[/]")


def table(lab: Lab) -> object:
    """All units so far, each with the fields that head it."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from labchat.widgets.view_models.rows import summary

    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1), expand=True)
    grid.add_column("n", justify="right", style="dim")
    grid.add_column("ms", justify="right", no_wrap=True)
    grid.add_column("", no_wrap=True)
    grid.add_column("bytes", justify="right")
    grid.add_column("what it says, and the fields that head it", ratio=1)
    names = {each.number: each.label or "?" for each in lab.capture.connections}
    for row in lab.capture.rows():
        arrow = "→ server" if row.direction == "c2s" else "← server"
        captured = lab.capture.unit(row.n)
        said = Text(summary(captured), style="bold")
        grid.add_row(
            str(row.n),
            f"{row.at_ns / 1e6:.2f}",
            Text(f"{names[row.connection]} {arrow}", style=COLOURS[row.direction]),
            str(row.length),
            said.append("\n").append_text(head(captured)),
        )
    return grid


def head(captured: Captured) -> Text:
    """A frame's header fields with their values; of an HTTP unit, what it is made of."""
    from rich.text import Text

    from labchat.wire.fields import leaves
    from labchat.wire.frames import Frame

    unit = captured.unit
    if not isinstance(unit, Frame):
        lines, _, body = unit.data.partition(b"\r\n\r\n")
        count = lines.count(b"\r\n")
        return Text(f"start line, {count} header lines, {len(body)} bytes of body", style="dim")
    parts: Iterator[Field] = (each for each in leaves(unit.fields) if each.name in HEADER)
    out = Text()
    for field in parts:
        value = field.value.hex(" ") if isinstance(field.value, bytes) else int(field.value or 0)
        out.append(f"{field.name} ", style="dim").append(f"{value}   ", style=HEADER[field.name])
    return out
