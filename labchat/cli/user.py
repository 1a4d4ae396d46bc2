"""``labchat user add | remove | list``: who may speak on a server with ``--auth token``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

Database = Annotated[Path, typer.Option("--db", help="SQLite file of the server.")]
User = Annotated[str, typer.Argument(help="User id, 1 to 128 characters.")]
DEFAULT = Path("labchat.db")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Users and their tokens (`--auth token`).")
    group.command("add", help="Add a user, or a class, and print the tokens.")(add)
    group.command("remove", help="Take a user's token away.")(remove)
    group.command("list", help="Print who has a token.")(list_)
    app.add_typer(group, name="user")


def add(
    user: Annotated[str | None, typer.Argument(help="User id, 1 to 128 characters.")] = None,
    roster: Annotated[
        Path | None, typer.Option(help="CSV of a class: a column userId, perhaps name.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the roster's tokens go (mode 0600), at the end.")
    ] = None,
    db: Database = DEFAULT,
) -> None:
    """Print the new token: it is shown once, and kept as a hash only.

    With `--roster` everybody in it gets one who has none yet, and `userId,name,token` is printed,
    or added to `--out`. If a row is bad, nobody is added. A new token for one: name the user.
    """
    from labchat.server.admin import add_user

    if (user is None) == (roster is None):
        raise typer.BadParameter("name either a user or a --roster")
    if roster is not None:
        add_roster(db, roster, out)
    elif out is not None:
        raise typer.BadParameter("--out goes with --roster")
    elif user is not None:
        typer.echo(add_user(db, user))


def add_roster(db: Path, roster: Path, out: Path | None) -> None:
    """Add a class; says on stderr how many are new."""
    from labchat.server.admin import add_members
    from labchat.server.roster import append_tokens, read_roster, write_tokens

    members = read_roster(roster)
    hand_out = partial(append_tokens, out) if out else partial(write_tokens, sys.stdout)
    new = add_members(db, members, hand_out)
    kept = len(members) - new
    typer.echo(f"labchat: {new} new, {kept} had a token and keep it.", err=True)


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
