from __future__ import annotations

import pytest
from sqlalchemy import text

from ledger.store import integrity
from ledger.store.database import Database
from ledger.store.tables import Row
from tests.store import builders


def drop_triggers(database: Database) -> None:
    with database.connection() as connection:
        if database.dialect == "sqlite":
            for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            for name in Row.metadata.tables:
                connection.execute(text(f'ALTER TABLE "{name}" DISABLE TRIGGER USER'))


@pytest.fixture
def full(database: Database) -> Database:
    with database.unit_of_work() as session:
        builders.add_everything(session)
    return database


def places(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted({finding.place.split(" ")[0] for finding in integrity.check_store(session)})


def test_a_store_as_written_has_no_findings(full: Database) -> None:
    assert places(full) == []


def test_a_changed_byte_is_found_in_every_table_that_keeps_hashed_bytes(full: Database) -> None:
    drop_triggers(full)
    tables = sorted({name for name, *_ in integrity.HASHED})
    for name, content, _, _ in integrity.HASHED:
        other = "x'00'" if full.dialect == "sqlite" else "'\\x00'::bytea"
        with full.connection() as connection:
            connection.execute(text(f'UPDATE "{name}" SET "{content}" = {other}'))
    assert places(full) == tables


def test_a_gap_in_the_envelope_log_is_found(full: Database) -> None:
    drop_triggers(full)
    with full.connection() as connection:
        connection.execute(text("DELETE FROM meter_day"))
        for name in ("fitting", "meter_edit", "envelope", "envelope_alarm", "telemetry_derivation", "register_day"):
            connection.execute(text(f"DELETE FROM {name}"))
        connection.execute(text("UPDATE telemetry_body SET log_index = 4"))
    with full.reading() as session:
        assert [(finding.code, finding.got, finding.expected) for finding in integrity.check_store(session)] == [
            ("LOG_ENTRY_MISSING", "1 entries", "5 entries")
        ]


def test_every_table_with_a_hash_of_bytes_it_keeps_is_checked() -> None:
    unchecked = {name for name, table in Row.metadata.tables.items() if "document" in table.columns or "body" in table.columns} - {
        name for name, *_ in integrity.HASHED
    }
    assert unchecked == {"idempotency_key"}
