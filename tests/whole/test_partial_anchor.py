"""One dataset of a statement anchored and the other refused: only the other is signed again, and the period goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.chain.artifacts import error_entries
from ledger.chain.keystore import Signer
from ledger.chain.relay import Relay, RelaySettings
from ledger.chain.transaction import sign_transaction
from ledger.chain.typed_data import Role, SetKeyStanding
from ledger.errors import Conflict, InputError
from ledger.identifiers import sid
from ledger.records.outbox import FINAL, QUEUED
from ledger.services import attestations, claims, signing_request
from ledger.services.attestations import AttestationView
from ledger.services.fsck import check_house
from ledger.services.relay import keep_evidence
from ledger.services.signing_request import SIGNING_SECONDS
from ledger.store.outbox import SqlOutbox, list_outbox
from ledger.store.repositories import attestations as rows
from tests.product import AUDITOR, CHAIN_ID, MONTH, OPERATOR, Town, approver, sign, signer
from tests.whole.closed_house import BANK, ClosedHouse

STATEMENT, PERIOD = "1", "p0"


@pytest.fixture(scope="module")
def stopped(one_statement: ClosedHouse, tmp_path_factory: pytest.TempPathFactory) -> ClosedHouse:
    """A bank with two datasets in its prepared statement, both signed and queued; the relay has sent the first and stopped."""
    built = one_statement.copy(tmp_path_factory.mktemp("stopped") / "house")
    with built.open() as opened:
        opened.attest(BANK, STATEMENT)
        send_one(opened)
        return replace(built, at=opened.clock.now(), versions=dict(opened.versions))


@pytest.fixture
def town(stopped: ClosedHouse, tmp_path: Path) -> Iterator[Town]:
    """A copy of it, open."""
    with stopped.copy(tmp_path / "house").open() as opened:
        yield opened


def send_one(town: Town) -> None:
    """Send the oldest row of the outbox and take it to its end, as a relay that is stopped between two rows."""
    house = town.house
    for batch in (1, 0, 0, 0):
        Relay(
            SqlOutbox(house.database, house.clock),
            house.chain,
            house.relayer,
            RelaySettings(holder="embedded", batch=batch),
            on_final=lambda row, receipt: keep_evidence(house, row, receipt),
            errors=error_entries(),
        ).step(town.clock.now())
        town.clock.advance(1)
    assert states(town)[-2:] == [FINAL, QUEUED]


def states(town: Town) -> list[str]:
    with town.house.view(OPERATOR) as work:
        return [row.state for row in list_outbox(work.session, limit=500).items]


def view(town: Town) -> AttestationView:
    with town.house.view(AUDITOR) as work:
        return attestations.get_attestation(work, STATEMENT)


def item_states(town: Town) -> list[tuple[str, str]]:
    return [(item.dataset, item.state) for item in view(town).items]


def let_the_deadline_pass(town: Town) -> None:
    town.clock.advance(SIGNING_SECONDS + 1)
    town.relay()


def suspend_the_key(town: Town) -> None:
    """Suspend the approver's key before the second row reaches the chain, and restore it after the refusal."""
    for suspended in (True, False):
        version = town.next_version(BANK)
        key = signer(f"{BANK}.approver").address
        message = SetKeyStanding(sid("org", BANK), key, Role.APPROVER, suspended, bytes(32), version, town.clock.now() + MONTH)
        send_past_the_outbox(town, message, signer("gfc.admin"))
        if suspended:
            town.relay()


def send_past_the_outbox(town: Town, message: SetKeyStanding, admin: Signer) -> None:
    """Relay an admin's message from another account, so that it does not wait behind what is queued."""
    registry, chain, other = town.house.contracts.participants, town.house.chain, signer("a stranger's relayer")
    call = registry.prepare(message, admin.sign_digest(message.digest(registry.domain)))
    raw = sign_transaction(other, call, chain_id=CHAIN_ID, nonce=chain.nonce(other.address), max_fee=chain.base_fee() * 2).raw
    tx_hash = chain.send_raw(raw)
    town.clock.advance(1)
    receipt = chain.find_receipt(tx_hash)
    assert receipt is not None
    assert receipt.status == 1


@pytest.mark.parametrize(("refuse", "error"), [(let_the_deadline_pass, "DeadlinePassed"), (suspend_the_key, "NotAuthorized")])
def test_only_what_was_refused_is_signed_again_and_the_statement_is_anchored(
    town: Town, refuse: Callable[[Town], None], error: str
) -> None:
    refuse(town)
    assert item_states(town) == [("METERS", "anchored"), ("OPERATIONAL", "rejected")]
    refused = view(town)
    assert refused.state == "rejected"
    assert error in (refused.items[1].error or "")
    with town.house.view(approver(BANK)) as work:
        request = signing_request.get_signing_request(work, STATEMENT)
    assert [item.dataset for item in request.items] == ["OPERATIONAL"]

    town.attest(BANK, STATEMENT)
    town.relay()
    done = view(town)
    assert (done.state, item_states(town)) == ("anchored", [("METERS", "anchored"), ("OPERATIONAL", "anchored")])
    assert done.items[0] == refused.items[0], "what was anchored stays as it is"
    with town.house.view(AUDITOR) as work:
        assert check_house(work) == ()
    town.claim(BANK, STATEMENT, "c1")
    town.relay()
    with town.house.view(AUDITOR) as work:
        assert claims.get_claim(work, f"{BANK}:c1").state == "submitted"
    with pytest.raises(Conflict, match="attested already"):
        town.attest(BANK, STATEMENT)


def test_a_revision_with_one_anchor_is_used_and_the_next_one_has_a_cause(town: Town) -> None:
    let_the_deadline_pass(town)
    with pytest.raises(Conflict, match="attested already, with revision 1"):
        town.prepare(BANK, PERIOD)
    restated = town.prepare(BANK, PERIOD, "error")
    assert (restated.revision, restated.cause) == (2, "error")
    town.attest(BANK, restated.id)
    town.relay()
    with town.house.view(AUDITOR) as work:
        assert attestations.get_attestation(work, restated.id).state == "anchored"
        assert check_house(work) == ()
    with town.house.view(approver(BANK)) as work:
        late = signing_request.get_signing_request(work, STATEMENT)
    items = [{"dataset": item.dataset, "message": item.message, "signature": sign(item, signer(f"{BANK}.approver"))} for item in late.items]
    with pytest.raises(Conflict, match="revision 2 of p0 is attested already"), town.work(approver(BANK)) as work:
        attestations.submit_attestation(work, STATEMENT, items)


def test_nothing_is_restated_while_one_dataset_waits(town: Town) -> None:
    assert item_states(town) == [("METERS", "anchored"), ("OPERATIONAL", "queued")]
    with pytest.raises(Conflict, match="on its way"):
        town.prepare(BANK, PERIOD, "error")
    with town.house.view(approver(BANK)) as work:
        assert signing_request.get_signing_request(work, STATEMENT).items == ()


def test_a_message_that_is_recorded_may_come_along_and_another_one_may_not(town: Town) -> None:
    with town.house.view(AUDITOR) as work:
        stored = attestations.get_attestation(work, STATEMENT)
        first = rows.get_attestation(work.session, int(stored.items[0].id))
        recorded = {"dataset": "METERS", "message": attestations.read_message(first), "signature": first.signature}
    suspend_the_key(town)
    assert item_states(town) == [("METERS", "anchored"), ("OPERATIONAL", "rejected")]
    with town.house.view(approver(BANK)) as work:
        (item,) = signing_request.get_signing_request(work, STATEMENT).items
    fresh = {"dataset": item.dataset, "message": item.message, "signature": sign(item, signer(f"{BANK}.approver"))}
    with pytest.raises(InputError, match="got METERS, expected OPERATIONAL"), town.work(approver(BANK)) as work:
        attestations.submit_attestation(work, STATEMENT, [recorded])
    with town.work(approver(BANK)) as work:
        attestations.submit_attestation(work, STATEMENT, [recorded, fresh])
    town.relay()
    assert item_states(town) == [("METERS", "anchored"), ("OPERATIONAL", "anchored")]
