"""Financed statements with their leaves, signatures and anchors."""

from __future__ import annotations

from sqlalchemy import or_
from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, select

from ledger.records.outbox import FINAL, REVERTED
from ledger.store.errors import AlreadyStored
from ledger.store.repositories.attestations import may_sign_anew
from ledger.store.repositories.paging import Page, fetch_page, found, sha256_hex
from ledger.store.repositories.signed import Signed
from ledger.store.tables import FinancedAnchor, FinancedAttestation, FinancedLeaves, FinancedStatement, Outbox


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


def find_last_attested(session: Session, institution_id: str, period_id: str, dataset: str) -> FinancedStatement | None:
    """Return the statement of the dataset's highest revision that waits for the chain or is anchored; None before that."""
    later = aliased(FinancedAttestation)
    again = select(later.id).where(later.statement_id == FinancedAttestation.statement_id, later.attempt > FinancedAttestation.attempt)
    query = (
        select(FinancedStatement)
        .join(FinancedAttestation, col(FinancedAttestation.statement_id) == col(FinancedStatement.id))
        .outerjoin(Outbox, col(Outbox.id) == col(FinancedAttestation.outbox_id))
        .where(
            FinancedStatement.institution_id == institution_id,
            FinancedStatement.period_id == period_id,
            FinancedStatement.dataset == dataset,
            ~again.exists(),
            or_(col(Outbox.id).is_(None), col(Outbox.state) != REVERTED),
        )
        .order_by(col(FinancedStatement.revision).desc(), col(FinancedStatement.id))
    )
    return session.exec(query.limit(1)).one_or_none()


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


def has_later_anchor(session: Session, statement: FinancedStatement) -> bool:
    """Tell whether a later revision of the same dataset and period is anchored: the statement is then superseded."""
    query = (
        select(FinancedAttestation.id)
        .join(Outbox, col(Outbox.id) == col(FinancedAttestation.outbox_id))
        .where(
            FinancedAttestation.institution_id == statement.institution_id,
            FinancedAttestation.period_id == statement.period_id,
            FinancedAttestation.dataset == statement.dataset,
            FinancedAttestation.revision > statement.revision,
            Outbox.state == FINAL,
        )
    )
    return session.exec(query.limit(1)).first() is not None


def add_financed_attestation(session: Session, statement: FinancedStatement, *, digest: str, signed: Signed) -> FinancedAttestation:
    """Add a bank's signed attestation of a statement; the same message again gives the stored row back.

    A second message for the same institution, dataset, period and revision is taken only when the first was refused for good.

    Raises:
        AlreadyStored: another message is there; the facts carry both struct hashes.
    """
    query = select(FinancedAttestation).where(
        FinancedAttestation.institution_id == statement.institution_id,
        FinancedAttestation.period_id == statement.period_id,
        FinancedAttestation.dataset == statement.dataset,
        FinancedAttestation.revision == statement.revision,
    )
    earlier = session.exec(query.order_by(col(FinancedAttestation.attempt).desc()).limit(1)).one_or_none()
    if earlier is not None and earlier.struct_hash == signed.struct_hash:
        return earlier
    if earlier is not None and not may_sign_anew(session, earlier.outbox_id):
        raise AlreadyStored(
            "this period, dataset and revision is attested already",
            hint="a correction is the next revision, with a cause",
            stored=earlier.struct_hash,
            got=signed.struct_hash,
        )
    row = FinancedAttestation(
        statement_id=statement.id,
        institution_id=statement.institution_id,
        dataset=statement.dataset,
        period_id=statement.period_id,
        revision=statement.revision,
        attempt=0 if earlier is None else earlier.attempt + 1,
        digest=digest,
        **signed.columns(),
    )
    session.add(row)
    session.flush()
    return row


def find_financed_attestation(session: Session, statement_id: int) -> FinancedAttestation | None:
    """Return the latest attempt to attest a statement, or None."""
    query = select(FinancedAttestation).where(FinancedAttestation.statement_id == statement_id)
    return session.exec(query.order_by(col(FinancedAttestation.attempt).desc()).limit(1)).one_or_none()


def find_financed_attestation_by_outbox(session: Session, outbox_id: int) -> FinancedAttestation | None:
    """Return the attestation that this transaction carries, or None."""
    return session.exec(select(FinancedAttestation).where(FinancedAttestation.outbox_id == outbox_id)).one_or_none()


def find_financed_anchor(session: Session, attestation_id: int) -> FinancedAnchor | None:
    """Return the latest anchor of the attestation, or None."""
    query = select(FinancedAnchor).where(FinancedAnchor.attestation_id == attestation_id)
    return session.exec(query.order_by(col(FinancedAnchor.id).desc()).limit(1)).one_or_none()
