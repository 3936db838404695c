"""Rows that are found by a condition of the database instead of by reading a list."""

from __future__ import annotations

from sqlmodel import Session

from ledger.clock import FixedClock
from ledger.identifiers import sid
from ledger.store import outbox
from ledger.store.database import Database
from ledger.store.repositories import attestations, claims, participants, periods, statements
from ledger.store.tables import Attestation, Claim, Statement
from tests.store import builders
from tests.store.builders import AT, signed


def queued(session: Session, text: str) -> int:
    return outbox.queue(session, text, builders.payload(text), now=AT).id


def attest(session: Session, statement: Statement, dataset: str, text: str) -> Attestation:
    return attestations.add_attestation(session, statement, dataset=dataset, digest="x", signed=signed(text, queued(session, text)))


def claim(session: Session, id: str, text: str, package: str = "ab" * 32) -> Claim:
    return claims.add_claim(
        session,
        institution_id="bank-1",
        claim_id=id,
        period_id="2025",
        scheme="s",
        package_hash=package,
        signed=signed(text, queued(session, text)),
    )


def refuse(database: Database, outbox_id: int | None) -> None:
    assert outbox_id is not None
    outbox.SqlOutbox(database, FixedClock(AT)).record_reverted(outbox_id, "DeadlinePassed", None, None)


def anchor(database: Database, outbox_id: int | None) -> None:
    assert outbox_id is not None
    port = outbox.SqlOutbox(database, FixedClock(AT))
    port.record_signed(outbox_id, outbox_id, f"raw {outbox_id}".encode(), f"0x{outbox_id:064x}")
    port.record_mined(outbox_id, 1, "0xb1", b"r")
    port.record_final(outbox_id)


def last(database: Database) -> int | None:
    with database.reading() as session:
        row = attestations.find_last_attested_statement(session, "bank-1", "2025")
        return None if row is None else row.revision


def test_the_last_attested_statement_is_the_highest_of_which_a_dataset_waits_or_is_anchored(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        first = builders.add_statement(session)
        assert attestations.find_last_attested_statement(session, "bank-1", "2025") is None
        for dataset in ("METERS", "OPERATIONAL"):
            attest(session, first, dataset, f"{dataset} 1")
        second = builders.add_statement(session, revision=2, supersedes=first.hash)
    assert last(database) == 1, "the second is a draft"
    with database.unit_of_work() as session:
        signatures = [attest(session, second, dataset, f"{dataset} 2") for dataset in ("METERS", "OPERATIONAL")]
    assert last(database) == 2
    refuse(database, signatures[1].outbox_id)
    assert last(database) == 2, "the other dataset of the second still waits"
    refuse(database, signatures[0].outbox_id)
    assert last(database) == 1, "every dataset of the second was refused"
    with database.unit_of_work() as session:
        again = attest(session, second, "OPERATIONAL", "OPERATIONAL 2, signed anew")
    assert last(database) == 2
    with database.reading() as session:
        assert not attestations.has_later_anchor(session, first)
    anchor(database, again.outbox_id)
    with database.reading() as session:
        assert [attestations.has_later_anchor(session, statement) for statement in (first, second)] == [True, False]
    with database.reading() as session:
        assert attestations.find_last_attested_statement(session, "bank-1", "2024") is None
        assert attestations.find_last_attested_statement(session, "bank-2", "2025") is None


def test_a_claim_is_found_by_its_name_on_chain_and_listed_by_its_latest_attempt(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        builders.add_statement(session)
        first, other = claim(session, "c1", "first"), claim(session, "c2", "other")
        assert first.name == sid("claim", "bank-1/c1").hex()
    refuse(database, first.outbox_id)
    with database.unit_of_work() as session:
        again = claim(session, "c1", "signed anew")
    with database.reading() as session:
        found = claims.find_claim_by_name(session, first.name)
        assert found is not None
        assert (found.id, found.attempt) == (again.id, 1)
        assert claims.find_claim_by_name(session, sid("claim", "bank-1/c3").hex()) is None
        page = claims.list_claims(session, institution_id="bank-1", limit=1)
        assert [row.id for row in page.items] == [other.id]
        assert [row.id for row in claims.list_claims(session, limit=1, after=page.next_after).items] == [again.id]


def test_claims_are_found_by_the_statement_whose_package_they_rest_on(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        statement = builders.add_statement(session)
        for package in ("aa" * 32, "bb" * 32):
            statements.add_package(session, statement.id, hash=package, content=b"zip", created_by="x", at=AT)
        for id, package in (("c1", "aa" * 32), ("c2", "bb" * 32), ("c3", "cc" * 32)):
            claim(session, id, id, package)
        assert [row.claim_id for row in claims.list_statement_claims(session, statement.id)] == ["c1", "c2"]
        assert claims.list_statement_claims(session, statement.id + 1) == []


def test_an_activity_version_is_found_whole_by_its_number_also_after_a_list(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        statement = builders.add_statement(session)
    with database.reading() as session:
        assert len(periods.list_activity_versions(session, "bank-1", "2025").items) == 1
        found = periods.find_activity_by_id(session, statement.activity_version_id)
        assert found is not None
        assert bytes(found.document) == b'{"records":[]}'
        assert periods.find_activity_by_id(session, 99) is None


def test_an_admin_message_is_found_by_its_struct_hash(database: Database) -> None:
    with database.unit_of_work() as session:
        row = participants.add_participant_action(session, kind="add_key", org="ab" * 32, version=2, signed=signed("add key"))
        assert participants.find_participant_action(session, row.struct_hash) is row
        assert participants.find_participant_action(session, "0x" + "00" * 32) is None
