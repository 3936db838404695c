"""The checker is checked: each planted fault is found under its own code, and a whole file has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth.db.schema import SchemaV1

from ledger.chain.embedded.engine import Engine
from ledger.chain.embedded.fsck import check_chain
from ledger.clock import FixedClock
from tests.chain.embedded.probe import START, fill, open_engine


@pytest.fixture
def engine(tmp_path: Path):  # type: ignore[no-untyped-def]
    clock = FixedClock(START)
    opened = open_engine(tmp_path / "chain.sqlite", clock)
    fill(opened, clock, 5, per_block=2)
    yield opened
    opened.close()


def codes(engine: Engine, *, replay: bool = False) -> set[str]:
    return {finding.code for finding in check_chain(engine, replay=replay)}


def plant(engine: Engine, sql: str, *values: object) -> None:
    changed = engine._store._connection.execute(sql, values).rowcount
    assert changed > 0


def test_a_whole_file_has_no_findings(engine: Engine) -> None:
    assert check_chain(engine, replay=True) == ()


def test_a_lost_log_row_is_found(engine: Engine) -> None:
    plant(engine, "DELETE FROM log_index WHERE block = 3 AND log = 1")
    assert codes(engine) == {"chain.log_index"}


def test_a_changed_log_row_is_found(engine: Engine) -> None:
    plant(engine, "UPDATE log_index SET data = zeroblob(32) WHERE block = 4 AND log = 0")
    assert codes(engine) == {"chain.log_index"}


def test_a_log_row_of_no_block_is_found(engine: Engine) -> None:
    plant(engine, "INSERT INTO log_index SELECT 99, log, tx, tx_hash, address, topic0, topic1, topic2, topic3, data FROM log_index LIMIT 1")
    assert codes(engine) == {"chain.log_index"}


def test_a_lost_transaction_lookup_is_found(engine: Engine) -> None:
    tx_hash = engine.block(engine.header(3)).transactions[1].hash
    plant(engine, "DELETE FROM kv WHERE k = ?", SchemaV1.make_transaction_hash_to_block_lookup_key(tx_hash))
    assert codes(engine) == {"chain.lookup"}


def test_a_changed_node_of_the_block_log_is_found(engine: Engine) -> None:
    plant(engine, "UPDATE block_log SET hash = zeroblob(32) WHERE level = 1 AND position = 1")
    assert "chain.block_log" in codes(engine)


def test_a_lost_receipt_is_found(engine: Engine) -> None:
    plant(engine, "DELETE FROM kv WHERE k = ?", engine.header(3).receipt_root)
    assert codes(engine) == {"chain.unreadable"}


def test_a_lost_state_node_is_found(engine: Engine) -> None:
    plant(engine, "DELETE FROM kv WHERE k = ?", engine.head.state_root)
    assert codes(engine) == {"chain.state"}


def test_a_lost_header_is_found(engine: Engine) -> None:
    plant(engine, "DELETE FROM kv WHERE k = ?", engine.header(2).hash)
    assert "chain.unreadable" in codes(engine)


def test_another_result_of_execution_is_found_by_replay_only(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    # The same file under other rules: the engine that replays it builds other headers.
    monkeypatch.setattr("ledger.chain.embedded.blocks.EXTRA_DATA", b"another engine")
    assert codes(engine) == set()
    assert codes(engine, replay=True) == {"chain.replay"}
