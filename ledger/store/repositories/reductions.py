"""Statements of reductions with their evidence, signatures and anchors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from ledger.merkle.dataset_schema import REDUCTIONS
from ledger.store.repositories.attested import Attested
from ledger.store.repositories.paging import Page, fetch_page, found, sha256_hex
from ledger.store.tables import ReductionAnchor, ReductionAttestation, ReductionEvidence, ReductionStatement

_ATTESTED = Attested(ReductionStatement, ReductionAttestation, ReductionAnchor)
find_last_attested = _ATTESTED.find_last_attested
has_later_anchor = _ATTESTED.has_later_anchor
add_reduction_attestation = _ATTESTED.add_attestation
find_reduction_attestation = _ATTESTED.find_attestation
find_reduction_attestation_by_outbox = _ATTESTED.find_attestation_by_outbox
find_reduction_anchor = _ATTESTED.find_anchor


@dataclass(frozen=True)
class KeptEvidence:
    """Bytes that a statement rests on: `kind` input, answer or file; `name` of the project or the file."""

    kind: str
    name: str
    content: bytes = field(repr=False)


def add_reduction_statement(
    session: Session,
    *,
    institution_id: str,
    period_id: str,
    revision: int,
    cause: str,
    supersedes: str | None,
    document: bytes,
    findings: bytes,
    library_hash: str,
    evidence: Sequence[KeptEvidence],
    prepared_by: str,
    at: int,
) -> ReductionStatement:
    """Add a statement (canonical bytes) with what it rests on; the same bytes again give the stored row back.

    Raises:
        RowRefused: the library release or the superseded statement is not stored, or cause and revision do not go together.
    """
    digest = sha256_hex(document)
    earlier = find_reductions_by_hash(session, digest)
    if earlier is not None:
        return earlier
    row = ReductionStatement(
        institution_id=institution_id,
        period_id=period_id,
        dataset=REDUCTIONS,
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
    # Two projects may rest on one file: it is kept once.
    for (kind, name, sha256), content in {(item.kind, item.name, sha256_hex(item.content)): item.content for item in evidence}.items():
        session.add(ReductionEvidence(statement_id=row.id, kind=kind, name=name, sha256=sha256, content=content))
    session.flush()
    return row


def find_reduction_statement(session: Session, id: int) -> ReductionStatement | None:
    """Return the statement with this number, or None."""
    return session.get(ReductionStatement, id, populate_existing=True)


def get_reduction_statement(session: Session, id: int) -> ReductionStatement:
    """Return the statement with this number.

    Raises:
        NotFound: there is none.
    """
    return found(find_reduction_statement(session, id), "statement of reductions", id=id)


def find_reductions_by_hash(session: Session, hash: str) -> ReductionStatement | None:
    """Return the statement whose document has this hash, or None."""
    return session.exec(select(ReductionStatement).where(ReductionStatement.hash == hash)).one_or_none()


def list_reduction_statements(
    session: Session, *, institution_id: str | None = None, period_id: str | None = None, limit: int = 100, after: int | None = None
) -> Page[ReductionStatement, int]:
    """Return statements in the order they came, without documents and findings."""
    query = select(ReductionStatement).options(
        defer(ReductionStatement.document, raiseload=True),  # type: ignore[arg-type]
        defer(ReductionStatement.findings, raiseload=True),  # type: ignore[arg-type]
    )
    if institution_id is not None:
        query = query.where(ReductionStatement.institution_id == institution_id)
    if period_id is not None:
        query = query.where(ReductionStatement.period_id == period_id)
    return fetch_page(session, query, col(ReductionStatement.id), lambda row: row.id, limit, after)


def find_evidence(session: Session, statement_id: int, sha256: str) -> ReductionEvidence | None:
    """Return bytes with this hash that the statement rests on, or None."""
    query = select(ReductionEvidence).where(ReductionEvidence.statement_id == statement_id, ReductionEvidence.sha256 == sha256)
    return session.exec(query.order_by(col(ReductionEvidence.kind), col(ReductionEvidence.name)).limit(1)).one_or_none()


def list_evidence(session: Session, statement_id: int) -> list[ReductionEvidence]:
    """Return what the statement rests on, by kind and name, without the bytes."""
    query = select(ReductionEvidence).where(ReductionEvidence.statement_id == statement_id)
    query = query.options(defer(ReductionEvidence.content, raiseload=True))  # type: ignore[arg-type]
    order = (col(ReductionEvidence.kind), col(ReductionEvidence.name), col(ReductionEvidence.sha256))
    return list(session.exec(query.order_by(*order)).all())
