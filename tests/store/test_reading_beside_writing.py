"""A connection that was lent for reading comes back as it was."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from ledger.store.database import open_database


def test_a_connection_that_was_read_with_can_be_written_with_afterwards(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    database.migrate()
    with database.reading(), database.reading():
        pass  # two connections are in the pool now
    for _ in range(4):
        with database.reading() as session:
            session.execute(text("SELECT 1"))
        with database.unit_of_work() as session:
            session.execute(text("CREATE TABLE IF NOT EXISTS probe (id INTEGER)"))
    database.close()
