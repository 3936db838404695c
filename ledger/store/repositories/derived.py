"""What was derived of the envelope log: how far, what was found, and the points of registers by day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, insert
from sqlmodel import Session, select

from ledger.store.repositories.metering import count_telemetry
from ledger.store.tables import Institution, RegisterDay, TelemetryBody, TelemetryDerivation

_DERIVATIONS = TelemetryDerivation.metadata.tables["telemetry_derivation"]
_POINTS = RegisterDay.metadata.tables["register_day"]
_BODIES = TelemetryBody.metadata.tables["telemetry_body"]


@dataclass(frozen=True)
class Derivation:
    """What became of an entry of the log when it was derived: days that it changed, and the `lingtan.findings/1` bytes."""

    log_index: int
    days: int
    register_days: int
    findings: bytes = field(repr=False)
    at: int


@dataclass(frozen=True)
class StoredPoints:
    """The points of a meter's register on one UTC day, as register_day has them."""

    meter_id: str
    day: int
    points: bytes = field(repr=False)
    revision: int = 0
    log_index: int = 0


@dataclass(frozen=True)
class LogEntry:
    """An entry of the envelope log as derivation needs it."""

    log_index: int
    media_type: str
    received_at: int
    body: bytes = field(repr=False)


def count_derived(session: Session, institution_id: str) -> int:
    """Return how many entries of the log, from its beginning, are derived."""
    query = select(func.max(_DERIVATIONS.c.log_index)).where(_DERIVATIONS.c.institution_id == institution_id)
    last = session.connection().execute(query).scalar_one()
    return 0 if last is None else int(last) + 1


def list_behind(session: Session) -> dict[str, int]:
    """Return institution → entries that wait to be derived, for those that have any."""
    # One look at the end of an index each: grouping would read all of it.
    behind = {}
    for institution in session.exec(select(Institution.id)).all():
        waiting = count_telemetry(session, institution) - count_derived(session, institution)
        if waiting > 0:
            behind[institution] = waiting
    return behind


def list_entries(session: Session, institution_id: str, start: int, limit: int) -> list[LogEntry]:
    """Return up to `limit` entries of the log from `start` on."""
    columns = _BODIES.c
    query = select(columns.log_index, columns.media_type, columns.received_at, columns.body).where(
        columns.institution_id == institution_id, columns.log_index >= start
    )
    rows = session.connection().execute(query.order_by(columns.log_index).limit(limit))
    return [LogEntry(row.log_index, row.media_type, row.received_at, row.body) for row in rows]


def add_derivations(session: Session, institution_id: str, derivations: Sequence[Derivation]) -> None:
    """Add what became of entries, in the order of the log.

    Raises:
        AlreadyStored: one of them was derived before.
    """
    rows = [
        {
            "institution_id": institution_id,
            "log_index": item.log_index,
            "days": item.days,
            "register_days": item.register_days,
            "findings": item.findings,
            "at": item.at,
        }
        for item in derivations
    ]
    if rows:
        session.connection().execute(insert(_DERIVATIONS), rows)


def list_derivations(session: Session, institution_id: str, indices: Sequence[int]) -> dict[int, Derivation]:
    """Return what became of these entries, of those that are derived."""
    columns = _DERIVATIONS.c
    query = _DERIVATIONS.select().where(columns.institution_id == institution_id, columns.log_index.in_(list(indices)))
    rows = session.connection().execute(query)
    return {row.log_index: Derivation(row.log_index, row.days, row.register_days, row.findings, row.at) for row in rows}


def insert_register_days(session: Session, institution_id: str, days: Iterable[StoredPoints]) -> None:
    """Add revisions of register-days as they are given."""
    rows = [
        {
            "institution_id": institution_id,
            "meter_id": item.meter_id,
            "day": item.day,
            "revision": item.revision,
            "points": item.points,
            "log_index": item.log_index,
        }
        for item in days
    ]
    if rows:
        session.connection().execute(insert(_POINTS), rows)


def list_points_before(
    session: Session, institution_id: str, meter_id: str, first_day: int, last_day: int, log_index: int
) -> dict[int, StoredPoints]:
    """Return, by day, the latest points that entries before `log_index` left, from `first_day` to `last_day`, both inclusive."""
    columns = _POINTS.c
    query = _POINTS.select().where(
        columns.institution_id == institution_id,
        columns.meter_id == meter_id,
        columns.day.between(first_day, last_day),
        columns.log_index < log_index,
    )
    rows = session.connection().execute(query.order_by(columns.day, columns.revision))
    return {row.day: StoredPoints(row.meter_id, row.day, row.points, row.revision, row.log_index) for row in rows}


def find_point_day(session: Session, institution_id: str, meter_id: str, day: int, log_index: int, *, later: bool) -> int | None:
    """Return the nearest day before `day` (or after it) of which entries before `log_index` brought points, or None."""
    columns = _POINTS.c
    nearest = func.min(columns.day) if later else func.max(columns.day)
    beyond = columns.day > day if later else columns.day < day
    query = select(nearest).where(
        columns.institution_id == institution_id, columns.meter_id == meter_id, beyond, columns.log_index < log_index
    )
    found: int | None = session.connection().execute(query).scalar_one()
    return found


def list_points_of_body(session: Session, institution_id: str, log_index: int) -> list[StoredPoints]:
    """Return the register-days that one entry brought, by meter and day."""
    query = _POINTS.select().where(_POINTS.c.institution_id == institution_id, _POINTS.c.log_index == log_index)
    rows = session.connection().execute(query.order_by(_POINTS.c.meter_id, _POINTS.c.day, _POINTS.c.revision))
    return [StoredPoints(row.meter_id, row.day, row.points, row.revision, row.log_index) for row in rows]


def list_bodies_of_points(session: Session, institution_id: str) -> list[int]:
    """Return the log indices that the institution's register-days name, ascending."""
    query = select(_POINTS.c.log_index).where(_POINTS.c.institution_id == institution_id).distinct()
    return list(session.connection().execute(query.order_by(_POINTS.c.log_index)).scalars().all())
