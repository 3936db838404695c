from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import Conflict
from ledger.store import database as module
from ledger.store.database import Database, open_database
from ledger.store.errors import AlreadyStored, RowRefused, StoreBusy, StoreError, StoreUnavailable
from ledger.store.repositories import institutions, metering, periods
from ledger.store.tables import Institution
from tests.child import run_together
from tests.store import builders


def test_an_exception_in_the_middle_leaves_nothing(database: Database) -> None:
    def fail_half_way() -> None:
        with database.unit_of_work() as session:
            builders.add_everything(session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with database.reading() as session:
        assert institutions.list_institutions(session).items == ()
        for table in Institution.metadata.sorted_tables:
            assert session.connection().execute(table.select()).first() is None, table.name


def test_a_unit_of_work_is_committed_at_its_edge(database: Database, database_url: str) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
    other = open_database(database_url)
    with other.reading() as session:
        assert institutions.get_institution(session, "bank-1").name_zh == "银行"
    other.close()


def test_nobody_sees_a_unit_of_work_before_it_is_committed(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        session.flush()
        with database.reading() as reader:
            assert institutions.find_institution(reader, "bank-1") is None


def test_a_reading_sees_one_moment(database: Database) -> None:
    with database.reading() as reader:
        assert institutions.find_institution(reader, "bank-1") is None
        with database.unit_of_work() as session:
            builders.add_bank(session)
        assert institutions.find_institution(reader, "bank-1") is None
    with database.reading() as reader:
        assert institutions.find_institution(reader, "bank-1") is not None


def test_a_reading_cannot_write_and_its_connection_can_afterwards(database: Database) -> None:
    # One connection in the pool, then several: whichever comes next must take the write.
    for number, readers in enumerate((1, 3)):
        with ExitStack() as stack:
            for _ in range(readers):
                session = stack.enter_context(database.reading())
                with pytest.raises(SQLAlchemyError, match=r"read-?only"):
                    builders.add_bank(session, "never")
        for step in range(4):
            with database.unit_of_work() as session:
                builders.add_bank(session, f"bank-{number}-{step}")
    with pytest.raises(StoreError), database.reading() as session:
        builders.add_bank(session, "never")


def test_two_writers_take_turns_so_that_what_one_read_stays_true(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)

    def append(number: int) -> None:
        for step in range(5):
            with database.unit_of_work() as session:
                metering.add_telemetry_body(
                    session, "bank-1", f"{number}/{step}".encode(), media_type="text/csv", findings=b"{}", actor="x", received_at=1
                )

    run_together([threading.Thread(target=append, args=(number,)) for number in range(6)])
    with database.reading() as session:
        assert metering.count_telemetry(session, "bank-1") == 30
        assert [row.log_index for row in metering.list_telemetry(session, "bank-1").items] == list(range(30))


def test_a_writer_that_waits_too_long_is_told_so(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 1)
    other = open_database(database_url)
    with database.unit_of_work() as session:
        builders.add_bank(session)
        with pytest.raises(StoreBusy), other.unit_of_work():
            pass
    other.close()


def test_sqlite_runs_with_full_sync_foreign_keys_and_a_log(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/ledger.sqlite")
    with database.connection() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
    database.close()


def test_a_second_row_under_the_same_key_is_a_conflict_that_repeats_no_values(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
    with pytest.raises(AlreadyStored) as caught, database.unit_of_work() as session:
        builders.add_bank(session)
    assert isinstance(caught.value, Conflict)
    assert "银行" not in str(caught.value)
    assert "银行" not in str(caught.value.__cause__).split("DETAIL")[0]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "casino"},
        {"org": "AB" * 32},
        {"org": "ab"},
        {"id": ""},
        {"name_zh": None},
        {"at": "soon"},
        {"at": 2**63},
        {"name_en": "\ud800"},
    ],
)
def test_the_database_refuses_what_a_table_class_lets_through(database: Database, change: dict[str, object]) -> None:
    columns: dict[str, object] = {
        "id": "b",
        "kind": "bank",
        "name_en": "B",
        "name_zh": "B",
        "timezone": "UTC",
        "region": "CN",
        "org": "ab" * 32,
        "created_by": "x",
        "at": 1,
    }
    with database.unit_of_work() as session:
        session.add(Institution(**{**columns, "id": "good", "org": "cd" * 32}))
    row = Institution(**{**columns, **change})  # sqlmodel validates nothing here
    with pytest.raises(RowRefused), database.unit_of_work() as session:
        session.add(row)


def test_a_reference_to_something_absent_is_refused(database: Database) -> None:
    with pytest.raises(RowRefused), database.unit_of_work() as session:
        periods.add_period(session, institution_id="nobody", id="2025", start=1, end=2, timezone="UTC", created_by="x", at=1)


def test_a_server_that_is_not_there_is_our_error_not_the_drivers() -> None:
    database = open_database("postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(StoreUnavailable):
        database.at_head()


KILLED = """
import os, signal, sys
from ledger.store.database import open_database
from tests.child import run_together
from tests.store import builders
database = open_database(sys.argv[1])
with database.unit_of_work() as session:
    builders.add_bank(session, "kept")
with database.unit_of_work() as session:
    builders.add_everything(session)
    session.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_in_a_unit_of_work_leaves_only_what_was_committed(database: Database, database_url: str, root: Path) -> None:
    child = subprocess.run([sys.executable, "-c", KILLED, database_url], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert child.returncode == -signal.SIGKILL
    with database.unit_of_work() as session:
        assert [row.id for row in institutions.list_institutions(session).items] == ["kept"]
        builders.add_everything(session)
