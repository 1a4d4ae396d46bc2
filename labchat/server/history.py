"""Reading the store: pages of messages, users, tokens; on a thread beside the writer's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from labchat.chat.events import Post

if TYPE_CHECKING:
    import sqlite3

COLUMNS = "id, text, sender_id, receiver_id, created_at, seq"
"""As Post has them."""


class Page(NamedTuple):
    """Which messages to read.

    Attributes:
        after: only those with a higher ``seq``.
        user: only those this user sent or received; None: everybody's.
        peer: only those between ``user`` and this one.
        limit: at most so many. The oldest with ``after``, else the newest; ascending in any case.
        up_to: only those with a ``seq`` up to this.
    """

    limit: int
    after: int | None = None
    user: str | None = None
    peer: str | None = None
    up_to: int | None = None


class Known(NamedTuple):
    """A user, and what is kept of the user's token."""

    user: str
    digest: bytes


def select(db: sqlite3.Connection, page: Page) -> list[Post]:
    """Read one page; with ``after`` the oldest that follow, else the newest."""
    terms, values = _conditions(page)
    where = f"WHERE {' AND '.join(terms)}" if terms else ""
    order = "DESC" if page.after is None else "ASC"
    query = f"SELECT {COLUMNS} FROM messages {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608 - the terms are constants, the values bound
    posts = [Post(*row) for row in db.execute(query, (*values, page.limit))]
    return posts if page.after is not None else posts[::-1]


def _conditions(page: Page) -> tuple[list[str], list[object]]:
    terms: list[str] = []
    values: list[object] = []
    if page.after is not None:
        terms.append("seq > ?")
        values.append(page.after)
    if page.up_to is not None:
        terms.append("seq <= ?")
        values.append(page.up_to)
    if page.user is not None and page.peer is not None:
        terms.append("(sender_id, receiver_id) IN (VALUES (?, ?), (?, ?))")
        values += [page.user, page.peer, page.peer, page.user]
    elif page.user is not None:
        terms.append("(sender_id = ? OR receiver_id = ?)")
        values += [page.user, page.user]
    return terms, values


def users(db: sqlite3.Connection) -> list[str]:
    """Everybody who has a token, or ever sent or received a message, sorted."""
    query = """SELECT user_id FROM users UNION SELECT sender_id FROM messages
    UNION SELECT receiver_id FROM messages ORDER BY 1"""
    return [row[0] for row in db.execute(query)]


def token(db: sqlite3.Connection, digest: bytes) -> list[Known]:
    """Who has the token with this digest; nobody, or one."""
    query = "SELECT user_id, token_hash FROM users WHERE token_hash = ?"
    return [Known(*row) for row in db.execute(query, (digest,))]
