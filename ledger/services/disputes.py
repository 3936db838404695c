"""Settle a claim whose verifiers disagree: a certifier of another institution names one of the results (spec: typed-data, Resolution).

Nothing is taken back: every verdict and every resolution stays on the chain. A resolution has no row of its own: the queued transaction
holds message and signature, and the audit log the reason in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.chain.recover import recover_signer
from ledger.chain.typed_data import ClaimState, Resolution
from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.identifiers import sid
from ledger.records.outbox import OutboxRow
from ledger.services import audit
from ledger.services.claims import claim_name, load_claim_row
from ledger.services.context import Work, require_role
from ledger.services.signing import queue, receive
from ledger.services.transactions import find_transaction
from ledger.store import outbox, tables
from ledger.store.repositories import claims, institutions

MAX_REASON = 2_000


@dataclass(frozen=True)
class ResolutionView:
    """A certifier's resolution of a dispute; `result` is the result hash it names. state: queued, anchored, rejected or quarantined."""

    id: str
    claim: str
    certifier: str
    signer: str
    result: str
    reason_hash: str
    state: str
    error: str | None


def resolve_dispute(work: Work, message: Mapping[str, object], signature: str, reason: str) -> ResolutionView:
    """Take a certifier's signed resolution and queue it. The same message again changes nothing.

    Args:
        reason: the words whose hash, sid("reason", words), stands in the message.

    Raises:
        NotFound: no such claim.
        Forbidden: the certifier's institution is the claim's.
        InputError: the message is malformed, names another institution than the actor's, another reason, or a result that nobody gave.
        SignatureRefused: no certifier's key in force signed it, or it is past its deadline.
        Conflict: the claim is not in dispute.
    """
    require_role(work, "certifier")
    struct = Resolution.from_message(message)
    claim = claims.find_claim_by_name(work.session, struct.claim.hex())
    if claim is None:
        raise NotFound("no such claim", hint="the resolution names a claim that this server does not know")
    if claim.institution_id == work.actor.institution:
        raise Forbidden("nobody settles a dispute about their own claim", hint="a certifier of another institution decides")
    received = receive(work, work.house.contracts.claims, Resolution, message, signature)
    owner = institutions.find_institution_by_org(work.session, struct.org.hex())
    if owner is None or owner.id != work.actor.institution:
        raise InputError("the resolution names another institution than yours")
    if not 1 <= len(reason) <= MAX_REASON or sid("reason", reason) != struct.reason:
        raise InputError("the reason is not the one that the message was signed for", hint="send the words unchanged")
    registry = work.house.contracts.claims
    for row in outbox.find_outbox_by_subject(work.session, _subject(claim)):
        if registry.read_call(Resolution, row.data)[0] == struct and find_transaction(work, row.id).state != "rejected":
            return _view(work, claim, row)
    stored = registry.claim(claim_name(claim))
    if stored.state != ClaimState.DISPUTED:
        state = ClaimState(stored.state).name.lower()
        raise Conflict(f"the claim is {state}, not disputed", hint="only a dispute is resolved", state=state)
    results = {row.result_hash for row in claims.list_verdicts(work.session, claim)}
    if struct.result_hash.hex() not in results:
        raise InputError("no verdict on this claim has this result", hint=f"name one of {', '.join(sorted(results))}")
    outbox_id = queue(work, registry, received, kind="claims.resolve", subject=_subject(claim))
    audit.record(
        work,
        "dispute.resolve",
        f"{claim.institution_id}:{claim.claim_id}",
        institution=claim.institution_id,
        details={"result": struct.result_hash.hex(), "reason": reason},
    )
    return _view(work, claim, outbox.get_outbox_row(work.session, outbox_id))


def list_resolutions(work: Work, claim_id: str) -> tuple[ResolutionView, ...]:
    """Return every resolution of a claim's disputes, in the order they came."""
    claim = load_claim_row(work, claim_id)
    return tuple(_view(work, claim, row) for row in outbox.find_outbox_by_subject(work.session, _subject(claim)))


def _subject(claim: tables.Claim) -> str:
    return f"claim/{claim.institution_id}/{claim.claim_id}/resolution"


def _view(work: Work, claim: tables.Claim, row: OutboxRow) -> ResolutionView:
    registry = work.house.contracts.claims
    struct, signature = registry.read_call(Resolution, row.data)
    owner = institutions.find_institution_by_org(work.session, struct.org.hex())
    transaction = find_transaction(work, row.id)
    return ResolutionView(
        id=str(row.id),
        claim=f"{claim.institution_id}:{claim.claim_id}",
        certifier="" if owner is None else owner.id,
        signer=recover_signer(struct.digest(registry.domain), signature).lower(),
        result=struct.result_hash.hex(),
        reason_hash=struct.reason.hex(),
        state=transaction.state,
        error=transaction.error,
    )
