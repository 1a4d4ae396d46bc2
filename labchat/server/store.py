"""The messages on disk: SQLite in WAL mode, one writer thread with group commit.

Posts that arrive while the disk is busy with others are committed together at the next turn, so
the price of a durable commit is shared. A post is acknowledged after its commit, never before.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, TypeVar

from labchat.chat.events import Post
from labchat.errors import ForeignDatabase, IdConflict, StoreUnavailable
from labchat.server import history, migrations
from labchat.server.settings import Synchronous

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from labchat.server.history import Known, Page

T = TypeVar("T")

GROUP = 256
"""At most so many posts in one transaction; bounds how long the first of them waits."""

_INSERT = """INSERT INTO messages (id, text, sender_id, receiver_id, created_at)
VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING seq"""


class Stored(NamedTuple):
    """What became of a post: as it is stored, and whether it was stored just now."""

    post: Post
    new: bool


class Trace(Protocol):
    """Told of each step of the writer, from its thread."""

    def __call__(self, event: str, post_id: str, seq: int) -> None:
        """``event`` is "insert" or "commit"."""
        ...


class _Barrier(NamedTuple):
    """A place in the writer's queue: done when all before it is committed."""

    done: asyncio.Future[int]


class _Job(NamedTuple):
    post: Post
    done: asyncio.Future[Stored]


_Outcome: TypeAlias = Stored | int | Exception


class Store:
    """The messages of one database file. Its coroutines belong to the loop it was opened on.

    Args:
        path: the file; made if it is not there.
        synchronous: when SQLite waits for the disk.
        backlog: how many posts may wait for the disk before more are turned away.
        trace: told of each insert and commit.

    Attributes:
        waiting: posts not yet committed.
        last_seq: number of the last committed post.

    Raises:
        StoreUnavailable: the file cannot be opened or written, or is damaged.
        ForeignDatabase: the file is not ours, or a newer labchat made it.
    """

    def __init__(
        self,
        path: Path,
        *,
        synchronous: Synchronous = Synchronous.FULL,
        backlog: int = 10_000,
        trace: Trace | None = None,
    ) -> None:
        self._backlog = backlog
        self._trace = trace
        self.waiting = 0
        self._coming: list[_Job | _Barrier] = []
        self._writing = False
        self._work: SimpleQueue[list[_Job | _Barrier] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._db = open_database(path, synchronous)
        self._reader = connect(path)
        self._reads = ThreadPoolExecutor(1, thread_name_prefix="labchat-reader")
        self.last_seq: int = self._db.execute(
            "SELECT coalesce(max(seq), 0) FROM messages"
        ).fetchone()[0]
        self._writer = threading.Thread(target=self._write, name="labchat-writer", daemon=True)
        self._writer.start()

    def add(self, post: Post) -> asyncio.Future[Stored]:
        """Store a post; the future is done once it is committed.

        The same id with the same text, sender and receiver gives the message already stored;
        with others the future raises IdConflict. It raises StoreUnavailable when the disk is
        full or the database locked (nothing was stored), or too many posts wait.
        """
        done: asyncio.Future[Stored] = self._loop.create_future()
        if self.waiting >= self._backlog:
            done.set_exception(StoreUnavailable("Too many messages wait for the disk; try later."))
            return done
        self._submit(_Job(post, done))
        return done

    def settled(self) -> asyncio.Future[int]:
        """Done when every post added so far is committed; gives the last ``seq`` then."""
        done: asyncio.Future[int] = self._loop.create_future()
        self._submit(_Barrier(done))
        return done

    async def read(self, page: Page) -> list[Post]:
        """Stored messages, ascending by ``seq``."""
        return await self._read(history.select, page)

    async def users(self) -> list[str]:
        """Everybody who has a token, or ever sent or received a message, sorted."""
        return await self._read(history.users)

    async def token(self, digest: bytes) -> Known | None:
        """Who has the token with this digest."""
        found = await self._read(history.token, digest)
        return found[0] if found else None

    async def close(self) -> None:
        """Commit what waits, and let go of the file."""
        if self.waiting:
            await self.settled()
        self._work.put(None)
        await self._loop.run_in_executor(None, self._writer.join)
        await self._loop.run_in_executor(None, self._reads.shutdown)
        self._reader.close()
        self._db.close()

    def _submit(self, item: _Job | _Barrier) -> None:
        """Hand over at the end of this turn of the loop, with all else that came in it."""
        if not self._coming and not self._writing:
            self._loop.call_soon(self._hand_over)
        self._coming.append(item)
        self.waiting += 1

    def _hand_over(self) -> None:
        """Give the writer its next batch; what comes meanwhile is committed together after it."""
        if self._coming and not self._writing:
            self._writing = True
            self._work.put(self._coming[:GROUP])
            del self._coming[:GROUP]

    async def _read(self, ask: Callable[..., list[T]], *args: object) -> list[T]:
        return await self._loop.run_in_executor(self._reads, ask, self._reader, *args)

    # The writer's thread.

    def _write(self) -> None:
        """Commit what is handed over, batch by batch, and report; until told to stop."""
        while (batch := self._work.get()) is not None:
            self._report(batch, self._commit(batch))

    def _commit(self, batch: list[_Job | _Barrier]) -> list[_Outcome]:
        """One transaction; on failure nothing of it is stored and everybody is told."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            outcomes = [self._insert(item) for item in batch]
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            return [unavailable(error)] * len(batch)
        if self._trace is not None:
            for outcome in outcomes:
                if isinstance(outcome, Stored) and outcome.new:
                    self._trace("commit", outcome.post.id, outcome.post.seq or 0)
        return outcomes

    def _insert(self, item: _Job | _Barrier) -> _Outcome:
        if isinstance(item, _Barrier):
            return 0
        post = item.post
        row = self._db.execute(
            _INSERT, (post.id, post.text, post.sender_id, post.receiver_id, post.created_at)
        ).fetchone()
        if row is None:
            return self._again(post)
        if self._trace is not None:
            self._trace("insert", post.id, row[0])
        return Stored(_numbered(post, row[0]), new=True)

    def _again(self, post: Post) -> Stored | IdConflict:
        """The id is there already: the same message, or another one?"""
        query = f"SELECT {history.COLUMNS} FROM messages WHERE id = ?"  # noqa: S608 - a constant
        stored = Post(*self._db.execute(query, (post.id,)).fetchone())
        same = (stored.text, stored.sender_id, stored.receiver_id) == (
            post.text,
            post.sender_id,
            post.receiver_id,
        )
        if not same:
            return IdConflict(f"The id {post.id} names another message already.")
        return Stored(stored, new=False)

    def _report(self, batch: list[_Job | _Barrier], outcomes: list[_Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._settle, batch, outcomes)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            return

    # Back on the loop.

    def _settle(self, batch: list[_Job | _Barrier], outcomes: list[_Outcome]) -> None:
        """Tell everybody, in the order of their asking; a barrier sees what came before it."""
        self.waiting -= len(batch)
        self._writing = False
        self._hand_over()
        for item, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Stored) and outcome.new:
                self.last_seq = outcome.post.seq or 0
            if item.done.done():  # who asked has given up
                continue
            if isinstance(outcome, Exception):
                item.done.set_exception(outcome)
            elif isinstance(item, _Barrier):
                item.done.set_result(self.last_seq)
            elif isinstance(outcome, Stored):
                item.done.set_result(outcome)


def unavailable(error: sqlite3.Error) -> StoreUnavailable:
    """SQLite's complaint as a sentence of ours."""
    return StoreUnavailable(f"The database cannot be used now: {error}.")


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any one thread at a time."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)


def open_database(path: Path, synchronous: Synchronous) -> sqlite3.Connection:
    """Open for writing, check, migrate. Raises StoreUnavailable or ForeignDatabase."""
    db: sqlite3.Connection | None = None
    try:
        db = connect(path)
        migrations.recognise(db)
        migrations.check(db)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {synchronous.value}")
        migrations.migrate(db)
        db.execute("BEGIN IMMEDIATE")
        db.execute("COMMIT")
    except sqlite3.Error as error:
        _let_go(db)
        raise _why_not(path, error) from error
    except (StoreUnavailable, ForeignDatabase):
        _let_go(db)
        raise
    return db


def _let_go(db: sqlite3.Connection | None) -> None:
    if db is not None:
        db.close()


def _why_not(path: Path, error: sqlite3.Error) -> ForeignDatabase | StoreUnavailable:
    if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
        return ForeignDatabase(f"{path} is not a database. Choose another --db.")
    return StoreUnavailable(f"The database {path} cannot be used: {error}.")


def _numbered(post: Post, seq: int) -> Post:
    return Post(post.id, post.text, post.sender_id, post.receiver_id, post.created_at, seq)
