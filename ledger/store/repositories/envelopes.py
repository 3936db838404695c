"""Signed bodies of devices: their identities in the envelope log, the runs of their seq, and alarms of second bodies."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func
from sqlmodel import Session, col, select

from ledger.store.driver_sql import Statement
from ledger.store.repositories.paging import Page, fetch_page, sha256_hex
from ledger.store.tables import DeviceKeyEnd, Envelope, EnvelopeAlarm, MeterDevice, TelemetryBody
from ledger.store.tables.base import pack

_STAMP = Statement(
    "SELECT (SELECT count(*) FROM meter WHERE institution_id = :institution), "
    "(SELECT count(*) FROM meter_device WHERE institution_id = :institution), "
    "(SELECT count(*) FROM device_key_end WHERE institution_id = :institution), "
    "(SELECT max(log_index) FROM telemetry_body WHERE institution_id = :institution)"
)
_ADD_BODY = Statement(
    "INSERT INTO telemetry_body (institution_id, log_index, sha256, leaf_hash, media_type, received_at, actor, findings, body) "
    "VALUES (:institution, :log_index, :sha256, :leaf_hash, :media_type, :received_at, :actor, :findings, :body)"
)
_ADD_ENVELOPE = Statement(
    "INSERT INTO envelope (institution_id, device_id, boot, seq, run, log_index, sha256, prev, bytes, readings, meters) "
    "VALUES (:institution, :device, :boot, :seq, :run, :log_index, :sha256, :prev, :bytes, :readings, :meters)"
)
ALARM_BODIES_KEPT = 16
"""Second bodies of one identity that are kept whole; of later ones the hash and the time are."""

_BODIES = TelemetryBody.metadata.tables["telemetry_body"]
_ENVELOPES = Envelope.metadata.tables["envelope"]


@dataclass(frozen=True)
class StoredEnvelope:
    """The identity of a body in the log, the SHA-256 of the body, and what it says of the one before (None: it was the first)."""

    device: str
    boot: str
    seq: int
    run: int
    log_index: int
    sha256: bytes = field(repr=False)
    prev: bytes | None = field(repr=False)
    bytes: int = 0
    readings: int = 0
    meters: int = 0


@dataclass(frozen=True)
class NewBody:
    """A body to append to the envelope log."""

    log_index: int
    body: bytes = field(repr=False)
    media_type: str
    findings: bytes = field(repr=False)
    actor: str
    received_at: int
    packed: bytes | None = field(default=None, repr=False)
    """What is stored of the body (tables.base.pack), where somebody made it beforehand."""
    sha256: bytes | None = field(default=None, repr=False)
    """The hash of the body, where somebody took it beforehand."""


def pack_body(body: bytes) -> bytes:
    """Return what is stored of a body, for `NewBody.packed`: made before the unit of work, it holds up no other writer."""
    return pack(body)


def append_bodies(session: Session, institution_id: str, bodies: Sequence[NewBody]) -> None:
    """Append bodies to the envelope log, whose next indices they carry.

    Raises:
        AlreadyStored: the same bytes are in the log, or an index is taken.
    """
    rows = [
        {
            "institution": institution_id,
            "log_index": item.log_index,
            "sha256": sha256_hex(item.body) if item.sha256 is None else item.sha256.hex(),
            "leaf_hash": hashlib.sha256(b"\x00" + item.body).digest(),
            "media_type": item.media_type,
            "received_at": item.received_at,
            "actor": item.actor,
            "findings": item.findings,
            "body": pack(item.body) if item.packed is None else item.packed,
        }
        for item in bodies
    ]
    _ADD_BODY.run(session, rows)


def add_envelopes(session: Session, institution_id: str, envelopes: Sequence[StoredEnvelope]) -> None:
    """Add the identities of bodies that are in the log.

    Raises:
        AlreadyStored: a device has a body of this boot and seq.
    """
    rows = [
        {
            "institution": institution_id,
            "device": item.device,
            "boot": item.boot,
            "seq": item.seq,
            "run": item.run,
            "log_index": item.log_index,
            "sha256": item.sha256,
            "prev": item.prev,
            "bytes": item.bytes,
            "readings": item.readings,
            "meters": item.meters,
        }
        for item in envelopes
    ]
    _ADD_ENVELOPE.run(session, rows)


def find_envelope(session: Session, institution_id: str, device_id: str, boot: str, seq: int) -> StoredEnvelope | None:
    """Return the body of this identity, or None."""
    columns = _ENVELOPES.c
    query = _ENVELOPES.select().where(
        columns.institution_id == institution_id, columns.device_id == device_id, columns.boot == boot, columns.seq == seq
    )
    row = session.connection().execute(query).one_or_none()
    return None if row is None else _envelope(row)


def list_envelopes_of(session: Session, institution_id: str, device_id: str, run: int, seq: int) -> list[StoredEnvelope]:
    """Return the bodies of one seq of a run, one for each boot that has it, in the order of the log."""
    columns = _ENVELOPES.c
    query = _ENVELOPES.select().where(
        columns.institution_id == institution_id, columns.device_id == device_id, columns.run == run, columns.seq == seq
    )
    return [_envelope(row) for row in session.connection().execute(query.order_by(columns.log_index))]


def list_envelopes_between(session: Session, institution_id: str, start: int, end: int) -> list[StoredEnvelope]:
    """Return the signed bodies among the entries [start, end) of the log, in its order."""
    columns = _ENVELOPES.c
    query = _ENVELOPES.select().where(columns.institution_id == institution_id, columns.log_index >= start, columns.log_index < end)
    return [_envelope(row) for row in session.connection().execute(query.order_by(columns.log_index))]


def list_stretches(session: Session, institution_id: str, device_id: str, run: int) -> list[tuple[int, int]]:
    """Return the stretches of a run's seq without a gap, as (first, last), ascending: the index alone is read, no body."""
    columns = _ENVELOPES.c
    query = select(columns.seq).where(columns.institution_id == institution_id, columns.device_id == device_id, columns.run == run)
    seqs = query.distinct().subquery()
    numbered = select(seqs.c.seq, (seqs.c.seq - func.row_number().over(order_by=seqs.c.seq)).label("missing")).subquery()
    ends = select(func.min(numbered.c.seq), func.max(numbered.c.seq)).group_by(numbered.c.missing).order_by(func.min(numbered.c.seq))
    return [(int(row[0]), int(row[1])) for row in session.connection().execute(ends)]


def list_envelopes_at(session: Session, institution_id: str, indices: Sequence[int]) -> dict[int, StoredEnvelope]:
    """Return the identities of these entries of the log, of those that have one."""
    columns = _ENVELOPES.c
    query = _ENVELOPES.select().where(columns.institution_id == institution_id, columns.log_index.in_(list(indices)))
    return {row.log_index: _envelope(row) for row in session.connection().execute(query)}


def find_run(session: Session, institution_id: str, device_id: str, boot: str) -> int | None:
    """Return the run that a boot of a device belongs to, or None where no body of it is in the log."""
    columns = _ENVELOPES.c
    query = select(columns.run).where(columns.institution_id == institution_id, columns.device_id == device_id, columns.boot == boot)
    return session.connection().execute(query.limit(1)).scalar_one_or_none()


def find_last_run(session: Session, institution_id: str, device_id: str) -> int | None:
    """Return the last run of a device's seq, or None where it has sent nothing."""
    columns = _ENVELOPES.c
    query = select(func.max(columns.run)).where(columns.institution_id == institution_id, columns.device_id == device_id)
    last: int | None = session.connection().execute(query).scalar_one()
    return last


def find_unbroken_end(session: Session, institution_id: str, device_id: str, run: int) -> int:
    """Return the greatest seq of a run if nothing up to it is missing, else 0."""
    columns = _ENVELOPES.c
    query = select(func.count(columns.seq.distinct()), func.max(columns.seq)).where(
        columns.institution_id == institution_id, columns.device_id == device_id, columns.run == run
    )
    count, last = session.connection().execute(query).one()
    return int(last) if count and count == last else 0


def list_last_seqs(session: Session, institution_id: str) -> dict[str, int]:
    """Return kid → the greatest seq that it still signs, for every revoked key."""
    columns = DeviceKeyEnd.metadata.tables["device_key_end"].c
    query = select(columns.kid, func.min(columns.last_seq)).where(columns.institution_id == institution_id)
    return {row[0]: int(row[1]) for row in session.connection().execute(query.group_by(columns.kid))}


@dataclass(frozen=True)
class Stamp:
    """Numbers of rows that are only ever added: who knew what hangs on them knows it still where they are the same."""

    meters: int
    namings: int
    key_ends: int
    log_size: int


def read_stamp(session: Session, institution_id: str) -> Stamp:
    """Return how many meters, namings of devices for them and revocations of keys there are, and the size of the envelope log."""
    meters, namings, key_ends, last = tuple(_STAMP.run(session, {"institution": institution_id}).one())
    return Stamp(meters, namings, key_ends, 0 if last is None else last + 1)


def add_alarm(
    session: Session, institution_id: str, first: StoredEnvelope, body: bytes, *, media_type: str, actor: str, at: int
) -> EnvelopeAlarm:
    """Keep a second body with the identity of `first`, without its bytes where 16 others are kept; the same again is kept once."""
    digest = sha256_hex(body)
    same = select(EnvelopeAlarm).where(EnvelopeAlarm.institution_id == institution_id, EnvelopeAlarm.sha256 == digest)
    earlier = session.exec(same).one_or_none()
    if earlier is not None:
        return earlier
    kept = _count_alarms_of(session, institution_id, first.device, first.boot, first.seq) < ALARM_BODIES_KEPT
    row = EnvelopeAlarm(
        institution_id=institution_id,
        device_id=first.device,
        boot=first.boot,
        seq=first.seq,
        log_index=first.log_index,
        sha256=digest,
        media_type=media_type,
        actor=actor,
        at=at,
        body=body if kept else b"",
    )
    session.add(row)
    session.flush()
    return row


def is_alarm_without_body(session: Session, id: int) -> bool:
    """Tell whether an alarm rightly has no bytes: 16 earlier ones of its identity are kept."""
    row = session.get(EnvelopeAlarm, id)
    if row is None or row.body:
        return False
    return _count_alarms_of(session, row.institution_id, row.device_id, row.boot, row.seq, before=id) == ALARM_BODIES_KEPT


def _count_alarms_of(session: Session, institution_id: str, device: str, boot: str, seq: int, *, before: int | None = None) -> int:
    """Return how many alarms of one identity there are, 16 at most."""
    query = select(EnvelopeAlarm.id).where(
        EnvelopeAlarm.institution_id == institution_id,
        EnvelopeAlarm.device_id == device,
        EnvelopeAlarm.boot == boot,
        EnvelopeAlarm.seq == seq,
    )
    if before is not None:
        query = query.where(col(EnvelopeAlarm.id) < before)
    return len(session.exec(query.limit(ALARM_BODIES_KEPT)).all())


def count_alarms(session: Session) -> list[tuple[str, str, int, int]]:
    """Return (institution, device, alarms, when the last came) of every device that has any, in this order."""
    columns = EnvelopeAlarm.metadata.tables["envelope_alarm"].c
    of = columns.institution_id, columns.device_id
    rows = session.connection().execute(select(*of, func.count(), func.max(columns.at)).group_by(*of).order_by(*of))
    return [(str(row[0]), str(row[1]), int(row[2]), int(row[3])) for row in rows]


def list_alarms(session: Session, institution_id: str, *, limit: int = 100, after: int | None = None) -> Page[EnvelopeAlarm, int]:
    """Return the institution's alarms in the order they came."""
    query = select(EnvelopeAlarm).where(EnvelopeAlarm.institution_id == institution_id)
    return fetch_page(session, query, col(EnvelopeAlarm.id), lambda row: row.id, limit, after)


def find_findings(session: Session, institution_id: str, log_index: int) -> bytes | None:
    """Return the findings that an entry of the log was taken with, or None where there is no such entry."""
    query = select(_BODIES.c.findings).where(_BODIES.c.institution_id == institution_id, _BODIES.c.log_index == log_index)
    found: bytes | None = session.connection().execute(query).scalar_one_or_none()
    return found


def count_namings_before(session: Session, institution_id: str, log_index: int) -> int:
    """Return how many times a device was named for a meter, for entries of the log up to `log_index`."""
    columns = MeterDevice.metadata.tables["meter_device"].c
    query = select(func.count()).where(columns.institution_id == institution_id, columns.since_index <= log_index)
    return int(session.connection().execute(query).scalar_one())


def _envelope(row: object) -> StoredEnvelope:
    names = ("boot", "seq", "run", "log_index", "sha256", "prev", "bytes", "readings", "meters")
    return StoredEnvelope(row.device_id, *(getattr(row, name) for name in names))  # type: ignore[attr-defined]
