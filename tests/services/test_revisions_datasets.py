"""A statement has one revision for all its datasets; a dataset may enter later, be left out of one, and come again."""

from __future__ import annotations

from ledger.chain.contracts.period_ledger import attestation_id_of
from ledger.chain.typed_data import AttestationStatus, PeriodAttestation
from ledger.identifiers import sid
from ledger.services import activity, attestations, claims, meters, statements
from ledger.services.attestations import read_message
from ledger.services.fsck import check_house
from ledger.store.repositories import attestations as rows
from tests.product import AUDITOR, Town, preparer, take_telemetry
from tests.services.books import DAYS, MARCH, fuels, readings, verdict_on
from tests.whole.scene import tree

PERIOD = MARCH[0]


def test_a_dataset_that_enters_with_the_second_revision_is_anchored_and_claimed(town: Town) -> None:
    town.add_bank("ash", tree("ash", [("hq", None)]), period=MARCH, activity_document=fuels("ash"))
    first = town.prepare("ash", PERIOD)
    assert not first.has_errors, first.findings
    town.attest("ash", first.id)
    town.relay()
    assert attested(town, first.id) == {"OPERATIONAL": 1}

    with town.work(preparer("ash")) as work:
        meters.register_meter(work, "ash", id="M-1", unit="hq", quantity="el.import", interval_minutes=15)
        assert take_telemetry(work, "ash", [readings("M-1")]).accepted
    second = town.prepare("ash", PERIOD, "data")
    assert (second.revision, second.supersedes) == (2, first.hash)
    town.attest("ash", second.id)
    town.relay()
    assert attested(town, second.id) == {"METERS": 2, "OPERATIONAL": 2}
    assert [latest(town, dataset) for dataset in ("METERS", "OPERATIONAL")] == [2, 2]
    assert status(town, first.id, "OPERATIONAL") is AttestationStatus.SUPERSEDED

    with town.work(preparer("ash")) as work:
        assert activity.submit_activity(work, "ash", PERIOD, fuels("ash", litres="130")).accepted
    third = town.prepare("ash", PERIOD, "error")
    town.attest("ash", third.id)
    town.relay()
    assert attested(town, third.id) == {"METERS": 3, "OPERATIONAL": 3}
    assert status(town, second.id, "METERS") is AttestationStatus.SUPERSEDED
    with town.house.view(AUDITOR) as work:
        assert [item.state for item in statements.list_statements(work, "ash", PERIOD, 10, None).items] == [
            "superseded",
            "superseded",
            "anchored",
        ]
        assert check_house(work) == ()
    claim = town.claim("ash", third.id, "c1")
    town.relay()
    town.verdict(*verdict_on(town, "ash", "c1", claim.package))
    town.relay()
    with town.house.view(AUDITOR) as work:
        assert claims.get_claim(work, "ash:c1").state == "attested"


def attested(town: Town, statement: str) -> dict[str, int]:
    """The revision of each anchored dataset of a statement."""
    with town.house.view(AUDITOR) as work:
        view = attestations.get_attestation(work, statement)
        assert {item.state for item in view.items} == {"anchored"}, view.items
    return {dataset: message.revision for dataset, message in messages(town, statement).items()}


def messages(town: Town, statement: str) -> dict[str, PeriodAttestation]:
    with town.house.view(AUDITOR) as work:
        stored = rows.list_statement_attestations(work.session, int(statement))
        return {row.dataset: PeriodAttestation.from_message(read_message(row)) for row in stored}


def latest(town: Town, dataset: str) -> int:
    return town.house.contracts.periods.latest_revision(sid("org", "ash"), sid("dataset", dataset), DAYS.start, DAYS.end)


def status(town: Town, statement: str, dataset: str) -> AttestationStatus:
    return town.house.contracts.periods.status_at(attestation_id_of(messages(town, statement)[dataset]), town.clock.now())
