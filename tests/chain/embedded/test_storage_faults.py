"""A disk that fails in the middle of a block: the head stays, the pool stays, the file stays whole, and the next call tries again."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.embedded.engine import Engine
from ledger.chain.embedded.fsck import check_chain
from ledger.chain.embedded.store import BlockBuffer, SqliteStore
from ledger.chain.errors import ChainUnavailable, StorageFailed, TransactionRejected
from ledger.clock import FixedClock
from tests.chain.embedded.probe import START, create_probe, fill, open_engine, signed, store


class FailingConnection:
    """A connection whose disk fails at the n-th statement that begins with one of `words`."""

    def __init__(self, connection: sqlite3.Connection, words: tuple[str, ...], at: int, error: Exception, *, after: bool = False) -> None:
        self._connection, self._words, self._at, self._error, self._after = connection, words, at, error, after
        self.seen = 0

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, values: Any = ()) -> Any:
        if not sql.startswith(self._words):
            return self._connection.execute(sql, values)
        self.seen += 1
        if self.seen == self._at and not self._after:
            raise self._error
        result = self._connection.execute(sql, values)
        if self.seen == self._at:
            raise self._error
        return result

    def close(self) -> None:
        self._connection.close()


WRITES = ("BEGIN", "INSERT", "DELETE", "COMMIT")
FULL = sqlite3.OperationalError("database or disk is full")


def break_disk(
    engine: Engine, at: int, error: Exception = FULL, words: tuple[str, ...] = WRITES, *, after: bool = False
) -> FailingConnection:
    failing = FailingConnection(engine._store._connection, words, at, error, after=after)
    engine._store._live = failing  # type: ignore[assignment]
    return failing


@pytest.mark.parametrize("error", [FULL, OSError(28, "No space left on device"), sqlite3.OperationalError("disk I/O error")])
def test_a_failure_at_any_write_leaves_the_head_the_pool_and_the_file(tmp_path: Path, error: Exception) -> None:
    clock = FixedClock(START)
    engine = open_engine(tmp_path / "chain.sqlite", clock)
    nonce = fill(engine, clock, 1, per_block=2)
    for at in itertools.count(1):
        head, size = engine.head, engine.block_log.size
        clock.advance(1)
        counted = break_disk(engine, at, error)
        with contextlib.suppress(StorageFailed):
            engine.submit(signed(nonce, store(nonce, 1)))
        if counted.seen < at:
            break
        assert (engine.head.hash, engine.block_log.size, engine.waiting()) == (head.hash, size, 1)
        with pytest.raises(TransactionRejected, match="already known"):
            engine.submit(signed(nonce, store(nonce, 1)))
        engine.settle()
        assert engine.head.parent_hash == head.hash
        assert engine.waiting() == 0
        nonce += 1
    assert at > 15  # every row of a block was failed at once, and BEGIN and COMMIT
    assert check_chain(engine, replay=True) == ()
    engine.close()


def test_a_commit_that_reports_failure_after_it_counted_is_believed_only_to_the_file(tmp_path: Path) -> None:
    clock = FixedClock(START)
    engine = open_engine(tmp_path / "chain.sqlite", clock)
    fill(engine, clock, 1)
    number = engine.head.block_number
    break_disk(engine, 1, words=("COMMIT",), after=True)
    raw = signed(2, store(1, 1))
    with pytest.raises(StorageFailed):
        engine.submit(raw)
    # The block is in the file: the head is what the file says, and the transaction is not mined twice.
    assert engine.head.block_number == number + 1
    assert engine.waiting() == 0
    with pytest.raises(TransactionRejected, match="mined"):
        engine.submit(raw)
    assert check_chain(engine, replay=True) == ()
    engine.close()


def test_a_really_full_database_refuses_the_block_and_takes_it_when_there_is_room(tmp_path: Path) -> None:
    clock = FixedClock(START)
    engine = open_engine(tmp_path / "chain.sqlite", clock)
    nonce = fill(engine, clock, 2)
    head = engine.head.hash
    connection = engine._store._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    failure = ""
    while not failure:
        try:
            engine.submit(signed(nonce, store(nonce, 1)))
        except StorageFailed as error:
            failure = str(error)
        else:
            nonce, head = nonce + 1, engine.head.hash
            clock.advance(1)
    assert "full" in failure
    assert engine.head.hash == head
    assert engine.waiting() == 1
    # The failed write closed the connection; the new one has no such limit.
    engine.settle()
    assert engine.head.parent_hash == head
    assert check_chain(engine, replay=True) == ()
    engine.close()


def test_a_file_that_cannot_be_read_is_said_to_be_so_and_is_read_again_later(tmp_path: Path) -> None:
    clock = FixedClock(START)
    engine = open_engine(tmp_path / "chain.sqlite", clock)
    fill(engine, clock, 1)
    tx_hash = engine.block(engine.head).transactions[0].hash
    break_disk(engine, 1, sqlite3.OperationalError("disk I/O error"), words=("SELECT",))
    with pytest.raises(StorageFailed, match="cannot be read"):
        engine.find_place(tx_hash)
    assert engine.find_place(tx_hash) == (2, 0)
    engine.close()


def test_a_disk_that_fails_while_a_block_is_built_drops_no_transaction(tmp_path: Path) -> None:
    clock = FixedClock(START)
    engine = open_engine(tmp_path / "chain.sqlite", clock)
    fill(engine, clock, 1)
    engine.submit(signed(2, store(7, 7)))
    for at in range(1, 12):
        break_disk(engine, at, sqlite3.OperationalError("disk I/O error"), words=("SELECT",))
        clock.advance(1)
        with contextlib.suppress(StorageFailed):
            engine.submit(signed(2 + at, store(at, 1)))
        engine._store._recover()
        engine.settle()
    assert engine._pool._dropped == {}
    assert check_chain(engine, replay=True) == ()
    engine.close()


def test_a_creation_that_fails_leaves_a_file_that_is_created_again(tmp_path: Path) -> None:
    path = tmp_path / "chain.sqlite"
    store_ = SqliteStore(path)
    for at in range(1, 12):
        store_._live = FailingConnection(store_._connection, ("BEGIN", "CREATE", "INSERT", "COMMIT"), at, FULL)  # type: ignore[assignment]
        with pytest.raises(StorageFailed):
            store_.write([(b"k", b"v")], meta={"layout": b"1"})
        assert store_.is_new
    store_.close()
    open_engine(path).close()


def test_a_closed_chain_says_so(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "chain.sqlite")
    engine.close()
    with pytest.raises(ChainUnavailable, match="closed"):
        engine.submit(create_probe())
    with pytest.raises(ChainUnavailable, match="closed"):
        engine.header(0)


def test_a_folder_that_is_missing_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="cannot create"):
        open_engine(tmp_path / "missing" / "chain.sqlite")


def test_the_buffer_hides_what_it_deleted_and_forgets_what_it_discards(tmp_path: Path) -> None:
    store_ = SqliteStore(tmp_path / "chain.sqlite")
    store_.write([(b"a", b"1"), (b"b", b"2")], meta={"layout": b"1"})
    buffer = BlockBuffer(store_)
    buffer[b"c"] = b"3"
    del buffer[b"a"]
    assert b"a" not in buffer
    assert buffer[b"b"] == b"2"
    with pytest.raises(KeyError):
        del buffer[b"a"]
    assert buffer.take() == ([(b"c", b"3")], [b"a"])
    assert store_.get(b"c") is None
    store_.write(*buffer.take())
    buffer.discard()
    assert (store_.get(b"a"), buffer[b"c"]) == (None, b"3")
    store_.close()


def test_the_file_is_written_ahead_and_synced_in_full(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "chain.sqlite")
    connection = engine._store._connection
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    engine.close()
