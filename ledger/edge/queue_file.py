"""The file of a queue: its tables, how it is opened, and where it stands."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from ledger.edge.queue_status import QueueStatus, SetAside
from ledger.errors import IntegrityError

WAITING, ACKNOWLEDGED, ASIDE, REPLACED = 0, 1, 2, 3
BUSY_SECONDS = 30.0
TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bodies (
  seq INTEGER PRIMARY KEY, body BLOB NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL, readings INTEGER NOT NULL,
  queued_at INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, settled_at INTEGER, status INTEGER, problem TEXT
);
CREATE INDEX IF NOT EXISTS bodies_by_state ON bodies (state, seq, size, queued_at);
CREATE TABLE IF NOT EXISTS seen (digest BLOB PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_by_seq ON seen (seq);
CREATE TABLE IF NOT EXISTS replaced (seq INTEGER PRIMARY KEY, by INTEGER NOT NULL);
"""


def open_file(path: Path) -> sqlite3.Connection:
    """Open a queue's file for reading and writing."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise IntegrityError(
            f"{path} is no queue of ours, or damaged: {error}", hint="move it away and start: the count begins anew"
        ) from error
    return connection


def read_status(db: sqlite3.Connection) -> QueueStatus:
    """Return where the queue in an open file stands."""
    facts = {str(name): str(value) for name, value in db.execute("SELECT name, value FROM facts")}
    waiting, size, oldest = db.execute(
        "SELECT count(*), coalesce(sum(size), 0), min(queued_at) FROM bodies WHERE state = ?", (WAITING,)
    ).fetchone()
    kept = db.execute("SELECT count(*) FROM bodies WHERE state = ?", (ACKNOWLEDGED,)).fetchone()[0]
    replaced = db.execute("SELECT count(*) FROM bodies WHERE state = ?", (REPLACED,)).fetchone()[0]
    last = db.execute("SELECT max(seq) FROM bodies").fetchone()[0]
    rows = db.execute("SELECT seq, sha256, readings, settled_at, status, problem FROM bodies WHERE state = ? ORDER BY seq", (ASIDE,))
    aside = tuple(SetAside(seq, sha256, count, at, status, json.loads(problem)) for seq, sha256, count, at, status, problem in rows)
    return QueueStatus.of(
        facts, waiting=waiting, waiting_bytes=size, oldest=oldest, kept=kept, replaced=replaced, last_seq=last, aside=aside
    )
