"""Meters, telemetry bodies in the order of the envelope log, meter-days, log checkpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import func, insert
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from ledger.store.errors import AlreadyStored
from ledger.store.repositories.paging import Page, fetch_page, found, sha256_hex
from ledger.store.repositories.signed import Signed
from ledger.store.tables import LogCheckpoint, Meter, MeterDay, MeterMain, TelemetryBody

_DAYS = MeterDay.metadata.tables["meter_day"]
_NAMES_AT_ONCE = 500


@dataclass(frozen=True)
class StoredDay:
    """A meter's slots of one UTC day (days since 1970-01-01): values as i64 little-endian, one quality byte per slot.

    `registers` is empty, or has bit n % 8 of byte n // 8 set for every slot n whose value a register gave.
    """

    meter_id: str
    day: int
    values: bytes
    quality: bytes
    revision: int = 0
    log_index: int = 0
    registers: bytes = b""


def add_meter(
    session: Session,
    *,
    institution_id: str,
    id: str,
    unit: str,
    quantity: str,
    interval_minutes: int,
    valid_from: int,
    created_by: str,
    at: int,
) -> Meter:
    """Add a meter of a unit.

    Raises:
        AlreadyStored: the institution has a meter of this id.
    """
    row = Meter(
        institution_id=institution_id,
        id=id,
        unit=unit,
        quantity=quantity,
        interval_minutes=interval_minutes,
        valid_from=valid_from,
        created_by=created_by,
        at=at,
    )
    session.add(row)
    session.flush()
    return row


def find_meter(session: Session, institution_id: str, id: str) -> Meter | None:
    """Return the institution's meter, or None."""
    return session.get(Meter, (institution_id, id))


def list_meters(session: Session, institution_id: str, *, limit: int = 100, after: str | None = None) -> Page[Meter, str]:
    """Return the institution's meters by id."""
    query = select(Meter).where(Meter.institution_id == institution_id)
    return fetch_page(session, query, col(Meter.id), lambda row: row.id, limit, after)


def set_main_meter(session: Session, institution_id: str, meter_id: str, main_id: str | None, *, by: str, at: int) -> None:
    """Say which meter another one hangs behind (None: none); the same again changes nothing."""
    latest = _latest_main(session, institution_id, meter_id)
    if (None if latest is None else latest.main_id) == main_id:
        return
    revision = 1 if latest is None else latest.revision + 1
    session.add(MeterMain(institution_id=institution_id, meter_id=meter_id, revision=revision, main_id=main_id, by=by, at=at))
    session.flush()


def find_main_meter(session: Session, institution_id: str, meter_id: str) -> str | None:
    """Return the meter that another one hangs behind, or None."""
    latest = _latest_main(session, institution_id, meter_id)
    return None if latest is None else latest.main_id


def _latest_main(session: Session, institution_id: str, meter_id: str) -> MeterMain | None:
    query = select(MeterMain).where(MeterMain.institution_id == institution_id, MeterMain.meter_id == meter_id)
    return session.exec(query.order_by(col(MeterMain.revision).desc()).limit(1)).one_or_none()


def main_of_meters(session: Session, institution_id: str) -> dict[str, str]:
    """Return meter → the meter it hangs behind, for all meters of an institution that hang behind one."""
    query = select(MeterMain).where(MeterMain.institution_id == institution_id)
    last = {row.meter_id: row.main_id for row in session.exec(query.order_by(col(MeterMain.meter_id), col(MeterMain.revision))).all()}
    return {meter: main for meter, main in last.items() if main is not None}


def add_telemetry_body(
    session: Session, institution_id: str, body: bytes, *, media_type: str, findings: bytes, actor: str, received_at: int
) -> TelemetryBody:
    """Append a body as it came in to the institution's envelope log.

    Raises:
        AlreadyStored: the same bytes are in the log; `log_index` among the facts says where.
    """
    digest = sha256_hex(body)
    earlier = find_telemetry_by_sha256(session, institution_id, digest)
    if earlier is not None:
        raise AlreadyStored("these bytes are in the log already", log_index=earlier.log_index, sha256=digest)
    row = TelemetryBody(
        institution_id=institution_id,
        log_index=count_telemetry(session, institution_id),
        sha256=digest,
        leaf_hash=hashlib.sha256(b"\x00" + body).digest(),
        media_type=media_type,
        received_at=received_at,
        actor=actor,
        findings=findings,
        body=body,
    )
    session.add(row)
    session.flush()
    return row


def count_telemetry(session: Session, institution_id: str) -> int:
    """Return the size of the institution's envelope log."""
    query = select(func.max(col(TelemetryBody.log_index))).where(TelemetryBody.institution_id == institution_id)
    last = session.exec(query).one()
    return 0 if last is None else last + 1


def find_telemetry_by_sha256(session: Session, institution_id: str, sha256: str) -> TelemetryBody | None:
    """Return the log entry of these bytes, or None."""
    query = select(TelemetryBody).where(TelemetryBody.institution_id == institution_id, TelemetryBody.sha256 == sha256)
    return session.exec(query).one_or_none()


def get_telemetry_body(session: Session, institution_id: str, log_index: int) -> TelemetryBody:
    """Return one entry of the envelope log.

    Raises:
        NotFound: the log is shorter.
    """
    row = session.get(TelemetryBody, (institution_id, log_index), populate_existing=True)
    return found(row, "telemetry body", institution=institution_id, log_index=log_index)


def list_telemetry(session: Session, institution_id: str, *, limit: int = 100, after: int | None = None) -> Page[TelemetryBody, int]:
    """Return entries of the envelope log with their findings, ascending, without bodies."""
    query = (
        select(TelemetryBody).where(TelemetryBody.institution_id == institution_id).options(defer(TelemetryBody.body, raiseload=True))  # type: ignore[arg-type]
    )
    return fetch_page(session, query, col(TelemetryBody.log_index), lambda row: row.log_index, limit, after)


def list_leaf_hashes(session: Session, institution_id: str, size: int | None = None) -> list[bytes]:
    """Return the leaf hashes of the envelope log in order, the first `size` of them if given."""
    query = select(TelemetryBody.leaf_hash).where(TelemetryBody.institution_id == institution_id)
    return list(session.exec(query.order_by(col(TelemetryBody.log_index)).limit(size)).all())


def read_leaf_hashes(session: Session, institution_id: str, start: int, end: int) -> list[bytes]:
    """Return the leaf hashes of the entries [start, end) of the envelope log, fewer where it ends before."""
    query = select(TelemetryBody.leaf_hash).where(TelemetryBody.institution_id == institution_id)
    query = query.where(TelemetryBody.log_index >= start, TelemetryBody.log_index < end)
    return list(session.exec(query.order_by(col(TelemetryBody.log_index))).all())


def add_meter_days(session: Session, institution_id: str, log_index: int, days: Sequence[StoredDay]) -> int:
    """Add meter-days that a telemetry body brought, each as the next revision of its day; days equal to the latest are left out.

    `revision` and `log_index` of the items are not read. Returns the number of rows added.
    """
    latest: dict[tuple[str, int], StoredDay] = {}
    for meter_id in sorted({item.meter_id for item in days}):
        numbers = [item.day for item in days if item.meter_id == meter_id]
        for stored in iterate_meter_days(session, institution_id, meter_id, min(numbers), max(numbers)):
            latest[meter_id, stored.day] = stored
    rows = []
    for item in days:
        before = latest.get((item.meter_id, item.day))
        if before is not None and (before.values, before.quality, before.registers) == (item.values, item.quality, item.registers):
            continue
        revision = 0 if before is None else before.revision + 1
        latest[item.meter_id, item.day] = replace(item, revision=revision, log_index=log_index)
        rows.append(latest[item.meter_id, item.day])
    insert_meter_days(session, institution_id, rows)
    return len(rows)


def insert_meter_days(session: Session, institution_id: str, days: Iterable[StoredDay]) -> None:
    """Add revisions of meter-days as they are given."""
    rows = [
        {
            "institution_id": institution_id,
            "meter_id": item.meter_id,
            "day": item.day,
            "revision": item.revision,
            "values": pack_values(item.values),
            "quality": item.quality,
            "registers": item.registers or None,
            "log_index": item.log_index,
        }
        for item in days
    ]
    if rows:
        session.connection().execute(insert(_DAYS), rows)


def pack_values(values: bytes) -> bytes:
    """Return i64 values as i32 where all of them fit and are not negative, else as they are."""
    if len(values) % 8:
        return values
    wide = np.frombuffer(values, dtype="<u8")
    return wide.astype("<i4").tobytes() if len(wide) and int(wide.max()) < 2**31 else values


def unpack_values(stored: bytes, slots: int) -> bytes:
    """Return the i64 values of `pack_values`; what has another length than either is given back as it is."""
    return np.frombuffer(stored, dtype="<i4").astype("<i8").tobytes() if len(stored) == 4 * slots else stored


def _stored_day(row: Any) -> StoredDay:
    values = unpack_values(row.values, len(row.quality))
    return StoredDay(row.meter_id, row.day, values, row.quality, row.revision, row.log_index, row.registers or b"")


def iterate_meter_days(session: Session, institution_id: str, meter_id: str, first_day: int, last_day: int) -> Iterator[StoredDay]:
    """Yield the latest revision of each day from `first_day` to `last_day`, both inclusive, ascending; days without data are absent."""
    columns = _DAYS.c
    query = (
        _DAYS.select()
        .where(columns.institution_id == institution_id, columns.meter_id == meter_id, columns.day.between(first_day, last_day))
        .order_by(columns.day, columns.revision)
    )
    pending: StoredDay | None = None
    for row in session.connection().execute(query):
        if pending is not None and pending.day != row.day:
            yield pending
        pending = _stored_day(row)
    if pending is not None:
        yield pending


def list_days_of_body(session: Session, institution_id: str, log_index: int) -> list[StoredDay]:
    """Return the meter-days that one telemetry body brought, by meter, day and revision."""
    query = _DAYS.select().where(_DAYS.c.institution_id == institution_id, _DAYS.c.log_index == log_index)
    rows = session.connection().execute(query.order_by(_DAYS.c.meter_id, _DAYS.c.day, _DAYS.c.revision))
    return [_stored_day(row) for row in rows]


def list_days_before(
    session: Session, institution_id: str, meters: Sequence[str], first_day: int, last_day: int, log_index: int
) -> dict[tuple[str, int], StoredDay]:
    """Return, by meter and day, the latest revision that entries before `log_index` left, from `first_day` to `last_day`, inclusive."""
    found: dict[tuple[str, int], StoredDay] = {}
    for start in range(0, len(meters), _NAMES_AT_ONCE):
        query = _DAYS.select().where(
            _DAYS.c.institution_id == institution_id,
            _DAYS.c.meter_id.in_(meters[start : start + _NAMES_AT_ONCE]),
            _DAYS.c.day.between(first_day, last_day),
            _DAYS.c.log_index < log_index,
        )
        rows = session.connection().execute(query.order_by(_DAYS.c.meter_id, _DAYS.c.day, _DAYS.c.revision))
        found |= {(row.meter_id, row.day): row for row in map(_stored_day, rows)}
    return found


def list_bodies_of_days(session: Session, institution_id: str) -> list[int]:
    """Return the log indices that the institution's meter-days name, ascending."""
    query = select(_DAYS.c.log_index).where(_DAYS.c.institution_id == institution_id).distinct()
    return list(session.connection().execute(query.order_by(_DAYS.c.log_index)).scalars().all())


def add_log_checkpoint(session: Session, institution_id: str, size: int, root: str, signed: Signed) -> LogCheckpoint:
    """Add a signed root of the envelope log at `size`.

    Raises:
        AlreadyStored: this very message is there.
    """
    row = LogCheckpoint(institution_id=institution_id, size=size, root=root, **signed.columns())
    session.add(row)
    session.flush()
    return row


def find_checkpoint(session: Session, struct_hash: str) -> LogCheckpoint | None:
    """Return the checkpoint whose message has this struct hash, or None."""
    return session.exec(select(LogCheckpoint).where(LogCheckpoint.struct_hash == struct_hash)).one_or_none()


def list_checkpoints(session: Session, institution_id: str, *, limit: int = 100, after: int | None = None) -> Page[LogCheckpoint, int]:
    """Return the institution's checkpoints in the order they came."""
    query = select(LogCheckpoint).where(LogCheckpoint.institution_id == institution_id)
    return fetch_page(session, query, col(LogCheckpoint.id), lambda row: row.id, limit, after)


def find_last_day(session: Session, institution_id: str, meter_id: str) -> int | None:
    """Return the last UTC day (days since 1970-01-01) of which something is stored of a meter, or None."""
    query = select(func.max(col(MeterDay.day))).where(MeterDay.institution_id == institution_id, MeterDay.meter_id == meter_id)
    return session.exec(query).one()
