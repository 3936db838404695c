"""Where a statement stands on its way: draft, rejected, signed, queued, anchored, verified, superseded.

The state is derived from what happened (attestations, transactions, claims); nothing stores it.
"""

from __future__ import annotations

from ledger.chain.typed_data import ClaimState
from ledger.services.attested import latest_attestations
from ledger.services.context import Work
from ledger.services.transactions import find_transaction
from ledger.store import tables
from ledger.store.repositories import attestations, claims
from ledger.store.repositories.attested import STATEMENTS


def find_statement_state(work: Work, row: tables.Statement) -> str:
    """Return the state of a statement."""
    states = attestation_states(work, row)
    if not states:
        return "rejected" if row.has_errors else "draft"
    if "rejected" in states.values():
        return "rejected"
    if set(states.values()) != {"anchored"}:
        return "queued"
    if attestations.has_later_anchor(work.session, row):
        return "superseded"
    return "verified" if _is_verified(work, row) else "anchored"


def attestation_states(work: Work, row: tables.Statement) -> dict[str, str]:
    """Return the state of each attested dataset of a statement, the latest attempt only."""
    latest = latest_attestations(work, STATEMENTS, row)
    return {dataset: find_transaction(work, item.outbox_id).state for dataset, item in latest.items()}


def last_attested(work: Work, institution: str, period: str) -> tables.Statement | None:
    """Return the statement of the period's highest revision of which a dataset waits for the chain or is anchored; None before that."""
    return attestations.find_last_attested_statement(work.session, institution, period)


def _is_verified(work: Work, row: tables.Statement) -> bool:
    names = {bytes.fromhex(claim.name) for claim in claims.list_statement_claims(work.session, row.id)}
    registry = work.house.contracts.claims
    return any(registry.claim_state(name) in (ClaimState.ATTESTED, ClaimState.CERTIFIED) for name in names)
