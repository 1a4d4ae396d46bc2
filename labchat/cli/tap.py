"""``labchat tap``: put the instrument in front of any TCP app."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations at run time
from typing import Annotated

import typer


def tap(
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where clients connect; port 0 picks one.")
    ],
    target: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="The app connections are carried on to.")
    ],
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE.pcapng", help="Record into this file; it opens in Wireshark."),
    ] = None,
) -> None:
    """Stand between clients and an app, and record what passes.

    Prints one line when it listens. Ctrl+C or SIGTERM ends every connection, completes the file
    and exits 0.
    """
    from labchat.tap.service import Options, run

    run(Options(listen=listen, target=target, write=write), say=typer.echo, warn=_warn)


def _warn(text: str) -> None:
    typer.secho(f"labchat: {text}", err=True, fg=typer.colors.YELLOW)


def register(app: typer.Typer) -> None:
    """Put the command on the app."""
    app.command("tap")(tap)
