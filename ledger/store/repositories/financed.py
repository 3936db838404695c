"""Financed statements with their leaves, signatures and anchors."""

from __future__ import annotations

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from ledger.records.outbox import FINAL
from ledger.store.repositories.attested import Attested
from ledger.store.repositories.paging import Page, fetch_page, found, sha256_hex
from ledger.store.tables import FinancedAnchor, FinancedAttestation, FinancedLeaves, FinancedStatement, Outbox

_ATTESTED = Attested(FinancedStatement, FinancedAttestation, FinancedAnchor)
find_last_attested = _ATTESTED.find_last_attested
has_later_anchor = _ATTESTED.has_later_anchor
add_financed_attestation = _ATTESTED.add_attestation
find_financed_attestation = _ATTESTED.find_attestation
find_financed_attestation_by_outbox = _ATTESTED.find_attestation_by_outbox
find_financed_anchor = _ATTESTED.find_anchor


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
    earlier = find_financed_by_hash(session, digest)
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


def find_financed_statement(session: Session, id: int) -> FinancedStatement | None:
    """Return the statement with this number, or None."""
    return session.get(FinancedStatement, id, populate_existing=True)


def get_financed_statement(session: Session, id: int) -> FinancedStatement:
    """Return the statement with this number.

    Raises:
        NotFound: there is none.
    """
    return found(find_financed_statement(session, id), "financed statement", id=id)


def find_financed_by_hash(session: Session, hash: str) -> FinancedStatement | None:
    """Return the statement whose document has this hash, or None."""
    return session.exec(select(FinancedStatement).where(FinancedStatement.hash == hash)).one_or_none()


def get_leaves(session: Session, statement_id: int) -> FinancedLeaves:
    """Return the leaves of a statement.

    Raises:
        NotFound: there are none.
    """
    return found(session.get(FinancedLeaves, statement_id), "leaves", statement=statement_id)


def list_financed_statements(
    session: Session, *, institution_id: str | None = None, period_id: str | None = None, limit: int = 100, after: int | None = None
) -> Page[FinancedStatement, int]:
    """Return statements in the order they came, without documents and findings."""
    query = select(FinancedStatement).options(
        defer(FinancedStatement.document, raiseload=True),  # type: ignore[arg-type]
        defer(FinancedStatement.findings, raiseload=True),  # type: ignore[arg-type]
    )
    if institution_id is not None:
        query = query.where(FinancedStatement.institution_id == institution_id)
    if period_id is not None:
        query = query.where(FinancedStatement.period_id == period_id)
    return fetch_page(session, query, col(FinancedStatement.id), lambda row: row.id, limit, after)


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
