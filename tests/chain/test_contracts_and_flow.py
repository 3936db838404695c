"""One product flow, the same on every engine: from the deployment to a certificate, with every refusal named."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from ledger.chain.artifacts import CONTRACTS, load_artifact
from ledger.chain.client import ChainClient
from ledger.chain.contracts import (
    AttestationRecord,
    CertificateRecord,
    ClaimRecord,
    Contract,
    Institution,
    KeyWindow,
    LogHead,
    Release,
    VerdictRecord,
    attestation_id_of,
    verdict_commitment,
)
from ledger.chain.contracts.claim_registry import ClaimRegistry
from ledger.chain.contracts.library_registry import LibraryRegistry
from ledger.chain.contracts.participant_registry import ParticipantRegistry
from ledger.chain.contracts.period_ledger import PeriodLedger
from ledger.chain.errors import ChainError, ChainRefused
from ledger.chain.keystore import Signer
from ledger.chain.participants import get_standing, verify_message
from ledger.chain.typed_data import (
    STRUCTS,
    AttestationStatus,
    Certificate,
    CertificateState,
    CertificateStatus,
    Claim,
    ClaimState,
    KeyStatus,
    LogCheckpoint,
    Opinion,
    PeriodAttestation,
    ReleaseStatus,
    Role,
    SetKeyStanding,
    SetStanding,
    TypedStruct,
    Verdict,
    VerdictCommitment,
    struct_fields,
)
from ledger.chain.typed_data.encoding import camel_case
from ledger.errors import InputError, NotFound, SignatureRefused
from tests.chain.product import FOREVER, PERIOD, Product, word

WRAPPERS: tuple[type[Contract], ...] = (ParticipantRegistry, LibraryRegistry, PeriodLedger, ClaimRegistry)


def refusal(product: Product, message: TypedStruct, signer: Signer) -> ChainRefused:
    call = product.call(message, signer)
    with pytest.raises(ChainRefused) as caught:
        product.engine.client.call(call.to, call.data, sender=product.engine.relayer.address, gas=call.gas)
    return product.contract_of(message).abi.refused(caught.value)


def test_from_an_attestation_to_a_certificate(product: Product) -> None:
    contracts, now = product.contracts, product.engine.now
    message, id, receipt = product.attest()

    record = contracts.periods.attestation(id)
    assert (record.root, record.totals, record.n, record.revision) == (message.root, message.totals, message.n, 1)
    assert (record.signer, record.struct_hash) == (product.approver.address, message.struct_hash())
    assert contracts.periods.latest_revision(message.org, message.dataset, *PERIOD) == 1
    assert contracts.periods.status_at(id, now()) is AttestationStatus.CURRENT
    event = contracts.periods.find_attested(receipt.logs, id)
    assert event is not None
    assert event.arguments["totals"] == message.totals
    assert event.arguments["signer"] == product.approver.address

    claim = word("claim")
    product.submit(Claim(claim, product.bank, product.scheme, *PERIOD, (id,), word("package"), 1, FOREVER), product.approver)
    assert contracts.claims.claim_state(claim) is ClaimState.SUBMITTED
    assert contracts.claims.claim(claim).attestations == (id,)

    verdict = Verdict(
        claim=claim,
        org=product.house,
        package_hash=word("package"),
        result_hash=word("result"),
        findings_hash=word("findings"),
        assurance=1,
        materiality_bp=500,
        opinion=Opinion.UNQUALIFIED,
        sampling_seed=word("seed"),
        sample_size=3,
        tool_hash=word("tool"),
        salt=word("salt"),
        sequence=contracts.claims.verdict_count(claim),
        deadline=FOREVER,
    )
    product.submit(verdict, product.verifier)
    assert contracts.claims.claim_state(claim) is ClaimState.ATTESTED
    assert contracts.claims.verdict(claim, 0).signer == product.verifier.address
    assert contracts.claims.verdict(claim, 0).materiality_bp == 500

    certificate = word("certificate")
    product.submit(
        Certificate(certificate, claim, product.centre, word("document"), now() - 10, now() + 10_000, FOREVER), product.certifier
    )
    assert contracts.claims.status_at(certificate, now()) is CertificateState.IN_FORCE
    assert contracts.claims.certificate(certificate).document_hash == word("document")
    product.submit(CertificateStatus(certificate, product.centre, 3, word("reason"), 0, FOREVER), product.certifier)
    assert contracts.claims.status_at(certificate, now()) is CertificateState.REVOKED
    assert contracts.claims.claim_state(claim) is ClaimState.CERTIFIED


def test_two_verifiers_commit_before_they_show(product: Product) -> None:
    _, id, _ = product.attest()
    claim = word("claim of two")
    product.submit(Claim(claim, product.bank, product.scheme, *PERIOD, (id,), word("package"), 2, FOREVER), product.approver)
    commitment = verdict_commitment(word("result"), word("salt"))
    product.submit(VerdictCommitment(claim, product.house, commitment, FOREVER), product.verifier)
    assert product.contracts.claims.claim(claim).commitments == 1


def test_an_exact_resubmission_changes_nothing_and_another_is_refused_with_both_hashes(product: Product) -> None:
    message, id, _ = product.attest()
    again = product.submit(message, product.approver)
    assert again.logs == ()
    assert product.contracts.periods.find_attested(again.logs, id) is None
    other = product.attestation(statement="another statement")
    refused = refusal(product, other, product.approver)
    assert refused.name == "AlreadyRecorded"
    assert refused.arguments == {"id": id, "stored": message.struct_hash(), "got": other.struct_hash()}


def test_a_second_revision_supersedes_the_first(product: Product) -> None:
    _, first, _ = product.attest()
    product.engine.tick()
    second = product.attestation(revision=2)
    product.submit(second, product.approver)
    assert product.contracts.periods.status_at(first, product.engine.now()) is AttestationStatus.SUPERSEDED
    assert product.contracts.periods.status_at(attestation_id_of(second), product.engine.now()) is AttestationStatus.CURRENT
    product.submit(product.attestation(revision=4), product.approver)
    late = refusal(product, product.attestation(revision=3), product.approver)
    assert (late.name, late.arguments) == ("WrongRevision", {"last": 4, "got": 3})


def test_a_root_that_the_totals_do_not_give_is_refused(product: Product) -> None:
    message = product.attestation()
    refused = refusal(product, replace(message, root=word("another")), product.approver)
    assert (refused.name, refused.arguments) == ("RootMismatch", {"expected": message.root, "got": word("another")})


def test_a_log_grows_and_never_shrinks(product: Product) -> None:
    product.submit(LogCheckpoint(product.bank, 10, word("log 10"), FOREVER), product.approver)
    head = product.contracts.periods.log_head(product.bank)
    assert (head.size, head.root) == (10, word("log 10"))
    refused = refusal(product, LogCheckpoint(product.bank, 9, word("log 9"), FOREVER), product.approver)
    assert (refused.name, refused.arguments["stored"], refused.arguments["got"]) == ("LogShrunk", 10, 9)


def test_a_key_of_another_institution_is_refused_before_and_on_the_chain(product: Product) -> None:
    message = product.attestation()
    signature = product.verifier.sign_digest(message.digest(product.contracts.periods.domain))
    with pytest.raises(SignatureRefused, match="another institution"):
        verify_message(product.contracts.participants, message, product.contracts.periods.domain, signature, product.engine.now())
    assert refusal(product, message, product.verifier).name == "NotAuthorized"
    stranger = Signer(b"\x77" * 32)
    with pytest.raises(SignatureRefused, match="no registered key"):
        verify_message(
            product.contracts.participants,
            message,
            product.contracts.periods.domain,
            stranger.sign_digest(message.digest(product.contracts.periods.domain)),
            product.engine.now(),
        )


def test_a_suspended_key_signs_nothing_until_it_is_restored(product: Product) -> None:
    registry, domain = product.contracts.participants, product.contracts.periods.domain
    message = product.attestation()
    signature = product.approver.sign_digest(message.digest(domain))
    assert verify_message(registry, message, domain, signature, product.engine.now()) == product.approver.address
    version = registry.institution(product.bank).version
    suspension = SetKeyStanding(product.bank, product.approver.address, Role.APPROVER, True, word("why"), version + 1, FOREVER)
    product.submit(suspension, product.admin)
    product.engine.tick()
    standing = get_standing(registry, product.approver.address, product.engine.now())
    assert standing.roles == ((Role.APPROVER, KeyStatus.KEY_SUSPENDED),)
    assert not standing.may(Role.APPROVER)
    with pytest.raises(SignatureRefused, match="the key is suspended"):
        verify_message(registry, message, domain, signature, product.engine.now())
    refused = refusal(product, message, product.approver)
    assert (refused.name, refused.arguments["status"]) == ("NotAuthorized", KeyStatus.KEY_SUSPENDED)
    product.submit(replace(suspension, suspended=False, version=version + 2), product.admin)
    product.engine.tick()
    assert get_standing(registry, product.approver.address, product.engine.now()).may(Role.APPROVER)


def test_a_suspended_institution_and_an_admin_message_are_judged_too(product: Product) -> None:
    registry = product.contracts.participants
    version = registry.institution(product.bank).version
    message = SetStanding(product.bank, True, word("why"), version + 1, FOREVER)
    digest = message.digest(registry.domain)
    assert (
        verify_message(registry, message, registry.domain, product.admin.sign_digest(digest), product.engine.now()) == product.admin.address
    )
    with pytest.raises(SignatureRefused, match="expected the registry's admin"):
        verify_message(registry, message, registry.domain, product.approver.sign_digest(digest), product.engine.now())
    product.submit(message, product.admin)
    assert registry.institution(product.bank).suspended
    assert registry.last_action(product.bank, version + 1) == message.struct_hash()
    product.engine.tick()
    status = registry.key_status_at(product.bank, product.approver.address, Role.APPROVER, product.engine.now() + 1)
    assert status is KeyStatus.INSTITUTION_SUSPENDED


def test_views_of_unknown_things_say_so(product: Product) -> None:
    nothing = word("nothing")
    assert product.contracts.participants.institution(nothing) == Institution(0, bytes(32), 0, False)
    assert product.contracts.participants.org_of(Signer(b"\1" * 32).address) == bytes(32)
    assert product.contracts.libraries.status_at(nothing, product.engine.now()) is ReleaseStatus.UNKNOWN
    assert product.contracts.libraries.status_at(product.library, product.engine.now()) is ReleaseStatus.IN_FORCE
    assert product.contracts.libraries.release(product.library).publisher == product.publisher.address
    assert product.contracts.claims.claim_state(nothing) is ClaimState.UNKNOWN
    assert product.contracts.periods.find_attestation(nothing) is None
    with pytest.raises(NotFound, match=nothing.hex()):
        product.contracts.periods.attestation(nothing)


def test_the_gas_limits_leave_a_third_to_spare(product: Product) -> None:
    message, id, receipt = product.attest()
    assert receipt.gas_used * 3 < product.call(message, product.approver).gas * 2
    claim = Claim(word("claim"), product.bank, product.scheme, *PERIOD, (id,), word("package"), 1, FOREVER)
    assert product.submit(claim, product.approver).gas_used * 3 < product.call(claim, product.approver).gas * 2


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_struct_has_the_abi_of_its_contract_and_a_gas_limit(struct: type[TypedStruct]) -> None:
    abi = load_artifact(struct.contract).abi
    types = ",".join(field.type for field in struct_fields(struct))
    assert abi.signature(struct.method) == f"{struct.method}(({types}),bytes)"
    wrapper = next(wrapper for wrapper in WRAPPERS if wrapper.name == struct.contract)
    assert wrapper.gas[struct.method] > 0
    assert not struct.roles or struct_fields(struct)[[field.name for field in struct_fields(struct)].index("org")].type == "bytes32"


@pytest.mark.parametrize(
    ("contract", "view", "record"),
    [
        ("ParticipantRegistry", "institution", Institution),
        ("ParticipantRegistry", "keyOf", KeyWindow),
        ("LibraryRegistry", "release", Release),
        ("PeriodLedger", "attestation", AttestationRecord),
        ("PeriodLedger", "logHead", LogHead),
        ("ClaimRegistry", "claim", ClaimRecord),
        ("ClaimRegistry", "verdict", VerdictRecord),
        ("ClaimRegistry", "certificate", CertificateRecord),
    ],
)
def test_every_record_has_exactly_the_fields_of_its_view(contract: str, view: str, record: type) -> None:
    names = load_artifact(contract).abi.output_names(view)
    assert {camel_case(field.name) for field in fields(record)} == set(names)


def test_every_write_of_a_contract_has_a_struct() -> None:
    for name in CONTRACTS:
        writes = {
            entry["name"]
            for entry in load_artifact(name).abi.entries
            if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
        }
        assert writes == {struct.method for struct in STRUCTS if struct.contract == name}


def test_a_message_for_another_contract_and_a_short_signature_are_refused(product: Product) -> None:
    message = LogCheckpoint(product.bank, 1, word("log"), FOREVER)
    with pytest.raises(InputError, match="goes to PeriodLedger"):
        product.contracts.claims.prepare(message, bytes(65))
    with pytest.raises(SignatureRefused, match="64 bytes"):
        product.contracts.periods.prepare(message, bytes(64))
    assert isinstance(product.engine.client, ChainClient)


def test_call_data_is_read_back_as_the_message_it_submits(product: Product) -> None:
    message, periods = LogCheckpoint(product.bank, 1, word("log"), FOREVER), product.contracts.periods
    data = periods.prepare(message, bytes(range(65))).data
    assert periods.read_call(LogCheckpoint, data) == (message, bytes(range(65)))
    for wrong in (data[:-40], b"\0\0\0\0" + data[4:], b""):
        with pytest.raises(ChainError, match="no call of anchorLog"):
            periods.read_call(LogCheckpoint, wrong)
    with pytest.raises(ChainError, match="no call of submit"):
        periods.read_call(PeriodAttestation, data)
