"""A list leaves the large columns out; the row that is fetched afterwards in the same session has them."""

from __future__ import annotations

from ledger.store.database import Database
from ledger.store.repositories import metering, statements
from tests.store import builders


def test_a_statement_that_was_listed_can_be_read_whole(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_everything(session)
    with database.reading() as session:
        page = statements.list_statements(session, institution_id="bank-1")
        assert statements.get_statement(session, page.items[0].id).document


def test_a_telemetry_body_that_was_listed_can_be_read_whole(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_everything(session)
    with database.reading() as session:
        page = metering.list_telemetry(session, "bank-1")
        assert metering.get_telemetry_body(session, "bank-1", page.items[0].log_index).body
