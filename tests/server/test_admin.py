"""Backups, also of a database that is being written."""

from __future__ import annotations

import pytest

from labchat.chat.events import Post
from labchat.errors import SettingsError, StoreUnavailable
from labchat.server import admin
from labchat.server.history import Page
from labchat.server.store import Store


@pytest.fixture
async def store(tmp_path):
    store = Store(tmp_path / "chat.db")
    await store.add(Post("m1", "Hello", "alice", "bob", "then"))
    yield store
    await store.close()


async def test_a_backup_of_a_running_server_is_whole(store, tmp_path):
    assert admin.backup(tmp_path / "chat.db", tmp_path / "copy.db") == 1
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == ["copy.db"]
    copy = Store(tmp_path / "copy.db")
    assert [one.id for one in await copy.read(Page(limit=9))] == ["m1"]
    await copy.close()


async def test_a_backup_overwrites_nothing_and_invents_nothing(store, tmp_path):
    (tmp_path / "there.db").write_text("mine")
    with pytest.raises(SettingsError, match="exists already"):
        admin.backup(tmp_path / "chat.db", tmp_path / "there.db")
    with pytest.raises(SettingsError, match="There is no database"):
        admin.backup(tmp_path / "none.db", tmp_path / "copy.db")
    with pytest.raises(StoreUnavailable, match="The backup failed"):
        admin.backup(tmp_path / "chat.db", tmp_path / "no" / "folder.db")
    (tmp_path / "text.db").write_text("not a database" * 100)
    with pytest.raises(StoreUnavailable, match="The backup failed"):
        admin.backup(tmp_path / "text.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
