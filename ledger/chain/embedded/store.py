"""The chain's one sqlite file: key-value rows for the EVM, the log index and the block log, written in one transaction per block.

py-evm's own AtomicDB commits key by key, the head pointer before the transaction index, so a crash in between leaves transactions
nobody can find. Here a block's writes wait in a dict (`BlockBuffer`) and reach the file in one sqlite transaction, or not at all.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from eth.abc import AtomicWriteBatchAPI
from eth.db.backends.base import BaseAtomicDB

from ledger.chain.errors import ChainCorrupt, ChainUnavailable, StorageFailed

LAYOUT = 1

_SCHEMA = (
    "CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE log_index (block INTEGER NOT NULL, log INTEGER NOT NULL, tx INTEGER NOT NULL, tx_hash BLOB NOT NULL, "
    "address BLOB NOT NULL, "
    "topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL, PRIMARY KEY (block, log)) WITHOUT ROWID",
    "CREATE INDEX log_by_topic0 ON log_index (topic0, block)",
    "CREATE INDEX log_by_topic1 ON log_index (topic1, block)",
    "CREATE INDEX log_by_topic2 ON log_index (topic2, block)",
    "CREATE INDEX log_by_address ON log_index (address, block)",
    "CREATE TABLE block_log (level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL, "
    "PRIMARY KEY (level, position)) WITHOUT ROWID",
)

_LOG_COLUMNS = "block, log, tx, tx_hash, address, topic0, topic1, topic2, topic3, data"


@dataclass(frozen=True)
class LogRow:
    """One row of the log index: a log as its receipt holds it, with its place. `log` counts through the block."""

    block: int
    log: int
    tx: int
    tx_hash: bytes
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes

    def columns(self) -> tuple[object, ...]:
        """Return the values in the order of the table's columns."""
        padded = [*self.topics, *([None] * (4 - len(self.topics)))]
        return (self.block, self.log, self.tx, self.tx_hash, self.address, *padded, self.data)

    @staticmethod
    def of(row: Sequence[Any]) -> LogRow:
        """Return the log of a table row."""
        topics = tuple(bytes(topic) for topic in row[5:9] if topic is not None)
        return LogRow(row[0], row[1], row[2], bytes(row[3]), bytes(row[4]), topics, bytes(row[9]))


@dataclass(frozen=True)
class TreeNode:
    """A node of the block log: the root of the perfect subtree over leaves [position·2^level, (position+1)·2^level)."""

    level: int
    position: int
    hash: bytes


class SqliteStore:
    """The file. Every failure of sqlite leaves as `StorageFailed`; a failed write leaves the file as it was.

    WAL and synchronous=FULL: a block that was acknowledged survives a crash of the process and of the machine, as far as the disk keeps
    its word.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            StorageFailed: sqlite cannot open it.
            ChainCorrupt: it is no sqlite file, or of another layout.
        """
        self.path = path
        self._closed = False
        self._live: sqlite3.Connection | None = self._open()

    @property
    def is_new(self) -> bool:
        """Tell whether nothing was ever committed to the file."""
        return not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'kv'")

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        rows = self._rows("SELECT v FROM kv WHERE k = ?", (key,))
        return bytes(rows[0][0]) if rows else None

    def find_meta(self, name: str) -> bytes | None:
        """Return a setting written at creation, or None."""
        rows = self._rows("SELECT value FROM meta WHERE name = ?", (name,))
        return bytes(rows[0][0]) if rows else None

    def find_node(self, level: int, position: int) -> bytes | None:
        """Return the hash of a node of the block log, or None."""
        rows = self._rows("SELECT hash FROM block_log WHERE level = ? AND position = ?", (level, position))
        return bytes(rows[0][0]) if rows else None

    def log_size(self) -> int:
        """Return the number of leaves in the block log."""
        rows = self._rows("SELECT position FROM block_log WHERE level = 0 ORDER BY position DESC LIMIT 1")
        return int(rows[0][0]) + 1 if rows else 0

    def select_logs(self, where: str, values: Sequence[object], limit: int) -> list[LogRow]:
        """Return at most `limit` logs in chain order. `where` is a condition over the index's columns, with ? for every value."""
        sql = f"SELECT {_LOG_COLUMNS} FROM log_index WHERE {where} ORDER BY block, log LIMIT ?"  # noqa: S608 (`where` holds column names only)
        return [LogRow.of(row) for row in self._rows(sql, (*values, limit))]

    def check_integrity(self) -> str:
        """Return sqlite's own verdict: `ok`, or what is broken."""
        return "; ".join(str(row[0]) for row in self._rows("PRAGMA integrity_check"))

    def write(
        self,
        puts: Iterable[tuple[bytes, bytes]],
        deletes: Iterable[bytes] = (),
        logs: Iterable[LogRow] = (),
        nodes: Iterable[TreeNode] = (),
        meta: Mapping[str, bytes] | None = None,
    ) -> None:
        """Write one block in one transaction; `meta` creates the file's layout first.

        Raises:
            StorageFailed: nothing of it was written.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            if meta is not None:
                for statement in _SCHEMA:
                    self._connection.execute(statement)
                self._write_rows("INSERT INTO meta VALUES (?, ?)", meta.items())
            self._write_rows("INSERT OR REPLACE INTO kv VALUES (?, ?)", puts)
            self._write_rows("DELETE FROM kv WHERE k = ?", ((key,) for key in deletes))
            self._write_rows("INSERT INTO log_index VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (row.columns() for row in logs))
            self._write_rows("INSERT INTO block_log VALUES (?, ?, ?)", ((node.level, node.position, node.hash) for node in nodes))
            self._connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._recover()
            raise StorageFailed(
                f"the block could not be written to {self.path}: {error}",
                hint="free or repair the disk; the head did not move and the pool is kept",
                path=str(self.path),
            ) from error
        except BaseException:
            self._recover()
            raise

    def close(self) -> None:
        """Fold the WAL into the file and close it; harmless when done twice."""
        if self._live is not None:
            # A full disk must not keep us from closing; the WAL is replayed at the next open.
            with contextlib.suppress(sqlite3.Error):
                self._live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._live.close()
        self._live, self._closed = None, True

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._closed:
            raise ChainUnavailable("the chain is closed", hint="open it again")
        if self._live is None:
            self._live = self._open()
        return self._live

    def _write_rows(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        # One statement per row, not executemany: fault tests stop between any two rows here.
        for row in rows:
            self._connection.execute(sql, tuple(row))

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        try:
            return self._connection.execute(sql, tuple(values)).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise StorageFailed(
                f"the chain file {self.path} cannot be read: {error}", hint="check the disk", path=str(self.path)
            ) from error

    def _recover(self) -> None:
        # A failed COMMIT may leave the transaction open, and after an I/O error sqlite's page cache is not to be trusted: start from
        # the file again.
        if self._live is not None:
            with contextlib.suppress(sqlite3.Error):  # closing rolls back as well
                if self._live.in_transaction:
                    self._live.execute("ROLLBACK")
            self._live.close()
        self._live = None

    def _open(self) -> sqlite3.Connection:
        try:
            created = not self.path.exists()
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=5.0)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA cache_size = -65536")
            if created:
                _sync_folder(self.path.parent)
        except sqlite3.DatabaseError as error:
            if "not a database" in str(error):
                raise ChainCorrupt(f"{self.path} is no chain file: {error}", hint="name the chain's file, or restore it") from error
            raise StorageFailed(f"cannot open {self.path}: {error}", hint="check the folder, the disk and the permissions") from error
        except OSError as error:
            raise StorageFailed(f"cannot open {self.path}: {error.strerror}", hint="check the folder and its permissions") from error
        return connection


class BlockBuffer(BaseAtomicDB):
    """What py-evm writes to: reads fall through to the file, writes wait here until `take()`.

    Deleted keys are kept as None, so that a read after a delete does not find the file's old value.
    """

    def __init__(self, store: SqliteStore | None) -> None:
        self._store = store
        self._pending: dict[bytes, bytes | None] = {}

    def __getitem__(self, key: bytes) -> bytes:
        if key in self._pending:
            value = self._pending[key]
        else:
            value = self._store.get(key) if self._store is not None else None
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._pending[key] = value

    def __delitem__(self, key: bytes) -> None:
        if not self._exists(key):
            raise KeyError(key)
        self._pending[key] = None

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    @contextmanager
    def atomic_batch(self) -> Iterator[AtomicWriteBatchAPI]:
        """Let py-evm write here: the whole buffer is one batch, and whoever meets an exception discards all of it."""
        yield cast(AtomicWriteBatchAPI, self)

    def take(self) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
        """Return what waits, as (puts, deletes); it stays until `discard()`."""
        puts = [(key, value) for key, value in self._pending.items() if value is not None]
        return puts, [key for key, value in self._pending.items() if value is None]

    def discard(self) -> None:
        """Forget what waits."""
        self._pending = {}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
