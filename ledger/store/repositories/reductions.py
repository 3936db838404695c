"""Statements of reductions with their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from ledger.merkle.dataset_schema import REDUCTIONS
from ledger.store.repositories.attested import REDUCTION_STATEMENTS
from ledger.store.repositories.paging import sha256_hex
from ledger.store.tables import ReductionEvidence, ReductionStatement


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
    earlier = REDUCTION_STATEMENTS.find_statement_by_hash(session, digest)
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
