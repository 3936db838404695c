"""One valid row of everything, written through the repositories: a small bank with one meter, one period, one statement."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlmodel import Session

from ledger.records import canonical
from ledger.store import audit, idempotency, outbox, tokens
from ledger.store.repositories import (
    analysis_policies,
    answers,
    attestations,
    attributions,
    claims,
    derived,
    devices,
    edits,
    envelopes,
    financed,
    institutions,
    library,
    local_factors,
    log_anchors,
    metering,
    participants,
    periods,
    reductions,
    statements,
)
from ledger.store.repositories.attested import FINANCED_STATEMENTS, REDUCTION_STATEMENTS
from ledger.store.repositories.signed import Signed
from ledger.store.tables import Attestation, Statement

AT = 1_750_000_000
START, END = 1_735_660_800, 1_767_196_800
SIGNER = "0x" + "ab" * 20
RELAYER = "0x" + "cd" * 20
DAY = 20_089


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def signed(text: str, outbox_id: int | None = None) -> Signed:
    return Signed(
        message=canonical.dump({"struct": text}),
        signature="0x" + "11" * 65,
        signer=SIGNER,
        struct_hash="0x" + hash_of(text),
        submitted_by="clerk",
        at=AT,
        outbox_id=outbox_id,
    )


def payload(text: str = "call") -> outbox.Payload:
    return outbox.Payload(
        signer=RELAYER, chain_id=7001, to="0x" + "ee" * 20, data=text.encode(), gas=500_000, kind="attestation", subject=text
    )


def add_bank(session: Session, id: str = "bank-1") -> None:
    institutions.add_institution(
        session, id=id, kind="bank", name_en="Bank", name_zh="银行", timezone="Asia/Shanghai", region="CN-ZJ", created_by="centre", at=AT
    )


def add_release(session: Session, name: str = "2025-1") -> str:
    return library.add_release(session, kind="library", release=name, document=canonical.dump({"release": name}), actor="lib", at=AT).hash


def add_statement(session: Session, institution_id: str = "bank-1", revision: int = 1, supersedes: str | None = None) -> Statement:
    if periods.find_period(session, institution_id, "2025") is None:
        periods.add_period(
            session, institution_id=institution_id, id="2025", start=START, end=END, timezone="Asia/Shanghai", created_by="clerk", at=AT
        )
    organisation = institutions.add_organisation_version(session, institution_id, b'{"units":[]}', actor="clerk", at=AT)
    analysis_policies.add_analysis_policy(session, institution_id, b'{"policies":{}}', actor="clerk", at=AT)
    activity = periods.add_activity_version(
        session, institution_id, "2025", b'{"records":[]}', findings=b"{}", has_errors=False, actor="clerk", at=AT
    )
    return statements.add_statement(
        session,
        institution_id=institution_id,
        period_id="2025",
        revision=revision,
        cause="first" if revision == 1 else "data",
        supersedes=supersedes,
        document=canonical.dump({"institution": institution_id, "revision": revision}),
        findings=b"{}",
        has_errors=False,
        organisation=organisation,
        activity=activity,
        library_hash=add_release(session),
        prepared_by="clerk",
        at=AT,
    )


def add_reductions(session: Session, institution_id: str = "bank-1") -> None:
    """Put a statement of reductions with evidence, signature and anchor beside the period's statement."""
    statement = reductions.add_reduction_statement(
        session,
        institution_id=institution_id,
        period_id="2025",
        revision=1,
        cause="first",
        supersedes=None,
        document=canonical.dump({"reductions": institution_id}),
        findings=b"{}",
        library_hash=add_release(session),
        evidence=[reductions.KeptEvidence("input", "pv-roof", b"{}"), reductions.KeptEvidence("file", "roof.csv", b"meter,timestamp,kW")],
        prepared_by="clerk",
        at=AT,
    )
    signature = signed(f"reductions attestation of {institution_id}")
    row = REDUCTION_STATEMENTS.add_attestation(
        session, statement, dataset=statement.dataset, digest="0x" + hash_of("digest"), signed=signature
    )
    REDUCTION_STATEMENTS.add_anchor(
        session,
        row.id,
        chain_id=7001,
        contract="0x" + "ee" * 20,
        tx_hash="0x" + hash_of("tx"),
        block_number=6,
        block_hash="0x" + hash_of("block 6"),
        evidence=b"{}",
        at=AT,
    )


def add_financed(session: Session, institution_id: str = "bank-1") -> None:
    """Put a financed statement with leaves, signature and anchor, and a matched attribution, beside the period's statement."""
    statement = financed.add_financed_statement(
        session,
        institution_id=institution_id,
        period_id="2025",
        dataset="FINANCED_PCAF",
        method="pcaf_2",
        revision=1,
        cause="first",
        supersedes=None,
        document=canonical.dump({"financed": institution_id}),
        findings=b"{}",
        library_hash=add_release(session),
        leaves=bytes(128),
        prepared_by="clerk",
        at=AT,
    )
    signature = signed(f"financed attestation of {institution_id}")
    row = FINANCED_STATEMENTS.add_attestation(
        session, statement, dataset=statement.dataset, digest="0x" + hash_of("digest"), signed=signature
    )
    FINANCED_STATEMENTS.add_anchor(
        session,
        row.id,
        chain_id=7001,
        contract="0x" + "ee" * 20,
        tx_hash="0x" + hash_of("tx"),
        block_number=5,
        block_hash="0x" + hash_of("block 5"),
        evidence=b"{}",
        at=AT,
    )
    share = attributions.Share(b"t" * 32, b"e" * 16, 400_000_000, 400_000_001)
    attributions.add_batch(
        session,
        institution_id=institution_id,
        period_id="2025",
        method="pcaf_2",
        digest=hash_of("batch"),
        shares=[share],
        size=1,
        submitted_by="clerk",
        at=AT,
    )


@dataclass
class Everything:
    """What `add_everything` wrote and tests look at again."""

    statement: Statement
    attestation: Attestation
    outbox_id: int
    token_secret: str


def add_everything(session: Session) -> Everything:
    """Put at least one row into every table."""
    add_bank(session)
    institutions.add_institution(
        session, id="centre", kind="centre", name_en="C", name_zh="中心", timezone="Asia/Shanghai", region="CN-ZJ", created_by="init", at=AT
    )
    institutions.add_commitment_key(session, "bank-1", b"k" * 32, at=AT)
    statement = add_statement(session)
    row = outbox.queue(session, "attest/1", payload(), now=AT)
    session.add(outbox.OutboxLease(signer=RELAYER, holder="test", token=1, expires_at=AT))
    idempotency.begin(session, "bank-1", "key-1", hash_of("request"), now=AT)
    audit.append(session, actor="clerk", action="statement.prepare", object="statement/1", result="ok", at=AT)
    secret, access = tokens.create_token(
        session, subject="clerk", institution_id="bank-1", roles=("preparer",), expires_at=None, created_by="init", at=AT
    )
    tokens.revoke_token(session, access.token_id, revoked_by="init", reason="test", at=AT)
    proposal = library.add_proposal(
        session, release_hash=statement.library_hash, institution_id="centre", valid_from=AT, supersedes=None, signed=signed("proposal")
    )
    library.add_publication(session, proposal_id=proposal.id, institution_id="centre", signed=signed("publication"))
    library.add_draft(session, release="2025-2", document=b"{}", findings=b"{}", has_errors=False, actor="lib", at=AT)
    factor = local_factors.add_local_factor(
        session, institution_id="bank-1", factor="bank-1.steam", document=b"{}", submitted_by="clerk", at=AT
    )
    local_factors.add_review(session, factor.id, decision="accepted", reason="measured by the supplier", reviewed_by="lib", at=AT)
    answers.add_answer(session, statement.id, code="FACTOR_DATA_YEAR", place="/factors/x", reason="no later one", by="clerk", at=AT)
    org = institutions.get_institution(session, "bank-1").org
    participants.add_participant_action(session, kind="add_key", org=org, version=2, signed=signed("add key"))
    place = participants.ChainPlace(3, AT, "0x" + hash_of("tx"))
    participants.add_participant_key(session, org=org, address=SIGNER, role="approver", valid_from=AT, valid_to=0, version=2, place=place)
    participants.add_key_event(session, org=org, kind="key_ended", version=3, place=place, address=SIGNER, role="approver", valid_to=AT + 9)
    for meter in ("M1", "S1"):
        metering.add_meter(
            session,
            institution_id="bank-1",
            id=meter,
            unit="hq",
            quantity="el.import",
            interval_minutes=15,
            valid_from=START,
            created_by="clerk",
            at=AT,
        )
    metering.add_telemetry_body(session, "bank-1", b"body", media_type="text/csv", findings=b"{}", actor="gateway", received_at=AT)
    devices.add_device(session, institution_id="bank-1", id="gw-1", kind="gateway", site="hq", serial="S1", created_by="clerk", at=AT)
    code = devices.add_enrolment_code(
        session, hash=hash_of("code"), institution_id="bank-1", device_id="gw-1", created_by="clerk", created_at=AT, expires_at=AT + 9
    )
    key = devices.add_key(session, code, b"p" * 32, serial="S1", at=AT)
    devices.add_key_end(session, "bank-1", key.kid, last_seq=7, reason="lost", by="clerk", at=AT)
    devices.set_meter_device(session, "bank-1", "M1", "gw-1", by="clerk", at=AT)
    metering.set_main_meter(session, "bank-1", "S1", "M1", by="clerk", at=AT)
    devices.add_fitting(session, "bank-1", "M1", AT, 0)
    edits.add_edit(session, "bank-1", 0, meter_id="M1", rule="flag", start=AT, end=AT + 900)
    days, paper = {"first_day": "2025-03-01", "last_day": "2025-03-31"}, {"reference": "paper", "sha256": None, "reason": None}
    edits.add_bill(session, "bank-1", "M1", "B1", **days, value="7", unit="kWh", **paper, by="clerk", at=AT)
    metering.add_meter_days(session, "bank-1", 0, [metering.StoredDay("M1", DAY, b"\x01" * 768, b"\x01" * 96)])
    envelope = envelopes.StoredEnvelope("gw-1", "b0", 1, 0, 0, b"h" * 32, None, 4, 1, 1)
    envelopes.add_envelopes(session, "bank-1", [envelope])
    envelopes.add_alarm(session, "bank-1", envelope, b"second body", media_type="x", actor="gateway", at=AT)
    derived.add_derivations(session, "bank-1", [derived.Derivation(0, 1, 1, b"{}", AT)])
    derived.insert_register_days(session, "bank-1", [derived.StoredPoints("M1", DAY, b"\x01" * 13)])
    checkpoint = metering.add_log_checkpoint(session, "bank-1", 1, hash_of("root"), signed("checkpoint"))
    log_anchors.add_log_anchor(
        session, checkpoint.id, block_number=4, block_hash=hash_of("block"), tx_hash=hash_of("tx"), evidence=b"{}", at=AT
    )
    statements.add_meter_records(session, statement.id, [("M1", b"LTM1 record")])
    statements.add_commitments(session, statement.id, b'{"datasets":[]}', at=AT)
    statements.add_package(session, statement.id, hash=hash_of("manifest"), content=b"zip", created_by="clerk", at=AT)
    attestation = attestations.add_attestation(
        session, statement, dataset="OPERATIONAL", digest="0x" + hash_of("digest"), signed=signed("attestation", row.id)
    )
    attestations.add_anchor(
        session,
        attestation.id,
        chain_id=7001,
        contract="0x" + "ee" * 20,
        tx_hash="0x" + hash_of("tx"),
        block_number=4,
        block_hash="0x" + hash_of("block"),
        evidence=b"{}",
        at=AT,
    )
    add_financed(session)
    add_reductions(session)
    claim = claims.add_claim(
        session,
        institution_id="bank-1",
        claim_id="c1",
        period_id="2025",
        scheme="operational-net",
        package_hash=hash_of("manifest"),
        signed=signed("claim"),
    )
    claims.add_verdict(session, claim, institution_id="centre", sequence=0, result=b"{}", findings=b"[]", signed=signed("verdict"))
    return Everything(statement, attestation, row.id, secret)
