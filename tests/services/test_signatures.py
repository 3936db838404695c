"""Signed messages at the door: each reason for a refusal has its own stable code, and nothing too large reaches the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.typed_data import (
    AddKey,
    EndKey,
    LogCheckpoint,
    ProposeRelease,
    PublishRelease,
    RegisterInstitution,
    ReleaseKind,
    Role,
    SetKeyStanding,
    SetStanding,
    TypedStruct,
)
from ledger.errors import InputError, SignatureRefused
from ledger.identifiers import sid
from ledger.merkle.plain import root
from ledger.records import canonical
from ledger.services import checkpoints, library, participants
from ledger.store.repositories import metering
from tests.product import ADMIN, LIBRARIAN, MONTH, PUBLISHER, Town, approver, signer
from tests.services.books import signed, transactions
from tests.services.test_registers import propose, scheme

ORG, APPROVER = sid("org", "oak"), "oak.approver"


def checkpoint(town: Town) -> LogCheckpoint:
    with town.house.view(approver("oak")) as work:
        leaves = metering.list_leaf_hashes(work.session, "oak")
    return LogCheckpoint(ORG, len(leaves), root(leaves), town.clock.now() + MONTH)


def submit(town: Town, message: dict[str, Any], signature: str) -> checkpoints.LogCheckpointView:
    with town.work(approver("oak")) as work:
        return checkpoints.submit_log_checkpoint(work, "oak", message, signature)


def refusal(town: Town, struct: LogCheckpoint, key: str) -> SignatureRefused:
    with pytest.raises(SignatureRefused) as refused:
        submit(town, *signed(struct, town.house.contracts.periods, key))
    assert refused.value.facts["reason"] == refused.value.code
    return refused.value


def suspend_key(town: Town) -> None:
    town.admin_act("oak", SetKeyStanding(ORG, signer(APPROVER).address, Role.APPROVER, True, bytes(32), town.next_version("oak"), 2**40))


def suspend_bank(town: Town) -> None:
    town.admin_act("oak", SetStanding(ORG, True, bytes(32), town.next_version("oak"), 2**40))


def end_key(town: Town) -> None:
    end = town.clock.now() + 30
    town.admin_act("oak", EndKey(ORG, signer(APPROVER).address, Role.APPROVER, end, town.next_version("oak"), 2**40))


def nothing(town: Town) -> None:
    """The key is in force."""


def add_later_key(town: Town) -> None:
    start = town.clock.now() + MONTH
    town.admin_act("oak", AddKey(ORG, signer("oak.next").address, Role.APPROVER, start, 0, town.next_version("oak"), 2**40))


@pytest.mark.parametrize(
    ("act", "key", "reason"),
    [
        (nothing, "elm.approver", "signature.foreign_key"),
        (nothing, "nobody", "signature.unknown_key"),
        (add_later_key, "oak.next", "signature.not_yet_valid"),
        (end_key, APPROVER, "signature.key_ended"),
        (suspend_key, APPROVER, "signature.key_suspended"),
        (suspend_bank, APPROVER, "signature.institution_suspended"),
    ],
)
def test_a_key_that_may_not_sign_is_refused_with_its_reason(town: Town, act: Callable[[Town], None], key: str, reason: str) -> None:
    act(town)
    town.relay()
    town.clock.advance(60)
    assert refusal(town, checkpoint(town), key).code == reason
    assert "periods.anchor_log" not in transactions(town)


def test_a_message_after_its_deadline_is_refused(town: Town) -> None:
    struct = checkpoint(town)
    town.clock.advance(MONTH)
    assert submit(town, *signed(struct, town.house.contracts.periods, APPROVER)).state == "queued", "the last second counts"
    town.clock.advance(1)
    late = replace(struct, deadline=struct.deadline - 1)
    assert refusal(town, late, APPROVER).code == "signature.deadline_passed"


def test_a_key_in_another_role_is_refused(town: Town) -> None:
    propose(town, scheme("first"))
    publication = PublishRelease(bytes.fromhex(canonical.digest(scheme("first"))), sid("org", "gfc"), town.clock.now() + MONTH)
    message, signature = signed(publication, town.house.contracts.libraries, "gfc.verifier")
    with pytest.raises(SignatureRefused) as refused, town.work(PUBLISHER) as work:
        library.publish_release(work, publication.release.hex(), message, signature)
    assert refused.value.code == "signature.wrong_role"


@pytest.mark.parametrize("tail", ["1d", "00", "ff"])
def test_a_malformed_signature_is_refused(town: Town, tail: str) -> None:
    message, signature = signed(checkpoint(town), town.house.contracts.periods, APPROVER)
    with pytest.raises(SignatureRefused) as refused:
        submit(town, message, signature[:-2] + tail)
    assert refused.value.code == "signature.malformed"


@pytest.mark.parametrize("text", ["", "0x", "zz" * 65, "0x" + "11" * 64, "11" * 65])
def test_what_is_no_signature_at_all_is_refused(town: Town, text: str) -> None:
    with pytest.raises(InputError, match="not a signature"):
        submit(town, checkpoint(town).to_message(), text)


def test_an_admin_message_by_another_key_is_refused(town: Town) -> None:
    struct = SetStanding(ORG, True, bytes(32), town.next_version("oak"), town.clock.now() + MONTH)
    message, signature = signed(struct, town.house.contracts.participants, APPROVER)
    with pytest.raises(SignatureRefused) as refused, town.work(ADMIN) as work:
        participants.relay_participant_action(work, "oak", "SetStanding", message, signature)
    assert refused.value.code == "signature.not_admin"


def admin_structs() -> list[tuple[TypedStruct, str]]:
    key, far = signer(APPROVER).address, 2**40
    return [
        (RegisterInstitution(ORG, 1, bytes(32), 2**63, far), "version"),
        (RegisterInstitution(ORG, 1, bytes(32), 9, 2**64 - 1), "deadline"),
        (AddKey(ORG, key, Role.APPROVER, 2**63, 0, 9, far), "validFrom"),
        (AddKey(ORG, key, Role.APPROVER, 0, 2**63, 9, far), "validTo"),
        (EndKey(ORG, key, Role.APPROVER, 2**64 - 1, 9, far), "validTo"),
        (SetStanding(ORG, False, bytes(32), 2**64 - 1, far), "version"),
    ]


@pytest.mark.parametrize(("struct", "field"), admin_structs())
def test_a_number_that_no_column_holds_is_refused_by_its_name(town: Town, struct: TypedStruct, field: str) -> None:
    message, signature = signed(struct, town.house.contracts.participants, "gfc.admin")
    before = transactions(town)
    with pytest.raises(InputError, match=field) as refused, town.work(ADMIN) as work:
        participants.relay_participant_action(work, "oak", type(struct).__name__, message, signature)
    assert [item["field"] for item in refused.value.facts["fields"]] == [field]  # type: ignore[attr-defined]
    assert transactions(town) == before


def test_the_largest_number_that_a_column_holds_is_taken(town: Town) -> None:
    struct = replace(checkpoint(town), deadline=2**63 - 1)
    assert submit(town, *signed(struct, town.house.contracts.periods, APPROVER)).state == "queued"
    with pytest.raises(InputError, match="size"):
        submit(town, *signed(replace(struct, size=2**63), town.house.contracts.periods, APPROVER))


def test_a_release_valid_from_beyond_time_is_refused_and_nothing_of_it_stays(town: Town) -> None:
    release = bytes.fromhex(canonical.digest(scheme("late")))
    proposal = ProposeRelease(release, sid("org", "gfc"), ReleaseKind.SCHEME, 2**63, bytes(32), town.clock.now() + MONTH)
    message, signature = signed(proposal, town.house.contracts.libraries, "gfc.librarian")
    with pytest.raises(InputError, match="validFrom"), town.work(LIBRARIAN) as work:
        library.propose_release(work, scheme("late"), message, signature)
    with town.house.view(LIBRARIAN) as work:
        assert library.list_releases(work, 10, None, "scheme").items == ()
