"""The versions of an institution's analysis policy."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.store.repositories.paging import found, sha256_hex
from ledger.store.tables import AnalysisPolicy


def add_analysis_policy(session: Session, institution_id: str, document: bytes, *, actor: str, at: int) -> AnalysisPolicy:
    """Add the next version of the policy (canonical bytes); the same bytes as the latest give the latest back."""
    latest = find_latest_analysis_policy(session, institution_id)
    digest = sha256_hex(document)
    if latest is not None and latest.hash == digest:
        return latest
    version = 1 if latest is None else latest.version + 1
    row = AnalysisPolicy(institution_id=institution_id, version=version, hash=digest, document=document, actor=actor, at=at)
    session.add(row)
    session.flush()
    return row


def find_latest_analysis_policy(session: Session, institution_id: str) -> AnalysisPolicy | None:
    """Return the latest version of the institution's policy, or None."""
    query = select(AnalysisPolicy).where(AnalysisPolicy.institution_id == institution_id)
    return session.exec(query.order_by(col(AnalysisPolicy.version).desc()).limit(1)).one_or_none()


def get_analysis_policy(session: Session, institution_id: str, version: int) -> AnalysisPolicy:
    """Return one version of the institution's policy.

    Raises:
        NotFound: there is none.
    """
    query = select(AnalysisPolicy).where(AnalysisPolicy.institution_id == institution_id, AnalysisPolicy.version == version)
    return found(session.exec(query).one_or_none(), "analysis policy", institution=institution_id, version=version)
