"""Where a statement stands on its way: draft, rejected, signed, queued, anchored, verified, superseded.

The state is derived from what happened (attestations, transactions, claims); nothing stores it.
"""

from __future__ import annotations

from ledger.chain.typed_data import ClaimState
from ledger.identifiers import sid
from ledger.services.context import Work
from ledger.services.transactions import find_transaction
from ledger.store import tables
from ledger.store.repositories import attestations, claims, statements


def find_statement_state(work: Work, row: tables.Statement) -> str:
    """Return the state of a statement."""
    states = attestation_states(work, row)
    if not states:
        return "rejected" if row.has_errors else "draft"
    if "rejected" in states.values():
        return "rejected"
    if set(states.values()) != {"anchored"}:
        return "queued"
    last = last_attested(work, row.institution_id, row.period_id)
    if last is not None and last.revision > row.revision and set(attestation_states(work, last).values()) == {"anchored"}:
        return "superseded"
    return "verified" if _is_verified(work, row) else "anchored"


def attestation_states(work: Work, row: tables.Statement) -> dict[str, str]:
    """Return the state of each attested dataset of a statement, the latest attempt only."""
    latest = {item.dataset: item for item in attestations.list_statement_attestations(work.session, row.id)}
    return {dataset: find_transaction(work, item.outbox_id).state for dataset, item in latest.items()}


def last_attested(work: Work, institution: str, period: str) -> tables.Statement | None:
    """Return the statement of the period's highest revision that was signed and not refused for good; None before the first."""
    found: tables.Statement | None = None
    after: int | None = None
    while True:
        page = statements.list_statements(work.session, institution_id=institution, period_id=period, limit=500, after=after)
        for row in page.items:
            states = attestation_states(work, row)
            if states and "rejected" not in states.values() and (found is None or row.revision > found.revision):
                found = row
        if page.next_after is None:
            return found
        after = page.next_after


def _is_verified(work: Work, row: tables.Statement) -> bool:
    package = statements.find_latest_package(work.session, row.id)
    if package is None:
        return False
    for claim in claims.list_claims(work.session, institution_id=row.institution_id, limit=500).items:
        if claim.package_hash == package.hash:
            name = sid("claim", f"{claim.institution_id}/{claim.claim_id}")
            if work.house.contracts.claims.claim_state(name) in (ClaimState.ATTESTED, ClaimState.CERTIFIED):
                return True
    return False
