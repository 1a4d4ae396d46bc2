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


def migrate(db: sqlite3.Connection) -> None:
    """Bring the schema up to date, step by step.

    Args:
        db: in autocommit mode (``isolation_level=None``).

    Raises:
        ForeignDatabase: the file is not ours, or a newer labchat made it.
        StoreUnavailable: the file is damaged.
    """
    _recognise(db)
    done = db.execute("PRAGMA user_version").fetchone()[0]
    if done > len(STEPS):
        raise ForeignDatabase(
            f"The database has schema {done}, and this labchat knows {len(STEPS)}: "
            "it was made by a newer labchat. Update labchat, or choose another --db."
        )
    for number, step in enumerate(STEPS[done:], start=done + 1):
        _take(db, number, step)


def check(db: sqlite3.Connection) -> None:
    """Read the whole file once; raises StoreUnavailable if SQLite finds it damaged."""
    found = [row[0] for row in db.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise StoreUnavailable(f"The database is damaged: {'; '.join(found)}. Restore a backup.")


def _recognise(db: sqlite3.Connection) -> None:
    application = db.execute("PRAGMA application_id").fetchone()[0]
    if application == APPLICATION_ID:
        return
    tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != 0 or tables:
        raise ForeignDatabase("The file is a database, but not labchat's. Choose another --db.")


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
