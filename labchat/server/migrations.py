"""The schema, as the steps that led to it. A step is never edited once released; add another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labchat.errors import ForeignDatabase, StoreUnavailable

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID = 0x6C616263
"""``labc`` in SQLite's header (``PRAGMA application_id``): the file is ours."""


class Step(NamedTuple):
    """One named change of the schema; committed together with the record that it was made."""

    name: str
    sql: tuple[str, ...]


STEPS = (
    Step(
        "messages, numbered by seq, named by id",
        (
            """CREATE TABLE messages (
                seq INTEGER PRIMARY KEY,
                id TEXT NOT NULL UNIQUE,
                text TEXT NOT NULL,
                sender_id TEXT NOT NULL,
                receiver_id TEXT NOT NULL,
                created_at TEXT NOT NULL
            ) STRICT""",
        ),
    ),
    Step(
        "conversations can be read without reading all",
        (
            "CREATE INDEX messages_by_sender ON messages (sender_id, receiver_id, seq)",
            "CREATE INDEX messages_by_receiver ON messages (receiver_id, seq)",
        ),
    ),
    Step(
        "users, with the hash of their token",
        (
            """CREATE TABLE users (
                user_id TEXT PRIMARY KEY,
                token_hash BLOB NOT NULL UNIQUE,
                created_at TEXT NOT NULL
            ) STRICT""",
        ),
    ),
)


def recognise(db: sqlite3.Connection) -> None:
    """Look at a file before it is touched.

    Raises ForeignDatabase if it is not ours, or a newer labchat made it.
    """
    application = db.execute("PRAGMA application_id").fetchone()[0]
    things = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != APPLICATION_ID and (application != 0 or things):
        raise ForeignDatabase("The file is a database, but not labchat's. Choose another --db.")
    done = _done(db)
    if done > len(STEPS):
        raise ForeignDatabase(
            f"The database has schema {done}, and this labchat knows {len(STEPS)}: "
            "it was made by a newer labchat. Update labchat, or choose another --db."
        )


def migrate(db: sqlite3.Connection) -> None:
    """Bring the schema up to date, step by step.

    Args:
        db: recognised, and in autocommit mode (``isolation_level=None``).
    """
    done = _done(db)
    for number, step in enumerate(STEPS[done:], start=done + 1):
        _take(db, number, step)


def check(db: sqlite3.Connection) -> None:
    """Read the whole file once; raises StoreUnavailable if SQLite finds it damaged."""
    found = [row[0] for row in db.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise StoreUnavailable(f"The database is damaged: {'; '.join(found)}. Restore a backup.")


def _done(db: sqlite3.Connection) -> int:
    """How many steps the schema has taken."""
    done: int = db.execute("PRAGMA user_version").fetchone()[0]
    return done


def _take(db: sqlite3.Connection, number: int, step: Step) -> None:
    """One step and its record, in one transaction."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in step.sql:
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
