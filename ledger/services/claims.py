"""Claim recognition for an anchored statement: the bank's approver signs, the package is fixed by its hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.chain.contracts.period_ledger import attestation_id_of
from ledger.chain.typed_data import Claim, ClaimState
from ledger.errors import Conflict, InputError, NotFound
from ledger.identifiers import check_identifier, sid
from ledger.services import audit
from ledger.services.anchors import attested
from ledger.services.attestations import read_attestation
from ledger.services.context import Page, Work, may_see, require_own, require_visible
from ledger.services.packages import PackageView, build_evidence_package, keep_package
from ledger.services.signing import queue, receive, signed_columns
from ledger.services.signing_request import SIGNING_SECONDS, SigningItem, signing_item
from ledger.services.stored_statement import load_statement_row
from ledger.services.transactions import find_transaction
from ledger.store import tables
from ledger.store.repositories import claims, statements

_STATES = {
    ClaimState.SUBMITTED: "submitted",
    ClaimState.ATTESTED: "attested",
    ClaimState.REJECTED: "rejected",
    ClaimState.DISPUTED: "disputed",
    ClaimState.CERTIFIED: "certified",
}


@dataclass(frozen=True)
class ClaimView:
    """A claim. state: queued until the chain has it, then submitted, attested, disputed, certified, or rejected."""

    id: str
    institution: str
    statement: str
    scheme: str
    state: str
    package: str
    verdicts: int
    submitted_at: int


def prepare_claim(work: Work, statement_id: str, scheme: str, claim_id: str, verifiers_required: int = 1) -> SigningItem:
    """Return the message that the bank's approver signs to make a claim.

    Raises:
        Conflict: the statement is not anchored yet.
    """
    row = load_statement_row(work, statement_id)
    require_own(work, row.institution_id, "approver")
    message, _ = _message(work, row, scheme, claim_id, verifiers_required, work.clock.now() + SIGNING_SECONDS)
    return signing_item(work.house.contracts.claims, message)


def submit_claim(
    work: Work, institution: str, statement_id: str, claim_id: str, scheme: str, message: Mapping[str, object], signature: str
) -> ClaimView:
    """Take the signed claim and queue it. The same message again changes nothing.

    Raises:
        InputError: the message is not the one this statement gives.
        SignatureRefused: past its deadline, or no approver of the bank signed it.
    """
    require_own(work, institution, "approver")
    row = load_statement_row(work, statement_id)
    if row.institution_id != institution:
        raise NotFound("no such statement", hint="list the statements of the period")
    received = receive(work, work.house.contracts.claims, Claim, message, signature)
    struct = received.struct
    expected, package = _message(work, row, scheme, claim_id, struct.verifiers_required, struct.deadline)
    if struct != expected:
        raise InputError("the message claims something else than this statement", hint="sign the message of the claim request unchanged")
    keep_package(work, row, package)
    outbox_id = queue(work, work.house.contracts.claims, received, kind="claims.submit", subject=f"claim/{institution}/{claim_id}")
    claim = claims.add_claim(
        work.session,
        institution_id=institution,
        claim_id=claim_id,
        period_id=row.period_id,
        scheme=scheme,
        package_hash=struct.package_hash.hex(),
        signed=signed_columns(work, received, outbox_id),
    )
    audit.record(work, "claim.submit", f"{institution}/{claim_id}", institution=institution, details={"package": claim.package_hash})
    return claim_view(work, claim)


def get_claim(work: Work, id: str) -> ClaimView:
    """Return a claim by `institution.claim` id."""
    return claim_view(work, load_claim_row(work, id))


def list_claims(work: Work, institution: str | None, limit: int, after: str | None) -> Page[ClaimView]:
    """Return the claims that the actor may see, in the order they came."""
    if institution is not None:
        require_visible(work, institution)
    elif not may_see(work.actor, ""):
        institution = work.actor.institution or "-"
    page = claims.list_claims(work.session, institution_id=institution, limit=limit, after=None if after is None else int(after))
    return Page(tuple(claim_view(work, row) for row in page.items), None if page.next_after is None else str(page.next_after))


def get_claim_package(work: Work, id: str) -> PackageView:
    """Return the evidence package that the claim rests on, as it was fixed.

    Raises:
        Conflict: the bank had its commitment key erased, and the package with it.
    """
    claim = load_claim_row(work, id)
    kept = statements.find_package(work.session, claim.package_hash)
    if kept is None:
        raise NotFound("the package of this claim is not kept here")
    row = statements.get_statement(work.session, kept.statement_id)
    content = statements.find_package_content(work.session, kept.id)
    if content is not None:
        return PackageView(str(row.id), kept.hash, f"{row.institution_id}-{row.period_id}-r{row.revision}.zip", content)
    package = build_evidence_package(work, str(row.id))
    if package.hash != kept.hash:
        raise Conflict("the package of this claim is not kept here any more", hint="use the package that was downloaded before")
    return package


def claim_name(row: tables.Claim) -> bytes:
    """Return the claim's 32-byte name on chain."""
    return bytes.fromhex(row.name)


def load_claim_row(work: Work, id: str) -> tables.Claim:
    """Return the stored claim with the id `institution:claim`.

    Raises:
        NotFound: none, or not visible.
    """
    institution, separator, claim_id = id.partition(":")
    row = claims.find_claim(work.session, institution, claim_id) if separator and may_see(work.actor, institution) else None
    if row is None:
        raise NotFound("no such claim", hint="list the claims; an id reads bank:claim")
    return row


def claim_view(work: Work, row: tables.Claim) -> ClaimView:
    """Return the view of a stored claim."""
    transaction = find_transaction(work, row.outbox_id)
    state = transaction.state
    verdicts = 0
    if state == "anchored":
        registry = work.house.contracts.claims
        state = _STATES.get(registry.claim_state(claim_name(row)), "submitted")
        verdicts = registry.verdict_count(claim_name(row))
    kept = statements.find_package(work.session, row.package_hash)
    return ClaimView(
        id=f"{row.institution_id}:{row.claim_id}",
        institution=row.institution_id,
        statement=str(kept.statement_id) if kept is not None else "",
        scheme=row.scheme,
        state=state,
        package=row.package_hash,
        verdicts=verdicts,
        submitted_at=row.at,
    )


def _message(
    work: Work, row: tables.Statement, scheme: str, claim_id: str, verifiers_required: int, deadline: int
) -> tuple[Claim, PackageView]:
    """Return the claim on an anchored statement, and the evidence package that it rests on."""
    check_identifier(scheme)
    check_identifier(claim_id)
    package = build_evidence_package(work, str(row.id))
    if verifiers_required not in (1, 2):
        raise InputError("one or two verifiers", hint="send 1 or 2")
    structs = [read_attestation(item) for item in attested(work, row)]
    claim = Claim(
        claim=sid("claim", f"{row.institution_id}/{claim_id}"),
        org=structs[0].org,
        scheme=sid("scheme", scheme),
        period_start=structs[0].period_start,
        period_end=structs[0].period_end,
        attestations=tuple(attestation_id_of(struct) for struct in structs),
        package_hash=bytes.fromhex(package.hash),
        verifiers_required=verifiers_required,
        deadline=deadline,
    )
    return claim, package
