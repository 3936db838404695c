"""Attestations that must not count: each is refused with a reason and a hint, or recorded exactly once, and never half."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.keystore import Signer
from ledger.chain.transaction import Call, sign_transaction
from ledger.chain.typed_data import (
    AddKey,
    Domain,
    EndKey,
    KeyStatus,
    PeriodAttestation,
    ProposeRelease,
    ReleaseKind,
    Role,
    SetKeyStanding,
    SetStanding,
)
from ledger.errors import Conflict, Forbidden, InputError, LedgerError, NotFound, SignatureRefused
from ledger.identifiers import sid
from ledger.indicators.shipped import shipped_release
from ledger.records import canonical
from ledger.records.outbox import REVERTED
from ledger.services import attestations, library, signing_request, statements, stored_statement
from ledger.services.fsck import check_house
from ledger.services.relay import build_relay
from ledger.store.outbox import list_outbox
from ledger.store.repositories import statements as statement_rows
from ledger.store.tables import ActivityVersion, OrganisationVersion
from tests.product import AUDITOR, FOR_EVER, LIBRARIAN, MONTH, NOW, OPERATOR, Town, approver, person, preparer, signer
from tests.whole.books import books
from tests.whole.closed_house import BANK, ClosedHouse, check_whole, drain

STATEMENT = "1"
SUSPENDED, ENDED, YOUNG = f"{BANK}.suspended", f"{BANK}.ended", f"{BANK}.young"
Item = dict[str, Any]


@pytest.fixture(scope="module")
def house(one_statement: ClosedHouse, tmp_path_factory: pytest.TempPathFactory) -> ClosedHouse:
    """A bank with one prepared statement, keys in every standing, and a neighbour with a key of its own."""
    built = one_statement.copy(tmp_path_factory.mktemp("signatures") / "house")
    with built.open() as town:
        town.add_institution("other", "bank", {Role.APPROVER: "other.approver"})
        for name in (SUSPENDED, ENDED):
            town.add_key(BANK, Role.APPROVER, name)
        org, later = sid("org", BANK), town.clock.now() + MONTH
        address = signer(YOUNG).address
        town.admin_act(BANK, AddKey(org, address, Role.APPROVER, town.clock.now() + MONTH, FOR_EVER, town.next_version(BANK), later))
        town.relay()
        suspend(town, SUSPENDED, True)
        ended = EndKey(org, signer(ENDED).address, Role.APPROVER, town.clock.now() - 1, town.next_version(BANK), later)
        town.admin_act(BANK, ended)
        town.relay()
        return replace(built, at=town.clock.now(), versions=dict(town.versions))


@pytest.fixture(scope="module")
def town(house: ClosedHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The house open, for what changes nothing."""
    with house.copy(tmp_path_factory.mktemp("open") / "house").open() as opened:
        yield opened


@pytest.fixture
def fresh(house: ClosedHouse, tmp_path: Path) -> Iterator[Town]:
    """A copy of its own, for what does."""
    with house.copy(tmp_path / "house").open() as opened:
        yield opened


def suspend(town: Town, name: str, suspended: bool) -> None:
    message = SetKeyStanding(
        sid("org", BANK), signer(name).address, Role.APPROVER, suspended, bytes(32), town.next_version(BANK), town.clock.now() + MONTH
    )
    town.admin_act(BANK, message)
    town.relay()


def request(town: Town) -> list[tuple[str, PeriodAttestation, Domain]]:
    with town.house.view(approver(BANK)) as work:
        items = signing_request.get_signing_request(work, STATEMENT).items
    return [
        (
            item.dataset,
            PeriodAttestation.from_message(item.message),
            Domain(int(str(item.domain["chainId"])), str(item.domain["verifyingContract"])),
        )
        for item in items
    ]


def signed(
    town: Town,
    key: Signer,
    *,
    change: Callable[[PeriodAttestation], PeriodAttestation] = lambda message: message,
    domain: Callable[[Domain], Domain] = lambda domain: domain,
) -> list[Item]:
    """The signing request's messages, changed, signed under a changed domain."""
    items = []
    for dataset, message, own in request(town):
        value = change(message)
        items.append(
            {"dataset": dataset, "message": value.to_message(), "signature": "0x" + key.sign_digest(value.digest(domain(own))).hex()}
        )
    return items


def submit(town: Town, items: list[Item]) -> attestations.AttestationView:
    with town.work(approver(BANK)) as work:
        return attestations.submit_attestation(work, STATEMENT, items)


APPROVER = signer(f"{BANK}.approver")


@dataclass(frozen=True)
class Refused:
    """One attestation that is refused: how it is made, the error it gives, and words that its message and its hint must hold."""

    make: Callable[[Town], list[Item]]
    error: type[LedgerError]
    says: str
    hint: str


REFUSED: dict[str, Refused] = {
    "another bank's approver": Refused(
        lambda town: signed(town, signer("other.approver")), SignatureRefused, "belongs to another institution", "key of the institution"
    ),
    "a key that nobody registered": Refused(
        lambda town: signed(town, signer("nobody")), SignatureRefused, "is no registered key", "key of the institution"
    ),
    "a suspended key": Refused(lambda town: signed(town, signer(SUSPENDED)), SignatureRefused, "the key is suspended", "ask the centre"),
    "an ended key": Refused(lambda town: signed(town, signer(ENDED)), SignatureRefused, "time in this role has ended", "ask the centre"),
    "a key not yet valid": Refused(lambda town: signed(town, signer(YOUNG)), SignatureRefused, "not yet valid", "ask the centre"),
    "for another chain": Refused(
        lambda town: signed(town, APPROVER, domain=lambda own: Domain(own.chain_id + 1, own.contract)),
        SignatureRefused,
        "is no registered key",
        "this very message",
    ),
    "for another contract": Refused(
        lambda town: signed(town, APPROVER, domain=lambda own: Domain(own.chain_id, town.house.contracts.claims.address)),
        SignatureRefused,
        "is no registered key",
        "this very message",
    ),
    "past its deadline": Refused(
        lambda town: signed(town, APPROVER, change=lambda message: replace(message, deadline=town.clock.now() - 1)),
        SignatureRefused,
        "deadline 2026-",
        "fresh signing request",
    ),
    "another total": Refused(
        lambda town: signed(town, APPROVER, change=lambda message: replace(message, totals=(message.totals[0] + 1, *message.totals[1:]))),
        InputError,
        "totals",
        "unchanged",
    ),
    "another root": Refused(
        lambda town: signed(town, APPROVER, change=lambda message: replace(message, root=bytes(32))), InputError, "root", "unchanged"
    ),
    "another bank's name": Refused(
        lambda town: signed(town, signer("other.approver"), change=lambda message: replace(message, org=sid("org", "other"))),
        InputError,
        "org",
        "unchanged",
    ),
    "a later revision": Refused(
        lambda town: signed(town, APPROVER, change=lambda message: replace(message, revision=2)), InputError, "revision", "unchanged"
    ),
    "one dataset of two": Refused(lambda town: signed(town, APPROVER)[:1], InputError, "signed datasets", "every dataset once"),
    "one dataset twice": Refused(lambda town: signed(town, APPROVER)[:1] * 2, InputError, "signed datasets", "every dataset once"),
    "a dataset that is none": Refused(
        lambda town: [{**signed(town, APPROVER)[0], "dataset": "LOANS"}], InputError, "no such dataset", "signing request lists"
    ),
    "half a signature": Refused(
        lambda town: [{**item, "signature": item["signature"][:80]} for item in signed(town, APPROVER)],
        InputError,
        "130 hex digits",
        "r ‖ s ‖ v",
    ),
    "no signature but letters": Refused(
        lambda town: [{**item, "signature": "0x" + "zz" * 65} for item in signed(town, APPROVER)], InputError, "130 hex digits", "r ‖ s ‖ v"
    ),
    "the second dataset forged": Refused(
        lambda town: [signed(town, APPROVER)[0], signed(town, signer("nobody"))[1]],
        SignatureRefused,
        "is no registered key",
        "this very message",
    ),
    "a message without its fields": Refused(
        lambda town: [{**item, "message": {"org": "0x00"}} for item in signed(town, APPROVER)], InputError, "PeriodAttestation", ""
    ),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in REFUSED.items()])
def test_an_attestation_that_must_not_count_is_refused_with_its_reason_and_leaves_nothing(town: Town, case: Refused) -> None:
    items = case.make(town)
    before = books(town)
    with pytest.raises(case.error) as refused:
        submit(town, items)
    assert case.says in str(refused.value)
    assert case.hint in refused.value.hint
    assert refused.value.code
    build_relay(town.house).step(town.clock.now())
    assert books(town) == before


def test_other_people_than_the_banks_approver_cannot_hand_it_in(town: Town) -> None:
    items = signed(town, APPROVER)
    before = books(town)
    for actor, error in (
        (preparer(BANK), Forbidden),
        (person(f"{BANK}.preparer", BANK, "approver"), Forbidden),  # the same person under a second role
        (approver("other"), NotFound),
        (AUDITOR, NotFound),
    ):
        with pytest.raises(error), town.work(actor) as work:
            attestations.submit_attestation(work, STATEMENT, items)
    assert books(town) == before


def test_the_same_attestation_again_changes_nothing_and_there_is_one_anchor(fresh: Town) -> None:
    items = signed(fresh, APPROVER)
    first = submit(fresh, items)
    queued = books(fresh)
    assert submit(fresh, items) == first
    assert books(fresh) == queued
    rows = drain(fresh)
    anchored = books(fresh)
    again = submit(fresh, items)
    assert again.state == "anchored"
    drain(fresh)
    assert books(fresh) == anchored
    check_whole(fresh, rows, anchors=2, keys=3)


def test_other_words_after_the_first_are_a_conflict(fresh: Town) -> None:
    submit(fresh, signed(fresh, APPROVER))
    before = books(fresh)
    fresh.clock.advance(5)
    with pytest.raises(Conflict):
        submit(fresh, signed(fresh, APPROVER))  # the same statement with a later deadline
    assert books(fresh) == before
    check_whole(fresh, drain(fresh), anchors=2, keys=3)


@pytest.mark.parametrize("when", ["before the relay", "after the anchor"])
def test_a_message_that_a_stranger_replays_on_the_chain_counts_once(fresh: Town, when: str) -> None:
    """Anyone may relay a signed message: that is the design, and nobody gains by it."""
    items = signed(fresh, APPROVER)
    submit(fresh, items)
    if when == "after the anchor":
        drain(fresh)
    with fresh.house.view(OPERATOR) as work:
        calls = [row for row in list_outbox(work.session, limit=500).items if row.idem_key.startswith("periods.submit")]
    stranger = signer("stranger")
    for nonce, row in enumerate(calls):
        raw = sign_transaction(
            stranger, Call(row.to, row.data, row.gas), chain_id=row.chain_id, nonce=nonce, max_fee=fresh.house.chain.base_fee() * 2
        ).raw
        fresh.house.chain.send_raw(raw)
        fresh.clock.advance(2)
    rows = drain(fresh)
    assert {row.state for row in rows} == {"FINAL"}
    with fresh.house.view(AUDITOR) as work:
        assert statements.get_statement(work, STATEMENT).state == "anchored"
        assert check_house(work) == ()
    periods = fresh.house.contracts.periods
    topic = "0x" + periods.abi.event_topic("PeriodAttested").hex()
    logs = fresh.house.chain.logs({"fromBlock": "0x0", "toBlock": "latest", "address": periods.address, "topics": [topic]})
    assert len(logs) == 2, "one event per dataset, whoever brought it"


def rejected(town: Town) -> list[str]:
    """Relay until nothing is left to do, and return why rows were refused for good."""
    relay = build_relay(town.house)
    for _ in range(20):
        relay.step(town.clock.now())
        town.clock.advance(20)
    with town.house.view(OPERATOR) as work:
        return [str(row.error) for row in list_outbox(work.session, limit=500).items if row.state == REVERTED]


def test_a_deadline_that_passes_in_the_queue_is_rejected_by_name_and_signed_anew(fresh: Town) -> None:
    submit(fresh, signed(fresh, APPROVER, change=lambda message: replace(message, deadline=fresh.clock.now() + 60)))
    head = fresh.house.chain.head()
    fresh.clock.advance(3_600)
    errors = rejected(fresh)
    assert len(errors) == 2
    assert all("Expired" in error or "Deadline" in error for error in errors), errors
    assert fresh.house.chain.head() == head, "no block was spent on it"
    with fresh.house.view(AUDITOR) as work:
        view = attestations.get_attestation(work, STATEMENT)
    assert view.state == "rejected"
    assert all(item.error for item in view.items)
    submit(fresh, signed(fresh, APPROVER))
    settle_one_anchor_each(fresh, refused=2)


def test_an_institution_suspended_in_the_queue_is_rejected_by_name_and_signs_anew_once_reinstated(fresh: Town) -> None:
    submit(fresh, signed(fresh, APPROVER))
    with fresh.house.view(OPERATOR) as work:
        queued = [row.id for row in list_outbox(work.session, state="QUEUED", limit=500).items]
    # The suspension is queued behind the attestation, but reaches the chain before it: another relayer brought it.
    registry = fresh.house.contracts.participants
    message = SetStanding(sid("org", BANK), True, bytes(32), fresh.next_version(BANK), fresh.clock.now() + MONTH)
    call = registry.prepare(message, signer("gfc.admin").sign_digest(message.digest(registry.domain)))
    raw = sign_transaction(
        signer("stranger"), call, chain_id=fresh.house.chain.chain_id, nonce=0, max_fee=fresh.house.chain.base_fee() * 2
    ).raw
    fresh.house.chain.send_raw(raw)
    fresh.clock.advance(2)
    errors = rejected(fresh)
    assert len(errors) == len(queued) == 2
    assert all("NotAuthorized" in error and f"status={int(KeyStatus.INSTITUTION_SUSPENDED)}" in error for error in errors), errors
    fresh.admin_act(BANK, SetStanding(sid("org", BANK), False, bytes(32), fresh.next_version(BANK), fresh.clock.now() + MONTH))
    rejected(fresh)
    submit(fresh, signed(fresh, APPROVER, change=lambda message: replace(message, deadline=message.deadline + 1)))
    settle_one_anchor_each(fresh, refused=2)


def settle_one_anchor_each(town: Town, *, refused: int) -> None:
    assert len(rejected(town)) == refused
    periods = town.house.contracts.periods
    topic = "0x" + periods.abi.event_topic("PeriodAttested").hex()
    logs = town.house.chain.logs({"fromBlock": "0x0", "toBlock": "latest", "address": periods.address, "topics": [topic]})
    assert len(logs) == 2
    with town.house.view(AUDITOR) as work:
        assert statements.get_statement(work, STATEMENT).state == "anchored"
        assert check_house(work) == ()


def propose_another_library(town: Town) -> str:
    """Propose a library release and leave it unpublished; return its hash."""
    document = {**shipped_release().to_document(), "release": "lingtan-2026.2"}
    message = ProposeRelease(
        bytes.fromhex(canonical.digest(document)),
        sid("org", "gfc"),
        ReleaseKind.INDICATOR_LIBRARY,
        NOW - 86_400,
        bytes(32),
        NOW + 3 * MONTH,
    )
    with town.work(LIBRARIAN) as work:
        signature = "0x" + signer("gfc.librarian").sign_digest(message.digest(town.house.contracts.libraries.domain)).hex()
        library.propose_release(work, document, message.to_message(), signature)
    drain(town)
    return canonical.digest(document)


def forge_statement(town: Town, library_hash: str) -> str:
    """Store a statement as an insider would: the real one, computed with a library that nobody published."""
    with town.work(OPERATOR) as work:
        row = stored_statement.load_statement_row(work, STATEMENT)
        forged = replace(stored_statement.load_statement(row), library_hash=library_hash)
        organisation = work.session.get_one(OrganisationVersion, row.organisation_version_id)
        activity = work.session.get_one(ActivityVersion, row.activity_version_id)
        made = statement_rows.add_statement(
            work.session,
            institution_id=row.institution_id,
            period_id=row.period_id,
            revision=row.revision,
            cause=row.cause,
            supersedes=None,
            document=canonical.dump(forged.to_document()),
            findings=row.findings,
            has_errors=False,
            organisation=organisation,
            activity=activity,
            library_hash=library_hash,
            prepared_by=row.prepared_by,
            at=row.at,
        )
        statement_rows.add_meter_records(work.session, made.id, list(statement_rows.iterate_meter_records(work.session, row.id)))
        stored = statement_rows.find_commitments(work.session, row.id)
        assert stored is not None
        statement_rows.add_commitments(work.session, made.id, stored.document, at=row.at)
        return str(made.id)


def test_a_statement_whose_library_is_not_published_cannot_be_attested_by_the_server_nor_on_the_chain(
    fresh: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = forge_statement(fresh, propose_another_library(fresh))
    before = books(fresh)
    with pytest.raises(Conflict, match="is proposed on chain, expected in force") as refused:
        fresh.attest(BANK, statement)
    assert "published" in refused.value.hint
    assert books(fresh) == before
    # A server that does not look: the contract looks itself.
    monkeypatch.setattr(attestations, "require_library", lambda work, release: None)
    fresh.attest(BANK, statement)
    errors = rejected(fresh)
    assert len(errors) == 2
    assert all("NotInForce" in error for error in errors), errors


def test_without_a_published_library_no_statement_is_prepared(tmp_path: Path) -> None:
    from tests.product import open_town
    from tests.services.test_main_job import small_bank

    with open_town(tmp_path) as town:
        town.found_centre(publish=False)
        small_bank(town)
        before = books(town)
        with pytest.raises(Conflict, match="no library release is in force") as refused:
            town.prepare("moganshan", "2025")
        assert "publishes" in refused.value.hint
        assert books(town) == before
