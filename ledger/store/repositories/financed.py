"""Financed statements with their leaves."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.records.outbox import FINAL
from ledger.store.repositories.attested import FINANCED_STATEMENTS
from ledger.store.repositories.paging import found, sha256_hex
from ledger.store.tables import FinancedAttestation, FinancedLeaves, FinancedStatement, Outbox


def add_financed_statement(
    session: Session,
    *,
    institution_id: str,
    period_id: str,
    dataset: str,
    method: str,
    revision: int,
    cause: str,
    supersedes: str | None,
    document: bytes,
    findings: bytes,
    library_hash: str,
    leaves: bytes,
    prepared_by: str,
    at: int,
) -> FinancedStatement:
    """Add a statement (canonical bytes) with the packed columns of its leaves; the same bytes again give the stored row back.

    Raises:
        RowRefused: the library release or the superseded statement is not stored, or cause and revision do not go together.
    """
    digest = sha256_hex(document)
    earlier = FINANCED_STATEMENTS.find_statement_by_hash(session, digest)
    if earlier is not None:
        return earlier
    row = FinancedStatement(
        institution_id=institution_id,
        period_id=period_id,
        dataset=dataset,
        method=method,
        revision=revision,
        cause=cause,
        supersedes=supersedes,
        hash=digest,
        document=document,
        findings=findings,
        library_hash=library_hash,
        prepared_by=prepared_by,
        at=at,
    )
    session.add(row)
    session.flush()
    session.add(FinancedLeaves(statement_id=row.id, size=len(leaves) // 128, sha256=sha256_hex(leaves), leaves=leaves))
    session.flush()
    return row


def get_leaves(session: Session, statement_id: int) -> FinancedLeaves:
    """Return the leaves of a statement.

    Raises:
        NotFound: there are none.
    """
    return found(session.get(FinancedLeaves, statement_id), "leaves", statement=statement_id)


def list_anchored(session: Session, period_id: str) -> list[FinancedStatement]:
    """Return, for a period's id, the anchored statement of the highest revision of every institution and dataset, in their order."""
    query = (
        select(FinancedStatement)
        .join(FinancedAttestation, col(FinancedAttestation.statement_id) == col(FinancedStatement.id))
        .join(Outbox, col(Outbox.id) == col(FinancedAttestation.outbox_id))
        .where(FinancedStatement.period_id == period_id, Outbox.state == FINAL)
        .order_by(col(FinancedStatement.institution_id), col(FinancedStatement.dataset), col(FinancedStatement.revision))
    )
    # Ascending, so that the last one of a key stays.
    latest = {(row.institution_id, row.dataset): row for row in session.exec(query).all()}
    return list(latest.values())
