from __future__ import annotations

import hashlib

import pytest
from sqlalchemy.exc import InvalidRequestError

from ledger.clock import FixedClock
from ledger.errors import InputError, NotFound
from ledger.identifiers import sid
from ledger.store import outbox
from ledger.store.database import Database
from ledger.store.errors import AlreadyStored, RowRefused
from ledger.store.repositories import (
    analysis_policies,
    attestations,
    claims,
    institutions,
    library,
    metering,
    participants,
    periods,
    statements,
)
from ledger.store.repositories.metering import StoredDay
from ledger.store.repositories.participants import ChainPlace
from tests.store import builders
from tests.store.builders import AT, SIGNER, signed


def test_an_institution_carries_its_name_on_chain(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
    with database.reading() as session:
        org = sid("org", "bank-1").hex()
        assert institutions.get_institution(session, "bank-1").org == org
        found = institutions.find_institution_by_org(session, org)
        assert found is not None
        assert found.id == "bank-1"
        with pytest.raises(NotFound) as caught:
            institutions.get_institution(session, "bank-2")
        assert caught.value.facts == {"thing": "institution", "id": "bank-2"}


def test_pages_neither_repeat_nor_skip_when_rows_come_in_between(database: Database) -> None:
    with database.unit_of_work() as session:
        for number in (1, 3, 5, 7):
            builders.add_bank(session, f"bank-{number}")
    with database.unit_of_work() as session:
        first = institutions.list_institutions(session, limit=2)
        builders.add_bank(session, "bank-2")
        builders.add_bank(session, "bank-6")
        second = institutions.list_institutions(session, limit=2, after=first.next_after)
        third = institutions.list_institutions(session, limit=2, after=second.next_after)
        assert [row.id for page in (first, second, third) for row in page.items] == ["bank-1", "bank-3", "bank-5", "bank-6", "bank-7"]
        assert third.next_after is None
        for limit in (0, 501):
            with pytest.raises(InputError):
                institutions.list_institutions(session, limit=limit)


def test_documents_come_back_byte_for_byte_under_their_hash(database: Database) -> None:
    document = '{"name":"零碳","units":[]}'.encode()
    with database.unit_of_work() as session:
        builders.add_bank(session)
        institutions.add_organisation_version(session, "bank-1", document, actor="x", at=AT)
    with database.reading() as session:
        row = institutions.get_organisation_version(session, "bank-1", 1)
        assert bytes(row.document) == document
        assert row.hash == hashlib.sha256(document).hexdigest()


def test_the_same_document_again_is_the_same_version_and_an_old_one_is_a_new_version(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        rows = [institutions.add_organisation_version(session, "bank-1", text, actor="x", at=AT) for text in (b"a", b"a", b"b", b"a")]
        assert [row.version for row in rows] == [1, 1, 2, 3]
        latest = institutions.find_organisation_by_hash(session, "bank-1", hashlib.sha256(b"a").hexdigest())
        assert latest is not None
        assert latest.version == 3


def test_an_analysis_policy_is_kept_version_by_version(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        rows = [analysis_policies.add_analysis_policy(session, "bank-1", text, actor="x", at=AT) for text in (b"a", b"a", b"b", b"a")]
        assert [row.version for row in rows] == [1, 1, 2, 3]
        assert bytes(analysis_policies.get_analysis_policy(session, "bank-1", 2).document) == b"b"
        latest = analysis_policies.find_latest_analysis_policy(session, "bank-1")
        assert latest is not None
        assert (latest.version, latest.hash) == (3, hashlib.sha256(b"a").hexdigest())
        with pytest.raises(NotFound):
            analysis_policies.get_analysis_policy(session, "bank-1", 4)


def test_lists_leave_large_bytes_out_and_say_so(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_everything(session)
    with database.reading() as session:
        row = statements.list_statements(session, institution_id="bank-1", period_id="2025").items[0]
        assert row.revision == 1
        with pytest.raises(InvalidRequestError):
            _ = row.document


def test_an_overlapping_period_is_found_and_a_neighbour_is_not(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        periods.add_period(session, institution_id="bank-1", id="p", start=100, end=200, timezone="UTC", created_by="x", at=AT)
        overlap = [
            periods.find_overlapping_period(session, "bank-1", start, end) is not None
            for start, end in ((0, 100), (200, 300), (0, 101), (199, 300), (120, 130), (0, 300))
        ]
        assert overlap == [False, False, True, True, True, True]
        assert periods.find_overlapping_period(session, "bank-2", 100, 200) is None
    with pytest.raises(RowRefused), database.unit_of_work() as session:
        periods.add_period(session, institution_id="bank-1", id="q", start=5, end=5, timezone="UTC", created_by="x", at=AT)


def test_the_envelope_log_counts_up_per_institution_and_takes_a_body_once(database: Database) -> None:
    with database.unit_of_work() as session:
        for bank in ("bank-1", "bank-2"):
            builders.add_bank(session, bank)
            for body in (b"a", b"b"):
                metering.add_telemetry_body(session, bank, body, media_type="text/csv", findings=b"{}", actor="x", received_at=AT)
        assert [metering.count_telemetry(session, bank) for bank in ("bank-1", "bank-2", "bank-3")] == [2, 2, 0]
        hashes = [hashlib.sha256(b"\x00" + body).digest() for body in (b"a", b"b")]
        assert metering.list_leaf_hashes(session, "bank-1") == hashes
        assert metering.list_leaf_hashes(session, "bank-1", 1) == hashes[:1]
        assert bytes(metering.get_telemetry_body(session, "bank-1", 1).body) == b"b"
        with pytest.raises(AlreadyStored) as caught:
            metering.add_telemetry_body(session, "bank-1", b"b", media_type="text/csv", findings=b"{}", actor="x", received_at=AT)
        assert caught.value.facts["log_index"] == 1


def day(number: int, value: int, meter: str = "M1") -> StoredDay:
    return StoredDay(meter, number, value.to_bytes(8, "little") * 96, b"\x01" * 96)


def test_a_corrected_day_is_the_next_revision_and_an_equal_one_is_left_out(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_everything(session)
        metering.add_telemetry_body(session, "bank-1", b"body 2", media_type="text/csv", findings=b"{}", actor="x", received_at=AT)
        assert metering.add_meter_days(session, "bank-1", 1, [day(builders.DAY, 5), day(builders.DAY + 1, 6)]) == 2
        assert metering.add_meter_days(session, "bank-1", 1, [day(builders.DAY, 5), day(builders.DAY + 1, 7)]) == 1
        stored = list(metering.iterate_meter_days(session, "bank-1", "M1", builders.DAY, builders.DAY + 1))
    assert [(item.day, item.revision, item.log_index) for item in stored] == [(builders.DAY, 1, 1), (builders.DAY + 1, 1, 1)]
    assert (stored[0].values, stored[1].values) == (day(0, 5).values, day(0, 7).values)


def test_a_year_of_days_of_one_meter_is_added_and_read_back(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_everything(session)
        assert metering.add_meter_days(session, "bank-1", 0, [day(number, number) for number in range(365)]) == 365
    with database.reading() as session:
        stored = list(metering.iterate_meter_days(session, "bank-1", "M1", 0, 364))
    assert [int.from_bytes(item.values[:8], "little") for item in stored] == list(range(365))


def test_a_day_whose_values_and_qualities_differ_in_number_is_refused(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_everything(session)
    with pytest.raises(RowRefused), database.unit_of_work() as session:
        metering.add_meter_days(session, "bank-1", 0, [StoredDay("M1", 1, b"\x00" * 760, b"\x00" * 96)])


def test_a_meter_day_names_a_known_meter_and_a_stored_body(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_everything(session)
    for log_index, meter in ((9, "M1"), (0, "M9")):
        with pytest.raises(RowRefused), database.unit_of_work() as session:
            metering.add_meter_days(session, "bank-1", log_index, [day(1, 1, meter)])


def test_the_same_statement_again_is_the_same_row(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        first = builders.add_statement(session)
        assert builders.add_statement(session).id == first.id
        second = builders.add_statement(session, revision=2, supersedes=first.hash)
        latest = statements.find_latest_statement(session, "bank-1", "2025")
        assert latest is not None
        assert latest.id == second.id
        earlier = statements.find_latest_statement(session, "bank-1", "2025", 1)
        assert earlier is not None
        assert earlier.id == first.id


@pytest.mark.parametrize(("revision", "supersedes"), [(2, None), (1, "ab" * 32), (2, "ab" * 32), (0, None)])
def test_a_statement_whose_revision_and_link_do_not_go_together_is_refused(
    database: Database, revision: int, supersedes: str | None
) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
    with pytest.raises(RowRefused), database.unit_of_work() as session:
        builders.add_statement(session, revision=revision, supersedes=supersedes)


def test_meter_records_come_back_in_the_order_of_their_meters(database: Database) -> None:
    records = [(f"M{number:03}", bytes([number]) * 1_000) for number in range(70)]
    with database.unit_of_work() as session:
        builders.add_bank(session)
        statement = builders.add_statement(session)
        assert statements.add_meter_records(session, statement.id, iter(reversed(records))) == 70
    with database.reading() as session:
        assert list(statements.iterate_meter_records(session, statement.id)) == records
        assert statements.get_meter_record(session, statement.id, "M007").digest == hashlib.sha256(records[7][1]).hexdigest()


def test_a_statement_has_one_set_of_commitments(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        statement = builders.add_statement(session)
        first = statements.add_commitments(session, statement.id, b"{}", at=AT)
        assert statements.add_commitments(session, statement.id, b"{}", at=AT) is first
        with pytest.raises(AlreadyStored):
            statements.add_commitments(session, statement.id, b"[]", at=AT)


def test_a_package_is_kept_by_its_manifests_hash_and_its_zip_can_be_erased(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_bank(session)
        statement = builders.add_statement(session)
        package = statements.add_package(session, statement.id, hash="ab" * 32, content=b"zip", created_by="x", at=AT)
        assert statements.add_package(session, statement.id, hash="ab" * 32, content=b"other", created_by="x", at=AT) is package
        assert (package.zip_sha256, package.size) == (hashlib.sha256(b"zip").hexdigest(), 3)
        assert statements.find_package_content(session, package.id) == b"zip"
    with database.unit_of_work() as session:
        assert statements.erase_openings(session, "bank-2") == 0
        assert statements.erase_openings(session, "bank-1") == 1
    with database.reading() as session:
        assert statements.find_package_content(session, package.id) is None
        assert statements.find_package(session, "ab" * 32) == package


def test_a_second_attestation_is_refused_until_the_first_was_refused_for_good(database: Database) -> None:
    with database.unit_of_work() as session:
        written = builders.add_everything(session)
        statement, first = written.statement, written.attestation
        same = attestations.add_attestation(session, statement, dataset="OPERATIONAL", digest="x", signed=signed("attestation"))
        assert same.id == first.id
        with pytest.raises(AlreadyStored) as caught:
            attestations.add_attestation(session, statement, dataset="OPERATIONAL", digest="x", signed=signed("later deadline"))
        assert caught.value.facts == {"stored": first.struct_hash, "got": signed("later deadline").struct_hash}
    outbox.SqlOutbox(database, FixedClock(AT)).record_reverted(written.outbox_id, "DeadlinePassed", None, None)
    with database.unit_of_work() as session:
        again = attestations.add_attestation(session, statement, dataset="OPERATIONAL", digest="x", signed=signed("later deadline"))
        assert (again.attempt, first.attempt) == (1, 0)
        assert [row.attempt for row in attestations.list_statement_attestations(session, statement.id)] == [0, 1]


def test_an_anchor_of_the_same_block_is_kept_once_and_a_reorganised_one_beside_it(database: Database) -> None:
    def anchor(block_hash: str) -> int:
        with database.unit_of_work() as session:
            return attestations.add_anchor(
                session,
                written.attestation.id,
                chain_id=7001,
                contract="0x" + "ee" * 20,
                tx_hash="0x1",
                block_number=4,
                block_hash=block_hash,
                evidence=b"{}",
                at=AT,
            ).id

    with database.unit_of_work() as session:
        written = builders.add_everything(session)
    assert anchor("0xb") == anchor("0xb")
    other = anchor("0xc")
    with database.reading() as session:
        latest = attestations.find_anchor(session, written.attestation.id)
        assert latest is not None
        assert latest.id == other
        assert len(attestations.list_anchors(session).items) == 3


def test_verdicts_of_a_claim_all_stay(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_everything(session)
        claim = claims.get_claim(session, "bank-1", "c1")
        for _ in range(2):
            claims.add_verdict(session, claim, institution_id="centre", sequence=1, result=b"{}", findings=b"[]", signed=signed("second"))
        assert [row.sequence for row in claims.list_verdicts(session, claim)] == [0, 1]
        with pytest.raises(AlreadyStored):
            claims.add_claim(
                session,
                institution_id="bank-1",
                claim_id="c1",
                period_id="2025",
                scheme="s",
                package_hash="ab" * 32,
                signed=signed("another claim"),
            )


def test_a_release_is_stored_proposed_and_published_by_its_hash(database: Database) -> None:
    with database.unit_of_work() as session:
        builders.add_everything(session)
        stored = library.find_release_by_name(session, "library", "2025-1")
        assert stored is not None
        assert library.add_release(session, kind="library", release="2025-1", document=stored.document, actor="x", at=AT) is stored
        unpublished = builders.add_release(session, "2026-1")
        assert [release.hash for release, _ in library.list_published_releases(session, at=AT)] == [stored.hash]
        assert library.list_published_releases(session, at=AT - 1) == []
        assert library.find_publication(session, stored.hash) is not None
        assert library.find_publication(session, unpublished) is None
        assert [row.release for row in library.list_releases(session).items] == ["2025-1", "2026-1"]
    with pytest.raises(AlreadyStored), database.unit_of_work() as session:
        library.add_release(session, kind="library", release="2025-1", document=b"other", actor="x", at=AT)


def test_a_key_has_the_status_that_its_events_give_at_that_time(database: Database) -> None:
    org = sid("org", "bank-1").hex()
    with database.unit_of_work() as session:
        participants.add_participant_key(
            session, org=org, address=SIGNER, role="approver", valid_from=100, valid_to=0, version=2, place=ChainPlace(1, 90, "0x1")
        )
        for version, (kind, at) in enumerate([("key_suspended", 200), ("key_reinstated", 300)], 3):
            participants.add_key_event(
                session, org=org, kind=kind, version=version, place=ChainPlace(version, at, "0x1"), address=SIGNER, role="approver"
            )
        for version, (kind, at) in enumerate([("institution_suspended", 400), ("institution_reinstated", 500)], 5):
            participants.add_key_event(session, org=org, kind=kind, version=version, place=ChainPlace(version, at, "0x1"))
        participants.add_key_event(
            session, org=org, kind="key_ended", version=7, place=ChainPlace(7, 550, "0x1"), address=SIGNER, role="approver", valid_to=600
        )
        times = (99, 100, 199, 200, 299, 300, 400, 499, 500, 599, 600)
        found = [participants.compute_key_status(session, org, SIGNER, "approver", time) for time in times]
        assert found == [2, 1, 1, 4, 4, 1, 5, 5, 1, 1, 3]
        assert participants.compute_key_status(session, org, SIGNER, "logkeeper", 200) == 0
        assert participants.find_key_owner(session, SIGNER.upper().replace("0X", "0x")) == org
