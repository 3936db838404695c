"""Reporting periods and the versions of their activity data."""

from __future__ import annotations

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from ledger.store.repositories.paging import Page, fetch_page, found, sha256_hex
from ledger.store.tables import ActivityVersion, Period


def add_period(session: Session, *, institution_id: str, id: str, start: int, end: int, timezone: str, created_by: str, at: int) -> Period:
    """Add a period [start, end) in Unix seconds. That it overlaps no other is for the caller to see to (`find_overlapping_period`).

    Raises:
        AlreadyStored: the institution has a period of this id.
    """
    row = Period(institution_id=institution_id, id=id, start=start, end=end, timezone=timezone, created_by=created_by, at=at)
    session.add(row)
    session.flush()
    return row


def find_period(session: Session, institution_id: str, id: str) -> Period | None:
    """Return the institution's period, or None."""
    return session.get(Period, (institution_id, id))


def get_period(session: Session, institution_id: str, id: str) -> Period:
    """Return the institution's period.

    Raises:
        NotFound: there is none.
    """
    return found(find_period(session, institution_id, id), "period", institution=institution_id, id=id)


def find_overlapping_period(session: Session, institution_id: str, start: int, end: int) -> Period | None:
    """Return the earliest period of the institution that shares a second with [start, end), or None."""
    query = select(Period).where(Period.institution_id == institution_id, Period.start < end, Period.end > start)
    return session.exec(query.order_by(col(Period.start)).limit(1)).one_or_none()


def list_periods(session: Session, institution_id: str, *, limit: int = 100, after: str | None = None) -> Page[Period, str]:
    """Return the institution's periods by id."""
    query = select(Period).where(Period.institution_id == institution_id)
    return fetch_page(session, query, col(Period.id), lambda row: row.id, limit, after)


def list_periods_in_time(session: Session, institution_id: str, *, before: int | None = None) -> list[Period]:
    """Return all periods of the institution in order of time; with `before` (Unix seconds) those that end by then."""
    query = select(Period).where(Period.institution_id == institution_id)
    if before is not None:
        query = query.where(Period.end <= before)
    return list(session.exec(query.order_by(col(Period.start))))


def add_activity_version(
    session: Session, institution_id: str, period_id: str, document: bytes, *, findings: bytes, has_errors: bool, actor: str, at: int
) -> ActivityVersion:
    """Add the next version of the period's activity data (canonical bytes); the same bytes as the latest give the latest back."""
    latest = find_latest_activity(session, institution_id, period_id)
    digest = sha256_hex(document)
    if latest is not None and latest.hash == digest and latest.findings == findings:
        return latest
    row = ActivityVersion(
        institution_id=institution_id,
        period_id=period_id,
        version=1 if latest is None else latest.version + 1,
        hash=digest,
        document=document,
        findings=findings,
        has_errors=has_errors,
        actor=actor,
        at=at,
    )
    session.add(row)
    session.flush()
    return row


def find_latest_activity(session: Session, institution_id: str, period_id: str) -> ActivityVersion | None:
    """Return the latest activity data of the period, or None."""
    query = select(ActivityVersion).where(ActivityVersion.institution_id == institution_id, ActivityVersion.period_id == period_id)
    return session.exec(query.order_by(col(ActivityVersion.version).desc()).limit(1)).one_or_none()


def find_activity_by_id(session: Session, id: int) -> ActivityVersion | None:
    """Return the version of activity data with this number, or None."""
    return session.get(ActivityVersion, id, populate_existing=True)


def list_activity_versions(
    session: Session, institution_id: str, period_id: str, *, limit: int = 100, after: int | None = None
) -> Page[ActivityVersion, int]:
    """Return the versions of the period's activity data, ascending, without documents and findings."""
    query = (
        select(ActivityVersion)
        .where(ActivityVersion.institution_id == institution_id, ActivityVersion.period_id == period_id)
        .options(
            defer(ActivityVersion.document, raiseload=True),  # type: ignore[arg-type]
            defer(ActivityVersion.findings, raiseload=True),  # type: ignore[arg-type]
        )
    )
    return fetch_page(session, query, col(ActivityVersion.version), lambda row: row.version, limit, after)
