"""What is done to a database from outside, also while a server runs on it: users, backups."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from labchat.errors import SettingsError, StoreUnavailable
from labchat.server.auth import digest, new_token
from labchat.server.clock import rfc3339
from labchat.server.settings import Synchronous
from labchat.server.store import connect, open_database, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from labchat.server.roster import Member


def add_user(path: Path, user: str) -> str:
    """Add a user, or give an old one a new token; returns the token, which is kept nowhere.

    Raises SettingsError, StoreUnavailable, ForeignDatabase.
    """
    if not 1 <= len(user) <= 128:
        raise SettingsError("A user id has 1 to 128 characters.")
    token = new_token()
    with _opened(path) as db:
        db.execute(
            "INSERT INTO users VALUES (?, ?, ?) ON CONFLICT (user_id) "
            "DO UPDATE SET token_hash = excluded.token_hash",
            (user, digest(token), rfc3339(datetime.now(UTC))),
        )
    return token


def add_members(
    path: Path,
    members: Iterable[Member],
    hand_out: Callable[[list[tuple[Member, str]]], None],
) -> int:
    """Give each member a token who has none yet; the others keep theirs. Returns how many got one.

    Args:
        path: the SQLite file of the server.
        members: users, each of them once.
        hand_out: called with the new tokens before they count; if it raises, nobody was added.

    Raises SettingsError, StoreUnavailable, ForeignDatabase, and what ``hand_out`` raises.
    """
    with _opened(path) as db:
        db.execute("BEGIN IMMEDIATE")
        now = rfc3339(datetime.now(UTC))
        insert = "INSERT INTO users VALUES (?, ?, ?) ON CONFLICT (user_id) DO NOTHING"
        new = [
            (one, token)
            for one, token in ((one, new_token()) for one in members)
            if db.execute(insert, (one.user, digest(token), now)).rowcount
        ]
        if new:
            hand_out(new)
        db.execute("COMMIT")
    return len(new)


def remove_user(path: Path, user: str) -> bool:
    """Take a user's token away; false if there was none. The messages stay."""
    with _opened(path) as db:
        return db.execute("DELETE FROM users WHERE user_id = ?", (user,)).rowcount > 0


def list_users(path: Path) -> list[str]:
    """Who has a token, sorted."""
    with _opened(path) as db:
        return [row[0] for row in db.execute("SELECT user_id FROM users ORDER BY user_id")]


def backup(path: Path, target: Path) -> int:
    """Copy the database as it is at one moment; returns how many messages it has.

    The copy appears under its name once it is whole, checked and on the disk.

    Raises:
        SettingsError: there is no database, or the target exists already.
        StoreUnavailable: it cannot be read, or the copy cannot be written.
    """
    if not path.exists():
        raise SettingsError(f"There is no database {path}.")
    if target.exists():
        raise SettingsError(f"{target} exists already; a backup overwrites nothing.")
    part = target.with_name(target.name + ".part")
    try:
        messages = _copy(path, part)
        os.link(part, target)
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(f"The backup failed: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return messages


def _copy(path: Path, part: Path) -> int:
    part.unlink(missing_ok=True)
    with closing(connect(path)) as source, closing(connect(part)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise StoreUnavailable(f"The backup is damaged: {verdict}.")
        count: int = copy.execute("SELECT count(*) FROM messages").fetchone()[0]
    return count


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(path, Synchronous.FULL)) as db:
        try:
            yield db
        except sqlite3.Error as error:
            raise unavailable(error) from error
