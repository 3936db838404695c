"""Devices, their enrolment codes and keys, which of them speaks for a meter, and fittings of meters."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from sqlalchemy import func
from sqlmodel import Session, col, select

from ledger.store.repositories.metering import count_telemetry
from ledger.store.repositories.paging import Page, fetch_page
from ledger.store.tables import Device, EnrolmentCode, EnrolmentCodeUse, Fitting, Meter, MeterDevice, TelemetryBody
from ledger.store.tables import DeviceKey as KeyRow
from ledger.store.tables import DeviceKeyEnd as KeyEndRow


@dataclass(frozen=True)
class DeviceKey:
    """A key in the books: its device, the 32 bytes of it, and, once it is revoked, the greatest seq that it still signs (else None)."""

    institution: str
    device: str
    kid: str
    public_key: bytes = field(repr=False)
    last_seq: int | None
    serial: str
    enrolled_by: str
    enrolled_at: int


@dataclass(frozen=True)
class StoredFitting:
    """What hangs on a meter's place from the Unix second `since` on: the document of the envelope log's entry `log_index`."""

    meter: str
    since: int
    log_index: int
    document: bytes = field(repr=False)


def compute_kid(public_key: bytes) -> str:
    """Return the name of a key: the first 16 hex of its SHA-256 (spec: metering §1)."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def add_device(session: Session, *, institution_id: str, id: str, kind: str, site: str, serial: str, created_by: str, at: int) -> Device:
    """Add a device.

    Raises:
        AlreadyStored: the institution has a device of this id.
    """
    row = Device(institution_id=institution_id, id=id, kind=kind, site=site, serial=serial, created_by=created_by, at=at)
    session.add(row)
    session.flush()
    return row


def find_device(session: Session, institution_id: str, id: str) -> Device | None:
    """Return the institution's device, or None."""
    return session.get(Device, (institution_id, id))


def list_devices(session: Session, institution_id: str, *, limit: int = 100, after: str | None = None) -> Page[Device, str]:
    """Return the institution's devices by id."""
    query = select(Device).where(Device.institution_id == institution_id)
    return fetch_page(session, query, col(Device.id), lambda row: row.id, limit, after)


def add_enrolment_code(
    session: Session, *, hash: str, institution_id: str, device_id: str, created_by: str, created_at: int, expires_at: int
) -> EnrolmentCode:
    """Add a one-time code by its SHA-256 (hex).

    Raises:
        AlreadyStored: this code was given out before.
    """
    row = EnrolmentCode(
        hash=hash, institution_id=institution_id, device_id=device_id, created_by=created_by, created_at=created_at, expires_at=expires_at
    )
    session.add(row)
    session.flush()
    return row


def find_enrolment_code(session: Session, hash: str) -> EnrolmentCode | None:
    """Return the code of this SHA-256 whatever became of it, or None."""
    return session.get(EnrolmentCode, hash)


def find_code_use(session: Session, hash: str) -> EnrolmentCodeUse | None:
    """Return the use of a code, or None while it was not used."""
    return session.get(EnrolmentCodeUse, hash)


def add_key(session: Session, code: EnrolmentCode, public_key: bytes, *, serial: str, at: int) -> DeviceKey:
    """Add a key to the device of a code, and with it the use of the code.

    Raises:
        AlreadyStored: the code was used, or the key was enrolled before, by any device of any institution.
    """
    row = KeyRow(
        institution_id=code.institution_id,
        kid=compute_kid(public_key),
        device_id=code.device_id,
        public_key=public_key,
        serial=serial,
        enrolled_by=code.created_by,
        at=at,
    )
    session.add(row)
    session.flush()
    session.add(EnrolmentCodeUse(hash=code.hash, institution_id=row.institution_id, kid=row.kid, at=at))
    session.flush()
    return _key(row, None)


def find_key(session: Session, institution_id: str, kid: str) -> DeviceKey | None:
    """Return a key of the institution, revoked or not, or None."""
    row = session.get(KeyRow, (institution_id, kid))
    return None if row is None else _key(row, _last_seqs(session, institution_id, kid).get(kid))


def find_key_by_public_key(session: Session, public_key: bytes) -> DeviceKey | None:
    """Return the key of these 32 bytes, whoever enrolled it, or None."""
    row = session.exec(select(KeyRow).where(KeyRow.public_key == public_key)).one_or_none()
    return None if row is None else _key(row, _last_seqs(session, row.institution_id, row.kid).get(row.kid))


def list_keys(session: Session, institution_id: str, device_id: str | None = None) -> list[DeviceKey]:
    """Return the keys of a device, or of all the institution's devices, by time of enrolment, revoked ones too."""
    query = select(KeyRow).where(KeyRow.institution_id == institution_id)
    if device_id is not None:
        query = query.where(KeyRow.device_id == device_id)
    ends = _last_seqs(session, institution_id, None)
    return [_key(row, ends.get(row.kid)) for row in session.exec(query.order_by(col(KeyRow.at), col(KeyRow.kid))).all()]


def add_key_end(session: Session, institution_id: str, kid: str, *, last_seq: int, reason: str, by: str, at: int) -> KeyEndRow:
    """Add a revocation of a key; the lowest `last_seq` of all of them counts."""
    query = select(func.count()).select_from(KeyEndRow).where(KeyEndRow.institution_id == institution_id, KeyEndRow.kid == kid)
    row = KeyEndRow(
        institution_id=institution_id,
        kid=kid,
        revision=session.exec(query).one() + 1,
        last_seq=last_seq,
        reason=reason,
        by=by,
        at=at,
    )
    session.add(row)
    session.flush()
    return row


def set_meter_device(session: Session, institution_id: str, meter_id: str, device_id: str | None, *, by: str, at: int) -> None:
    """Let a device (None: no device) speak for a meter from the next body of the envelope log on; the same again changes nothing."""
    latest = _assignments(session, institution_id, None, meter_id).get(meter_id)
    if (None if latest is None else latest.device_id) == device_id:
        return
    revision = 1 if latest is None else latest.revision + 1
    since = count_telemetry(session, institution_id)
    row = MeterDevice(
        institution_id=institution_id, meter_id=meter_id, revision=revision, device_id=device_id, since_index=since, by=by, at=at
    )
    session.add(row)
    session.flush()


def device_of_meters(session: Session, institution_id: str, log_index: int | None = None) -> dict[str, str]:
    """Return meter → device for all meters that one speaks for: for the body at `log_index`, or, without, for the next one."""
    rows = _assignments(session, institution_id, log_index, None)
    return {meter: row.device_id for meter, row in rows.items() if row.device_id is not None}


def list_namings(session: Session, institution_id: str, log_index: int | None = None) -> dict[str, list[tuple[int, str | None]]]:
    """Return meter → the devices named for it (None: none), each with the Unix second, in order: for the body at `log_index`."""
    query = select(MeterDevice).where(MeterDevice.institution_id == institution_id)
    if log_index is not None:
        query = query.where(MeterDevice.since_index <= log_index)
    found: dict[str, list[tuple[int, str | None]]] = {}
    for row in session.exec(query.order_by(col(MeterDevice.meter_id), col(MeterDevice.revision))).all():
        found.setdefault(row.meter_id, []).append((row.at, row.device_id))
    return found


def meters_of_device(session: Session, institution_id: str, device_id: str, log_index: int | None = None) -> list[Meter]:
    """Return the meters that a device speaks for, by id: for the body at `log_index`, or, without, for the next one."""
    named = [meter for meter, device in device_of_meters(session, institution_id, log_index).items() if device == device_id]
    query = select(Meter).where(Meter.institution_id == institution_id, col(Meter.id).in_(named))
    return list(session.exec(query.order_by(col(Meter.id))).all())


def add_fitting(session: Session, institution_id: str, meter_id: str, since: int, log_index: int) -> None:
    """Note that the entry `log_index` of the envelope log is a meter's fitting from the Unix second `since` on.

    Raises:
        AlreadyStored: the meter has a fitting of this instant.
    """
    session.add(Fitting(institution_id=institution_id, meter_id=meter_id, since=since, log_index=log_index))
    session.flush()


def list_fittings(session: Session, institution_id: str, meter_id: str | None = None) -> list[StoredFitting]:
    """Return the fittings of a meter, or of all meters, by meter and `since`, with the documents as the envelope log has them."""
    same = (col(TelemetryBody.institution_id) == Fitting.institution_id) & (col(TelemetryBody.log_index) == Fitting.log_index)
    query = select(Fitting, TelemetryBody.body).join(TelemetryBody, same).where(Fitting.institution_id == institution_id)
    if meter_id is not None:
        query = query.where(Fitting.meter_id == meter_id)
    rows = session.exec(query.order_by(col(Fitting.meter_id), col(Fitting.since))).all()
    return [StoredFitting(row.meter_id, row.since, row.log_index, body) for row, body in rows]


def list_entries_of_type(session: Session, institution_id: str, media_type: str) -> list[tuple[int, bytes]]:
    """Return index and bytes of the envelope log's entries of one media type, in the order of the log."""
    query = select(TelemetryBody.log_index, TelemetryBody.body).where(TelemetryBody.institution_id == institution_id)
    rows = session.exec(query.where(TelemetryBody.media_type == media_type).order_by(col(TelemetryBody.log_index))).all()
    return [(log_index, body) for log_index, body in rows]


def _key(row: KeyRow, last_seq: int | None) -> DeviceKey:
    return DeviceKey(row.institution_id, row.device_id, row.kid, row.public_key, last_seq, row.serial, row.enrolled_by, row.at)


def _last_seqs(session: Session, institution_id: str, kid: str | None) -> dict[str, int]:
    query = select(KeyEndRow.kid, func.min(col(KeyEndRow.last_seq))).where(KeyEndRow.institution_id == institution_id)
    if kid is not None:
        query = query.where(KeyEndRow.kid == kid)
    return dict(session.exec(query.group_by(col(KeyEndRow.kid))).all())


def _assignments(session: Session, institution_id: str, log_index: int | None, meter_id: str | None) -> dict[str, MeterDevice]:
    """Return, by meter, its last assignment that holds at `log_index` (None: at the end of the log)."""
    query = select(MeterDevice).where(MeterDevice.institution_id == institution_id)
    if log_index is not None:
        query = query.where(MeterDevice.since_index <= log_index)
    if meter_id is not None:
        query = query.where(MeterDevice.meter_id == meter_id)
    return {row.meter_id: row for row in session.exec(query.order_by(col(MeterDevice.meter_id), col(MeterDevice.revision))).all()}
