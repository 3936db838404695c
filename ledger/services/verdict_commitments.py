"""Take what two verifiers commit to before either shows a verdict (spec: typed-data, ClaimRegistry).

A commitment hides its result; both must be on chain before the first verdict. It has no row of its own: the queued transaction holds
message and signature, and each verifier's key commits once per claim.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.chain.recover import recover_signer
from ledger.chain.typed_data import ClaimState, VerdictCommitment
from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.records.outbox import OutboxRow
from ledger.services import audit
from ledger.services.claims import claim_name, load_claim_row
from ledger.services.context import Work, require_role
from ledger.services.signing import Received, queue, receive
from ledger.services.transactions import find_transaction
from ledger.store import outbox, tables
from ledger.store.errors import AlreadyStored
from ledger.store.repositories import claims, institutions


@dataclass(frozen=True)
class VerdictCommitmentView:
    """A verifier's commitment on a claim; state: queued, anchored, rejected or quarantined."""

    id: str
    claim: str
    verifier: str
    signer: str
    commitment: str
    state: str
    error: str | None


def commit_verdict(work: Work, message: Mapping[str, object], signature: str) -> VerdictCommitmentView:
    """Take a signed commitment on a claim that needs two verifiers, and queue it. The same message again changes nothing.

    Raises:
        NotFound: no such claim.
        Forbidden: the verifier's institution is the claim's.
        InputError: the message is malformed, or names another institution than the actor's.
        SignatureRefused: no verifier's key in force signed it, or it is past its deadline.
        Conflict: the claim is not on chain yet, needs one verifier only, has a verdict already, this key committed to something else,
            or another key of the same institution did: two institutions decide.
    """
    require_role(work, "verifier")
    struct = VerdictCommitment.from_message(message)
    claim = claims.find_claim_by_name(work.session, struct.claim.hex())
    if claim is None:
        raise NotFound("no such claim", hint="the commitment names a claim that this server does not know")
    if claim.institution_id == work.actor.institution:
        raise Forbidden("nobody attests their own claim", hint="a verifier of another institution decides")
    received = receive(work, work.house.contracts.claims, VerdictCommitment, message, signature)
    owner = institutions.find_institution_by_org(work.session, struct.org.hex())
    if owner is None or owner.id != work.actor.institution:
        raise InputError("the commitment names another institution than yours")
    earlier = _find_earlier(work, claim, received)
    if earlier is not None:
        return _view(work, claim, earlier)
    _require_open(work, claim)
    outbox_id = queue(work, work.house.contracts.claims, received, kind="claims.commit", subject=_subject(claim))
    audit.record(
        work,
        "verdict.commit",
        f"{claim.institution_id}:{claim.claim_id}",
        institution=claim.institution_id,
        details={"commitment": struct.commitment.hex(), "signer": received.signer.lower()},
    )
    return _view(work, claim, outbox.get_outbox_row(work.session, outbox_id))


def list_verdict_commitments(work: Work, claim_id: str) -> tuple[VerdictCommitmentView, ...]:
    """Return every commitment on a claim, in the order they came."""
    claim = load_claim_row(work, claim_id)
    return tuple(_view(work, claim, row) for row in outbox.find_outbox_by_subject(work.session, _subject(claim)))


def _find_earlier(work: Work, claim: tables.Claim, received: Received[VerdictCommitment]) -> OutboxRow | None:
    """Return the signer's transaction of the same message; None where nothing of the signer's waits or is anchored.

    Raises:
        AlreadyStored: the signer committed to something else.
    """
    for row in outbox.find_outbox_by_subject(work.session, _subject(claim)):
        struct, signature = work.house.contracts.claims.read_call(VerdictCommitment, row.data)
        if recover_signer(struct.digest(work.house.contracts.claims.domain), signature) != received.signer:
            if struct.org == received.struct.org and find_transaction(work, row.id).state != "rejected":
                raise Conflict("your institution has committed on this claim already", hint="two institutions decide, one key of each")
            continue
        if struct == received.struct:
            return row
        if find_transaction(work, row.id).state != "rejected":
            raise AlreadyStored(
                "this key has committed on this claim already",
                hint="give the verdict that it committed to",
                stored=struct.struct_hash().hex(),
                got=received.struct.struct_hash().hex(),
            )
    return None


def _require_open(work: Work, claim: tables.Claim) -> None:
    stored = work.house.contracts.claims.claim(claim_name(claim))
    if stored.state == ClaimState.UNKNOWN:
        raise Conflict("the claim is not on chain yet", hint="wait until it is submitted")
    if stored.verifiers_required != 2:
        raise Conflict("this claim needs one verifier, who does not commit first", hint="give the verdict")
    if stored.verdicts:
        raise Conflict("commitments closed with the first verdict", hint="the bank claims again if a second verifier is to decide")


def _subject(claim: tables.Claim) -> str:
    return f"claim/{claim.institution_id}/{claim.claim_id}/commitment"


def _view(work: Work, claim: tables.Claim, row: OutboxRow) -> VerdictCommitmentView:
    registry = work.house.contracts.claims
    struct, signature = registry.read_call(VerdictCommitment, row.data)
    owner = institutions.find_institution_by_org(work.session, struct.org.hex())
    transaction = find_transaction(work, row.id)
    return VerdictCommitmentView(
        id=str(row.id),
        claim=f"{claim.institution_id}:{claim.claim_id}",
        verifier="" if owner is None else owner.id,
        signer=recover_signer(struct.digest(registry.domain), signature).lower(),
        commitment=struct.commitment.hex(),
        state=transaction.state,
        error=transaction.error,
    )
