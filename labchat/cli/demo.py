"""``labchat demo``: the whole lab in a terminal, in ten seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.text import Text

    from labchat.capture.capture import Captured
    from labchat.lab import Lab

DIRECTION = {"c2s": "blue", "s2c": "dark_orange3"}
FIELD = {
    "FIN": "magenta",
    "RSV1": "magenta",
    "RSV2": "magenta",
    "RSV3": "magenta",
    "opcode": "magenta",
    "MASK": "magenta",
    "Payload len": "green4",
    "Extended payload length": "green4",
    "Masking-key": "yellow",
}
"""The colours of a frame's header, as in the notebook."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Show a message on both paths, byte by byte, in ten seconds.")(demo)


def demo(text: str = typer.Argument("Hello", help="What Alice says to Bob.")) -> None:
    """Start a lab, send one message on both paths, print every unit that crossed the tap."""
    from rich.console import Console

    from labchat.lab import start

    console = Console()
    with console.status("Starting a server, a tap and two users …"):
        lab = start()
    with lab:
        console.print(f"[bold]labchat[/] {lab.url}", highlight=False)
        console.print(f"Alice says “{text}” to Bob, by WebSocket and by POST, under one id.\n")
        stored = lab.alice.say(text, to=lab.bob).result()
        lab.bob.hears(text).result()
        for n in range(1, len(lab.capture) + 1):
            console.print(unit_lines(lab, lab.capture.unit(n)))
        console.print(
            f"\nBob has it, SQLite has it: {stored.id} is row {stored.seq}. "
            "Now in a notebook: [bold]labchat lab[/]",
            highlight=False,
        )


def unit_lines(lab: Lab, captured: Captured) -> Text:
    """One unit as two lines: what it is, and its bytes with their names."""
    from rich.text import Text

    row = captured.row
    names = {c.number: c.label for c in lab.capture.connections}
    who = names.get(row.connection) or f"connection {row.connection}"
    arrow = "→ server" if row.direction == "c2s" else "← server"
    line = Text(f"{row.n:3} {row.at_ns / 1e6:9.2f} ms  ")
    line.append(f"{who} {arrow}", style=DIRECTION[row.direction])
    line.append(f"  {row.length} bytes  ")
    line.append(Text(row.summary, style="bold", overflow="ellipsis", no_wrap=True))
    line.append("\n" + " " * 18)
    line.append(header_text(captured))
    return line


def header_text(captured: Captured) -> Text:
    """The named header of a frame with its values, or the header lines' count of an HTTP unit."""
    from rich.text import Text

    from labchat.wire.fields import leaves
    from labchat.wire.frames import Frame

    out = Text()
    unit = captured.unit
    if not isinstance(unit, Frame):
        lines = unit.data.partition(b"\r\n\r\n")[0].count(b"\r\n")
        body = len(unit.data.partition(b"\r\n\r\n")[2])
        return out.append(f"start line, {lines} header lines, {body} bytes of body", style="dim")
    for field in leaves(unit.fields):
        if field.name not in FIELD or field.name.startswith("RSV"):
            continue
        value = field.value.hex(" ") if isinstance(field.value, bytes) else field.value
        out.append(f"{field.name} ", style="dim").append(f"{value}  ", style=FIELD[field.name])
    return out
