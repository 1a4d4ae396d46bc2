"""``labchat user add | remove | list``: who may speak on a server with ``--auth token``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Database = Annotated[Path, typer.Option("--db", help="SQLite file of the server.")]
User = Annotated[str, typer.Argument(help="User id, 1 to 128 characters.")]
DEFAULT = Path("labchat.db")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Users and their tokens (`--auth token`).")
    group.command("add", help="Add a user, and print the token.")(add)
    group.command("remove", help="Take a user's token away.")(remove)
    group.command("list", help="Print who has a token.")(list_)
    app.add_typer(group, name="user")


def add(user: User, db: Database = DEFAULT) -> None:
    """Print the new token: it is shown once, and kept as a hash only."""
    from labchat.server.admin import add_user

    typer.echo(add_user(db, user))


def remove(user: User, db: Database = DEFAULT) -> None:
    """Remove a user's token; open connections stay until they end."""
    from labchat.server.admin import remove_user

    if not remove_user(db, user):
        typer.echo(f"labchat: {user} has no token.", err=True)
        raise typer.Exit(1)


def list_(db: Database = DEFAULT) -> None:
    """Print one user a line."""
    from labchat.server.admin import list_users

    for user in list_users(db):
        typer.echo(user)
