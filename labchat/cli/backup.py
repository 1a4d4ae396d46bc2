"""``labchat backup``: a copy of the database, also while a server runs on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help="Copy the database, also while a server runs on it.")(backup)


def backup(
    target: Annotated[Path, typer.Argument(help="File to write; must not exist.")],
    db: Annotated[Path, typer.Option(help="SQLite file of the server.")] = Path("labchat.db"),
) -> None:
    """Copy the database as it is at one moment, checked and whole."""
    from labchat.server.admin import backup as copy

    messages = copy(db, target)
    typer.echo(f"labchat: {messages} messages copied to {target}")
