"""Every signed act handed in twice: the same answer, one row, one transaction."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.chain.typed_data import LogCheckpoint, ProposeRelease, PublishRelease, ReleaseKind, Role, SetKeyStanding
from ledger.errors import Conflict
from ledger.identifiers import sid
from ledger.merkle.plain import root
from ledger.records import canonical
from ledger.services import attestations, checkpoints, claims, library, participants, signing_request, statements, verdicts
from ledger.services.context import Actor, Work
from ledger.store.repositories import metering
from tests.product import ADMIN, LIBRARIAN, MONTH, PUBLISHER, VERIFIER, Town, approver, preparer, sign, signer, take_telemetry
from tests.services.books import DAYS, SCHEME, readings, signed, transactions, verdict_on
from tests.services.test_registers import scheme

OAK = approver("oak")


def twice(town: Town, actor: Actor, act: Callable[[Work], object], kind: str, count: int = 1) -> None:
    """Do it, again at once, again when the chain has it: only the first time brings transactions of this kind."""
    before = transactions(town).count(kind)
    with town.work(actor) as work:
        first = act(work)
    queued = transactions(town)
    assert queued.count(kind) == before + count
    town.clock.advance(1)
    with town.work(actor) as work:
        assert act(work) == first
    assert transactions(town) == queued
    town.relay()
    with town.work(actor) as work:
        last = act(work)
    assert (transactions(town), type(last)) == (queued, type(first))


def test_an_attestation(town: Town) -> None:
    statement = town.prepare("oak", "2025-03")
    with town.house.view(OAK) as work:
        request = signing_request.get_signing_request(work, statement.id)
    items = [{"dataset": item.dataset, "message": item.message, "signature": sign(item, signer("oak.approver"))} for item in request.items]
    twice(town, OAK, lambda work: attestations.submit_attestation(work, statement.id, items), "periods.submit", 2)
    with town.house.view(OAK) as work:
        assert attestations.get_attestation(work, statement.id).state == "anchored"


def test_another_attestation_of_the_same_revision_is_a_conflict(anchored_town: Town) -> None:
    anchored_town.clock.advance(60)
    with pytest.raises(Conflict, match="attested already"):
        anchored_town.attest("oak", "1")


def test_a_claim(anchored_town: Town) -> None:
    with anchored_town.house.view(OAK) as work:
        item = claims.prepare_claim(work, "1", SCHEME, "c1")
    signature = sign(item, signer("oak.approver"))
    twice(anchored_town, OAK, lambda work: claims.submit_claim(work, "oak", "1", "c1", SCHEME, item.message, signature), "claims.submit")
    anchored_town.clock.advance(60)
    with pytest.raises(Conflict, match="made already"):
        anchored_town.claim("oak", "1", "c1")


def test_a_verdict(anchored_town: Town) -> None:
    claim = anchored_town.claim("oak", "1", "c1")
    anchored_town.relay()
    struct, result = verdict_on(anchored_town, "oak", "c1", claim.package)
    message, signature = signed(struct, anchored_town.house.contracts.claims, "gfc.verifier")
    twice(anchored_town, VERIFIER, lambda work: verdicts.submit_verdict(work, message, signature, result), "claims.verdict")
    with anchored_town.house.view(VERIFIER) as work:
        assert [item.state for item in verdicts.list_verdicts(work, "oak:c1")] == ["anchored"]
        assert statements.get_statement(work, "1").state == "verified"
        assert verdicts.get_verdict_result(work, "oak:c1", "1") == canonical.dump(result)


def test_a_checkpoint_of_the_envelope_log_also_after_the_log_has_grown(town: Town) -> None:
    def checkpoint() -> tuple[dict[str, object], str]:
        with town.house.view(OAK) as work:
            leaves = metering.list_leaf_hashes(work.session, "oak")
        struct = LogCheckpoint(sid("org", "oak"), len(leaves), root(leaves), town.clock.now() + MONTH)
        return signed(struct, town.house.contracts.periods, "oak.approver")

    first = checkpoint()
    twice(town, OAK, lambda work: checkpoints.submit_log_checkpoint(work, "oak", *first), "periods.anchor_log")
    with town.work(preparer("oak")) as work:
        take_telemetry(work, "oak", [readings("M-1", first=DAYS.end)])
    second = checkpoint()
    twice(town, OAK, lambda work: checkpoints.submit_log_checkpoint(work, "oak", *second), "periods.anchor_log")
    before = transactions(town)
    with town.work(OAK) as work:
        again = checkpoints.submit_log_checkpoint(work, "oak", *first)
    assert (again.size, again.state, transactions(town)) == (1, "anchored", before)


def test_a_proposal_and_a_publication(town: Town) -> None:
    registry, document = town.house.contracts.libraries, scheme("first")
    release, org, deadline = bytes.fromhex(canonical.digest(document)), sid("org", "gfc"), town.clock.now() + MONTH
    proposal = signed(ProposeRelease(release, org, ReleaseKind.SCHEME, 0, bytes(32), deadline), registry, "gfc.librarian")
    twice(town, LIBRARIAN, lambda work: library.propose_release(work, document, *proposal), "library.propose")
    publication = signed(PublishRelease(release, org, deadline), registry, "gfc.publisher")
    twice(town, PUBLISHER, lambda work: library.publish_release(work, release.hex(), *publication), "library.publish")
    with town.house.view(LIBRARIAN) as work:
        assert library.get_release(work, release.hex())[0].state == "published"


def test_an_admin_message(town: Town) -> None:
    key = signer("oak.approver").address
    struct = SetKeyStanding(sid("org", "oak"), key, Role.APPROVER, True, bytes(32), town.next_version("oak"), town.clock.now() + MONTH)
    message = signed(struct, town.house.contracts.participants, "gfc.admin")
    twice(
        town,
        ADMIN,
        lambda work: participants.relay_participant_action(work, "oak", "SetKeyStanding", *message),
        "participants.set_key_standing",
    )
    with town.house.view(ADMIN) as work:
        actions = participants.list_participant_actions(work, "oak", 100, None).items
        assert [action.struct for action in actions].count("SetKeyStanding") == 1
