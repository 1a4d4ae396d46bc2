"""The command line: ``labchat lab | serve | tap | dissect | export | demo …``."""

from __future__ import annotations

import importlib
import sys

import typer
from rich.console import Console
from rich.markup import escape

from labchat.errors import CaptureError, LabchatError, SettingsError

COMMANDS = (
    "lab",
    "serve",
    "tap",
    "demo",
    "dissect",
    "export",
    "user",
    "backup",
    "claims",
    "measure",
    "bench",
    "progress",
)
"""Modules of this package; each registers its command(s) on the app."""


def make_app() -> typer.Typer:
    """The whole command line as one typer app."""
    app = typer.Typer(
        name="labchat",
        help="See, step, break and measure what a real-time chat says on the wire.",
        no_args_is_help=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in COMMANDS:
        importlib.import_module(f"labchat.cli.{name}").register(app)
    return app


def main() -> None:
    """Run the command line; a labchat error is one sentence on stderr, not a traceback."""
    try:
        make_app()()
    except LabchatError as error:
        sentence = f"[bold red]labchat:[/] {escape(str(error))}"
        Console(stderr=True).print(sentence, highlight=False, soft_wrap=True)
        sys.exit(2 if isinstance(error, SettingsError | CaptureError) else 1)
