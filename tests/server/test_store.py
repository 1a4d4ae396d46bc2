"""The store: one writer, group commit, ids, migrations, and what it refuses."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from labchat.chat.events import Post
from labchat.errors import ForeignDatabase, IdConflict, StoreUnavailable
from labchat.server import migrations
from labchat.server.auth import digest
from labchat.server.history import Page
from labchat.server.settings import Synchronous
from labchat.server.store import Store


def post(number, text="Hello", sender="alice", receiver="bob"):
    return Post(f"m{number}", text, sender, receiver, "2025-11-03T15:30:00Z")


@pytest.fixture
async def store(tmp_path):
    store = Store(tmp_path / "chat.db")
    yield store
    await store.close()


async def test_posts_are_numbered_in_the_order_of_their_coming(store):
    stored = await asyncio.gather(*(store.add(post(number)) for number in range(1, 1001)))
    assert [one.post.seq for one in stored] == list(range(1, 1001))
    assert all(one.new for one in stored)
    assert store.last_seq == 1000
    assert store.waiting == 0


async def test_many_posts_share_a_commit(tmp_path):
    steps = []
    store = Store(tmp_path / "chat.db", trace=lambda *step: steps.append(step))
    await asyncio.gather(*(store.add(post(number)) for number in (1, 2, 3)))
    await store.close()
    assert steps == [
        *(("insert", f"m{number}", number) for number in (1, 2, 3)),
        *(("commit", f"m{number}", number) for number in (1, 2, 3)),
    ]


async def test_the_same_id_gives_the_stored_message_or_a_conflict(store):
    first = await store.add(post(1))
    again = await store.add(post(1))
    assert (again.post, again.new) == (first.post, False)
    for other in (post(1, text="x"), post(1, sender="x"), post(1, receiver="x")):
        with pytest.raises(IdConflict, match="m1 names another message"):
            await store.add(other)
    assert (await store.add(post(2))).post.seq == 2


async def test_a_conflict_spoils_nothing_of_its_batch(store):
    results = await asyncio.gather(
        *(store.add(post(1)), store.add(post(1, text="x")), store.add(post(2))),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results] == ["Stored", "IdConflict", "Stored"]


async def test_settled_sees_what_was_added_before_it(store):
    store.add(post(1))
    settled = store.settled()
    store.add(post(2))
    assert await settled == 1
    assert await store.settled() == 2


async def test_pages(store):
    for number in range(1, 11):
        await store.add(post(number, receiver="bob" if number % 2 else "carol"))
    await store.add(post(11, sender="bob", receiver="alice"))

    async def seqs(**page):
        return [one.seq for one in await store.read(Page(**{"limit": 100, **page}))]

    assert await seqs(limit=3) == [9, 10, 11]
    assert await seqs(limit=3, after=2) == [3, 4, 5]
    assert await seqs(after=2, up_to=4) == [3, 4]
    assert await seqs(user="carol") == [2, 4, 6, 8, 10]
    assert await seqs(user="alice", peer="bob") == [1, 3, 5, 7, 9, 11]
    assert await seqs(user="dan") == []
    assert await store.users() == ["alice", "bob", "carol"]


async def test_what_was_stored_is_there_after_a_restart(tmp_path):
    for number in (1, 2):
        store = Store(tmp_path / "chat.db")
        assert store.last_seq == number - 1
        await store.add(post(number))
        await store.close()


async def test_closing_commits_what_waits(tmp_path):
    store = Store(tmp_path / "chat.db")
    adding = store.add(post(1))
    await store.close()
    assert (await adding).post.seq == 1


async def test_too_many_waiting_posts_are_turned_away(tmp_path):
    store = Store(tmp_path / "chat.db", backlog=2)
    first, second, third = (store.add(post(number)) for number in (1, 2, 3))
    with pytest.raises(StoreUnavailable, match="Too many"):
        await third
    assert (await first, await second) is not None
    await store.close()


async def test_who_gave_up_is_not_told(store):
    adding = store.add(post(1))
    adding.cancel()
    assert await store.settled() == 1


async def test_a_full_disk_stores_nothing_of_the_batch_and_says_so(store):
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    results = await asyncio.gather(
        *(store.add(post(number, text="x" * 9000)) for number in range(4)), return_exceptions=True
    )
    assert [str(result) for result in results] == [
        "The database cannot be used now: database or disk is full."
    ] * 4
    assert await store.read(Page(limit=10)) == []
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert (await store.add(post(1))).post.seq == 1


@pytest.mark.parametrize("synchronous", list(Synchronous))
async def test_synchronous_is_set_as_told(tmp_path, synchronous):
    store = Store(tmp_path / "chat.db", synchronous=synchronous)
    (level,) = store._db.execute("PRAGMA synchronous").fetchone()
    (mode,) = store._db.execute("PRAGMA journal_mode").fetchone()
    await store.close()
    assert (level, mode) == ({"FULL": 2, "NORMAL": 1}[synchronous.value], "wal")


async def test_tokens_are_found_by_their_digest(store):
    store._db.execute("INSERT INTO users VALUES ('alice', ?, 'now')", (digest("secret"),))
    assert (await store.token(digest("secret"))).user == "alice"
    assert await store.token(digest("guess")) is None


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"not a database, but a text of some length" * 30, ForeignDatabase, "not a database"),
        ("CREATE TABLE books (title TEXT)", ForeignDatabase, "but not labchat's"),
        ("PRAGMA application_id = 7", ForeignDatabase, "but not labchat's"),
        (
            f"PRAGMA application_id = {migrations.APPLICATION_ID}; PRAGMA user_version = 99",
            ForeignDatabase,
            "newer labchat",
        ),
    ],
    ids=["text", "other tables", "other application", "newer"],
)
async def test_a_foreign_file_is_refused_and_left_as_it_is(tmp_path, content, error, words):
    path = tmp_path / "chat.db"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with closing(sqlite3.connect(path)) as db:
            db.executescript(content)
    before = path.read_bytes()
    with pytest.raises(error, match=words):
        Store(path)
    assert path.read_bytes() == before


async def test_a_damaged_file_is_refused(tmp_path):
    store = Store(tmp_path / "chat.db")
    await asyncio.gather(*(store.add(post(number, text="x" * 500)) for number in range(200)))
    await store.close()
    path = tmp_path / "chat.db"
    content = bytearray(path.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match=r"damaged|malformed"):
        Store(path)


@pytest.mark.parametrize("path", ["no/such/folder/chat.db", "."])
async def test_a_place_that_cannot_be_written_is_refused(tmp_path, path):
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        Store(tmp_path / path)


@pytest.mark.parametrize("done", range(len(migrations.STEPS)))
async def test_each_older_schema_is_brought_up_to_date(tmp_path, monkeypatch, done):
    path = tmp_path / "chat.db"
    steps = migrations.STEPS
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        monkeypatch.setattr(migrations, "STEPS", steps[:done])
        migrations.migrate(db)
        if done:
            insert = "INSERT INTO messages VALUES (1, 'm1', 'Hello', 'alice', 'bob', 'then')"
            db.execute(insert)
    monkeypatch.setattr(migrations, "STEPS", steps)
    store = Store(path)
    assert [one.id for one in await store.read(Page(limit=9))] == (["m1"] if done else [])
    assert await store.token(b"") is None
    await store.close()


async def test_a_step_that_fails_leaves_nothing(tmp_path, monkeypatch):
    bad = migrations.Step("bad", ("CREATE TABLE extra (x)", "nonsense"))
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, bad))
    with pytest.raises(StoreUnavailable, match="syntax error"):
        Store(tmp_path / "chat.db")
    with closing(sqlite3.connect(tmp_path / "chat.db")) as db:
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_schema")}
        (version,) = db.execute("PRAGMA user_version").fetchone()
    assert "extra" not in names
    assert version == len(migrations.STEPS) - 1
