"""A list leaves the large columns out; the row that is fetched afterwards in the same session has them."""

from __future__ import annotations

from ledger.store.database import Database
from ledger.store.repositories import library, metering, statements
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


def test_a_release_and_a_draft_that_were_listed_can_be_read_whole(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_everything(session)
    with database.reading() as session:
        release, draft = library.list_releases(session).items[0], library.list_drafts(session).items[0]
        assert library.get_release(session, release.hash).document
        assert [row.document for row, _ in library.list_published_releases(session)] == [release.document]
        found = library.find_draft(session, draft.release)
        assert found is not None
        assert found.document
    with database.reading() as session:
        release, draft = library.list_releases(session).items[0], library.list_drafts(session).items[0]
        by_name, by_hash = (
            library.find_release_by_name(session, "library", release.release),
            library.find_draft_by_hash(session, draft.hash),
        )
        assert by_name is not None
        assert by_hash is not None
        assert by_name.document
        assert by_hash.document
