from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from ledger.store.database import Database, open_database
from ledger.store.errors import AppendOnlyViolation
from ledger.store.repositories import institutions
from ledger.store.tables import CHANGEABLE, Row, refused_changes
from tests.store import builders


@pytest.fixture
def full(database: Database) -> Database:
    """A database with at least one row in every table."""
    with database.unit_of_work() as session:
        builders.add_everything(session)
    with database.connection() as connection:
        empty = [name for name, table in Row.metadata.tables.items() if not connection.scalar(select(func.count()).select_from(table))]
    assert empty == [], "a table without a row would pass the tests below whatever its triggers do"
    return database


def test_the_exceptions_name_real_tables_and_are_few() -> None:
    assert set(CHANGEABLE) <= set(Row.metadata.tables)
    assert set(CHANGEABLE) == {
        *("outbox", "outbox_lease", "idempotency_key"),
        *("institution_secret", "commitments", "statement_meter_record", "package_content"),
    }


def test_every_other_table_refuses_update_and_delete(full: Database) -> None:
    for name, change in refused_changes():
        column = next(iter(Row.metadata.tables[name].columns)).name
        statement = f'UPDATE "{name}" SET "{column}" = "{column}"' if change == "UPDATE" else f'DELETE FROM "{name}"'
        with pytest.raises(AppendOnlyViolation, match=f"{change} (of|on) {name} is refused"), full.connection() as connection:
            connection.execute(text(statement))
    assert len(refused_changes()) == 2 * len(Row.metadata.tables) - 9


def test_every_exception_is_really_changeable(full: Database) -> None:
    for name, changes in CHANGEABLE.items():
        column = next(iter(Row.metadata.tables[name].columns)).name
        for change in sorted(changes, reverse=True):
            statement = f'UPDATE "{name}" SET "{column}" = "{column}"' if change == "UPDATE" else f'DELETE FROM "{name}"'
            with full.connection() as connection:
                assert connection.execute(text(statement)).rowcount == 1


def test_a_row_changed_in_a_session_is_refused_at_the_edge(full: Database) -> None:
    with pytest.raises(AppendOnlyViolation), full.unit_of_work() as session:
        institutions.get_institution(session, "bank-1").name_en = "Another bank"
    with full.reading() as session:
        assert institutions.get_institution(session, "bank-1").name_en == "Bank"


def test_replacing_a_row_by_insert_is_refused(full: Database) -> None:
    if full.dialect == "sqlite":
        statement = "INSERT OR REPLACE INTO library_release SELECT hash, kind, release, x'00', actor, at FROM library_release"
    else:
        statement = "INSERT INTO library_release SELECT * FROM library_release ON CONFLICT (hash) DO UPDATE SET document = ''"
    with pytest.raises(AppendOnlyViolation), full.connection() as connection:
        connection.execute(text(statement))


def test_a_foreign_program_on_the_file_is_refused_too(tmp_path: Path) -> None:
    import sqlite3

    database = open_database(f"sqlite:///{tmp_path}/ledger.sqlite")
    database.migrate()
    with database.unit_of_work() as session:
        builders.add_bank(session)
    database.close()
    connection = sqlite3.connect(tmp_path / "ledger.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only: UPDATE of institution"):
        connection.execute("UPDATE institution SET name_en = 'x'")
    connection.close()


def test_truncate_is_refused_where_there_is_one(full: Database) -> None:
    if full.dialect == "sqlite":
        # SQLite has no TRUNCATE: a DELETE without a condition is what it has instead, and the triggers refuse that as well.
        with pytest.raises(AppendOnlyViolation), full.connection() as connection:
            connection.execute(text("DELETE FROM institution"))
        return
    for name in sorted({name for name, change in refused_changes() if change == "DELETE"}):
        with pytest.raises(AppendOnlyViolation, match=f"TRUNCATE of {name} is refused"), full.connection() as connection:
            connection.execute(text(f'TRUNCATE "{name}" CASCADE'))


def test_what_is_to_be_sent_and_what_was_signed_never_changes(full: Database) -> None:
    zero = "x'00'" if full.dialect == "sqlite" else "'\\x00'::bytea"
    with full.connection() as connection:
        connection.execute(text(f"UPDATE outbox SET state = 'SIGNED', nonce = 7, raw_tx = {zero}, tx_hash = 'x'"))
    changes = ["\"to\" = '0x'", f"data = {zero}", "gas = 1", "signer = 'x'", "chain_id = 1", "idem_key = 'x'", "nonce = 8", "tx_hash = 'y'"]
    for change in [*changes, "raw_tx = data", "raw_tx = NULL, nonce = NULL, tx_hash = NULL, state = 'QUEUED'"]:
        with pytest.raises(AppendOnlyViolation), full.connection() as connection:
            connection.execute(text(f"UPDATE outbox SET {change}"))


def test_a_commitment_key_may_be_deleted_but_not_replaced(full: Database) -> None:
    with pytest.raises(AppendOnlyViolation), full.connection() as connection:
        connection.execute(text("UPDATE institution_secret SET at = 1"))
    with full.unit_of_work() as session:
        assert institutions.delete_commitment_key(session, "bank-1")
    with full.reading() as session:
        assert institutions.find_commitment_key(session, "bank-1") is None
