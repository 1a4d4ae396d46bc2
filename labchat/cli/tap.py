"""``labchat tap``: put the instrument in front of any TCP app."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

FAULTS = "Faults"
TLS = "TLS"


class Way(StrEnum):
    """Directions, as an option."""

    BOTH = "both"
    C2S = "c2s"
    S2C = "s2c"


def tap(
    *,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where clients connect; port 0 picks one.")
    ],
    target: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help="The app connections are carried on to; https://HOST speaks TLS to it.",
        ),
    ],
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE.pcapng", help="Record into this file; it opens in Wireshark."),
    ] = None,
    show: Annotated[
        bool,
        typer.Option(
            "--show", help="Tell each unit as it passes, on stderr; all is kept in memory then."
        ),
    ] = False,
    faults: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="A schedule of faults.", rich_help_panel=FAULTS),
    ] = None,
    latency: Annotated[
        str | None,
        typer.Option(
            metavar="100ms±20ms",
            help="Delay each way; +- will do for ±; a distribution may follow: "
            "uniform, normal, exponential, pareto.",
            rich_help_panel=FAULTS,
        ),
    ] = None,
    bandwidth: Annotated[
        str | None, typer.Option(metavar="16kB/s", help="At most.", rich_help_panel=FAULTS)
    ] = None,
    slices: Annotated[
        int | None,
        typer.Option(
            "--slice", min=1, metavar="BYTES", help="Per segment, at most.", rich_help_panel=FAULTS
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="2%",
            help="Segments lost: in TCP that is delay, here 1 s and doubling (RFC 6298).",
            rich_help_panel=FAULTS,
        ),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Let nothing pass.", rich_help_panel=FAULTS)
    ] = False,
    direction: Annotated[
        Way, typer.Option(help="Of the faults above.", rich_help_panel=FAULTS)
    ] = Way.BOTH,
    seed: Annotated[
        int | None,
        typer.Option(help="Of what is left to chance.", rich_help_panel=FAULTS),
    ] = None,
    tls: Annotated[
        bool,
        typer.Option(
            "--tls",
            help="Terminate TLS with a certificate made by a local CA that clients must trust.",
            rich_help_panel=TLS,
        ),
    ] = False,
    cert: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.pem", help="Terminate TLS with this certificate.", rich_help_panel=TLS
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.pem", help="Its key, when it is not in --cert.", rich_help_panel=TLS
        ),
    ] = None,
    target_ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.pem",
            help="Trust this CA for the target, beside the system's.",
            rich_help_panel=TLS,
        ),
    ] = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Trust whatever the target shows.", rich_help_panel=TLS),
    ] = False,
) -> None:
    """Stand between clients and an app, record what passes, and break it if asked to.

    Prints one line when it listens. Ctrl+C or SIGTERM ends every connection, completes the file
    and exits 0.
    """
    from labchat.tap.service import FaultOptions, Options, TlsOptions, run
    from labchat.wire.fields import Direction

    way = None if direction is Way.BOTH else Direction(direction)
    run(
        Options(
            listen,
            target,
            write,
            show,
            FaultOptions(faults, latency, bandwidth, slices, loss, offline, way, seed),
            TlsOptions(tls, cert, key, target_ca, insecure),
        ),
        say=typer.echo,
        warn=_warn,
        tell=_tell,
    )


def _warn(text: str) -> None:
    typer.secho(f"labchat: {text}", err=True, fg=typer.colors.YELLOW)


def _tell(text: str) -> None:
    typer.echo(text, err=True)


def register(app: typer.Typer) -> None:
    """Put the command on the app."""
    app.command("tap")(tap)
