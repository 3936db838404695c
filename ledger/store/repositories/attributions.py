"""Attributions under tokens: what banks handed in for matching, and the tokens whose shares add up to more than one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from ledger.store.tables import Attribution, AttributionBatch

WHOLE = 10**9
_ROWS = Attribution.metadata.tables["attribution"]
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Share:
    """One exposure's share of its borrower in billionths, rounded down and up, under the token."""

    token: bytes
    exposure: bytes
    floor_e9: int
    ceil_e9: int


@dataclass(frozen=True)
class Above:
    """A token whose shares, rounded down, add up to more than one: with which banks, and how much at least and at most."""

    token: bytes
    institutions: tuple[str, ...]
    floor_e9: int
    ceil_e9: int


def add_batch(
    session: Session,
    *,
    institution_id: str,
    period_id: str,
    method: str,
    digest: str,
    shares: Iterable[Share],
    size: int,
    submitted_by: str,
    at: int,
) -> AttributionBatch:
    """Add the next version of what a bank handed in; the same digest as the latest gives the latest back."""
    latest = find_latest_batch(session, institution_id, period_id, method)
    if latest is not None and latest.digest == digest:
        return latest
    row = AttributionBatch(
        institution_id=institution_id,
        period_id=period_id,
        method=method,
        version=1 if latest is None else latest.version + 1,
        digest=digest,
        size=size,
        submitted_by=submitted_by,
        at=at,
    )
    session.add(row)
    session.flush()
    batch: list[dict[str, object]] = []
    for line, share in enumerate(shares, start=1):
        batch.append(
            {
                "batch_id": row.id,
                "line": line,
                "token": share.token,
                "exposure": share.exposure,
                "floor_e9": share.floor_e9,
                "ceil_e9": share.ceil_e9,
            }
        )
        if len(batch) == _AT_ONCE:
            session.connection().execute(insert(_ROWS), batch)
            batch = []
    if batch:
        session.connection().execute(insert(_ROWS), batch)
    return row


def find_latest_batch(session: Session, institution_id: str, period_id: str, method: str) -> AttributionBatch | None:
    """Return the latest version of what an institution handed in for a period and method, or None."""
    query = select(AttributionBatch).where(
        AttributionBatch.institution_id == institution_id, AttributionBatch.period_id == period_id, AttributionBatch.method == method
    )
    return session.exec(query.order_by(col(AttributionBatch.version).desc()).limit(1)).one_or_none()


def list_above_one(session: Session, period_id: str, method: str) -> list[Above]:
    """Return the tokens of a period and method whose shares exceed one over all banks' latest versions, in the order of tokens."""
    banks = _latest_batches(session, period_id, method)
    if not banks:
        return []
    mine = col(Attribution.batch_id).in_(banks)
    floors, ceils = func.sum(col(Attribution.floor_e9)), func.sum(col(Attribution.ceil_e9))
    query = select(Attribution.token, floors, ceils).where(mine).group_by(col(Attribution.token)).having(floors > WHOLE)
    made = []
    for token, floor, ceil in session.exec(query.order_by(col(Attribution.token))).all():
        batches = session.exec(select(Attribution.batch_id).where(mine, Attribution.token == token).distinct()).all()
        made.append(Above(token, tuple(sorted({banks[batch] for batch in batches})), int(floor), int(ceil)))
    return made


def list_own_above_one(session: Session, institution_id: str, period_id: str, method: str) -> list[bytes]:
    """Return the pseudonyms of an institution's own exposures whose borrower's shares exceed one over all banks, in their order."""
    latest = find_latest_batch(session, institution_id, period_id, method)
    if latest is None:
        return []
    tokens = [item.token for item in list_above_one(session, period_id, method) if institution_id in item.institutions]
    own: list[bytes] = []
    for token in tokens:
        own += session.exec(select(Attribution.exposure).where(Attribution.batch_id == latest.id, Attribution.token == token)).all()
    return sorted(own)


def _latest_batches(session: Session, period_id: str, method: str) -> dict[int, str]:
    """Return the number and institution of every bank's latest version."""
    query = select(AttributionBatch).where(AttributionBatch.period_id == period_id, AttributionBatch.method == method)
    latest = {row.institution_id: row.id for row in session.exec(query.order_by(col(AttributionBatch.version))).all()}
    return {id: institution for institution, id in latest.items()}
