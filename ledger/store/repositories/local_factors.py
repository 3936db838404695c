"""Local factors as banks submitted them, and what the centre decided about each."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.store.repositories.paging import Page, fetch_page, found, sha256_hex
from ledger.store.tables import LocalFactor, LocalFactorReview


def add_local_factor(session: Session, *, institution_id: str, factor: str, document: bytes, submitted_by: str, at: int) -> LocalFactor:
    """Add a local factor (canonical bytes); the same bytes again give the stored row back."""
    digest = sha256_hex(document)
    earlier = session.exec(select(LocalFactor).where(LocalFactor.hash == digest)).one_or_none()
    if earlier is not None:
        return earlier
    row = LocalFactor(institution_id=institution_id, factor=factor, hash=digest, document=document, submitted_by=submitted_by, at=at)
    session.add(row)
    session.flush()
    return row


def find_local_factor(session: Session, id: int) -> LocalFactor | None:
    """Return the local factor with this number, or None."""
    return session.get(LocalFactor, id)


def get_local_factor(session: Session, id: int) -> LocalFactor:
    """Return the local factor with this number.

    Raises:
        NotFound: there is none.
    """
    return found(find_local_factor(session, id), "local factor", id=id)


def list_local_factors(
    session: Session, *, institution_id: str | None = None, limit: int = 100, after: int | None = None
) -> Page[LocalFactor, int]:
    """Return local factors in the order they were submitted, of one institution if given."""
    query = select(LocalFactor)
    if institution_id is not None:
        query = query.where(LocalFactor.institution_id == institution_id)
    return fetch_page(session, query, col(LocalFactor.id), lambda row: row.id, limit, after)


def add_review(session: Session, local_factor_id: int, *, decision: str, reason: str, reviewed_by: str, at: int) -> LocalFactorReview:
    """Add the decision about a local factor.

    Raises:
        AlreadyStored: it was decided before.
    """
    row = LocalFactorReview(local_factor_id=local_factor_id, decision=decision, reason=reason, reviewed_by=reviewed_by, at=at)
    session.add(row)
    session.flush()
    return row


def find_review(session: Session, local_factor_id: int) -> LocalFactorReview | None:
    """Return the decision about a local factor, or None."""
    return session.exec(select(LocalFactorReview).where(LocalFactorReview.local_factor_id == local_factor_id)).one_or_none()


def list_accepted_local_factors(session: Session) -> list[LocalFactor]:
    """Return the accepted local factors in the order in which they were accepted."""
    query = (
        select(LocalFactor)
        .join(LocalFactorReview, col(LocalFactorReview.local_factor_id) == col(LocalFactor.id))
        .where(LocalFactorReview.decision == "accepted")
        .order_by(col(LocalFactorReview.id))
    )
    return list(session.exec(query).all())
