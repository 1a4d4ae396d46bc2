"""``labchat export``: a capture file as another kind of file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from labchat.capture.capture import Capture


class Format(StrEnum):
    """What can be written."""

    HAR = "har"
    PCAPNG = "pcapng"
    CSV = "csv"
    PARQUET = "parquet"


class Rows(StrEnum):
    """The tables that CSV and Parquet can hold."""

    UNITS = "units"
    FRAMES = "frames"
    MESSAGES = "messages"
    REQUESTS = "requests"
    VIOLATIONS = "violations"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    file: Annotated[Path, typer.Argument(help="pcapng, pcap or HAR.", show_default=False)],
    to: Annotated[Format, typer.Option(help="What to write.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The file to write.", show_default=False)
    ],
    table: Annotated[Rows, typer.Option(help="Which table CSV and Parquet hold.")] = Rows.UNITS,
) -> None:
    """Write a capture as HAR (for DevTools), pcapng (for Wireshark), or a table.

    A file that is cut off is exported as far as it goes; then the exit code is 2.
    """
    from labchat.capture.files import load
    from labchat.errors import SettingsError

    if out.exists() and file.exists() and out.samefile(file):
        raise SettingsError(f"{out} is the file that is read; choose another name.")
    loaded = load(file)
    write(loaded.capture, to, out, table.value)
    typer.echo(f"{out}: {out.stat().st_size:,} bytes of {to.value}")
    if loaded.problem is not None:
        raise loaded.problem


def write(capture: Capture, to: Format, out: Path, table: str) -> None:
    """Write ``capture``. Raises CaptureError, MissingExtra."""
    if to is Format.HAR:
        from labchat.capture import har

        har.write(capture, out)
    elif to is Format.PCAPNG:
        from labchat.capture import pcapng

        pcapng.write(capture, out)
    else:
        from labchat.capture import tables

        tables.save(getattr(tables, table)(capture), out, parquet=to is Format.PARQUET)
