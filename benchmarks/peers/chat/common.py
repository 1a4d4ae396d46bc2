"""What the two Python peers share: the store, as a few dozen lines would have it."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime

SCHEMA = """CREATE TABLE messages (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
text TEXT NOT NULL, sender_id TEXT NOT NULL, receiver_id TEXT NOT NULL, created_at TEXT NOT NULL)"""
INSERT = """INSERT INTO messages (id, text, sender_id, receiver_id, created_at)
VALUES (:id, :text, :senderId, :receiverId, :createdAt) ON CONFLICT (id) DO NOTHING"""


class Store:
    """SQLite on the loop; each post committed before it is acknowledged."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute(SCHEMA)

    def add(self, said: dict) -> dict:
        said.setdefault("createdAt", datetime.now(UTC).isoformat())
        self.db.execute(INSERT, said)
        (seq,) = self.db.execute("SELECT seq FROM messages WHERE id = ?", (said["id"],)).fetchone()
        return {**said, "seq": seq}


def told(said: dict) -> str:
    return json.dumps({"type": "message", "data": said})


def ack(stored: dict) -> str:
    return json.dumps({"type": "ack", "id": stored["id"], "seq": stored["seq"]})
