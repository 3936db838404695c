"""Meters, the verbatim telemetry bodies (leaves of the envelope log), meter-days and log checkpoints."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.store.tables.base import (
    AutoInt,
    Blob,
    Int,
    KeyInt,
    KeyStr,
    OptBlob,
    Packed,
    Row,
    SignedMessage,
    Str,
    holds,
    one_of,
    refers,
    sha256_hex,
    signed_message,
    table,
    unique,
)

QUANTITIES = ("el.import", "el.export", "pv.generation", "gas.volume", "water.volume", "heat.energy")


class Meter(Row, table=True):
    """A meter of an organisational unit: what it measures, its interval in minutes and the Unix second from which it counts."""

    __table_args__ = table(
        refers("institution_id", "institution", "id"),
        one_of("quantity", QUANTITIES),
        holds("interval_minutes", "interval_minutes > 0"),
        holds("id", "length(id) BETWEEN 1 AND 63"),
    )

    institution_id: KeyStr
    id: KeyStr
    unit: Str
    quantity: Str
    interval_minutes: Int
    valid_from: Int
    created_by: Str
    at: Int


class TelemetryBody(Row, table=True):
    """A telemetry body as it came in. `log_index` counts 0, 1, 2 … per institution; leaf_hash is SHA-256(0x00 ‖ body) of RFC 9162."""

    __table_args__ = table(
        refers("institution_id", "institution", "id"),
        unique("institution_id", "sha256"),
        *sha256_hex("sha256"),
        holds("log_index", "log_index >= 0"),
        holds("leaf_hash", "length(leaf_hash) = 32"),
    )

    institution_id: KeyStr
    log_index: KeyInt
    sha256: Str
    leaf_hash: Blob
    media_type: Str
    received_at: Int
    actor: Str
    findings: Blob
    body: Packed


class Envelope(Row, table=True):
    """Which body of which device an entry of the envelope log is. `run` counts the lives of the device's seq: a lost count begins another.

    sha256 is the body's, prev what the body says of the one before; bytes, readings and meters say how much is in it.
    """

    __table_args__ = table(
        refers(("institution_id", "device_id"), "device", ("institution_id", "id")),
        refers(("institution_id", "log_index"), "telemetry_body", ("institution_id", "log_index")),
        unique("institution_id", "log_index"),
        holds("seq", "seq >= 1"),
        holds("run", "run >= 0"),
        holds("sha256", "length(sha256) = 32"),
        holds("prev", "length(prev) = 32"),
        Index(None, "institution_id", "device_id", "run", "seq"),
    )

    institution_id: KeyStr
    device_id: KeyStr
    boot: KeyStr
    seq: KeyInt
    run: Int
    log_index: Int
    sha256: Blob
    prev: OptBlob = None
    bytes: Int
    readings: Int
    meters: Int


class EnvelopeAlarm(Row, table=True):
    """A second body with the identity of one that is in the log (EQUIVOCATION), kept as it came; it is no entry of the log.

    From the 17th of one identity on the body is empty: the hash is kept alone.
    """

    __table_args__ = table(
        refers(("institution_id", "log_index"), "telemetry_body", ("institution_id", "log_index")),
        unique("institution_id", "sha256"),
        *sha256_hex("sha256"),
        Index(None, "institution_id", "id"),
        Index(None, "institution_id", "device_id", "boot", "seq"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    device_id: Str
    boot: Str
    seq: Int
    log_index: Int
    sha256: Str
    media_type: Str
    actor: Str
    at: Int
    body: Packed


class TelemetryDerivation(Row, table=True):
    """That an entry of the envelope log was derived, what was found doing it, and how many meter-days and register-days it changed."""

    __table_args__ = table(
        refers(("institution_id", "log_index"), "telemetry_body", ("institution_id", "log_index")),
        holds("days", "days >= 0 AND register_days >= 0"),
    )

    institution_id: KeyStr
    log_index: KeyInt
    days: Int
    register_days: Int
    findings: Packed
    at: Int


class RegisterDay(Row, table=True):
    """What a meter's register showed on one UTC day: points of 13 bytes (second of the day u32, value i64, quality), ascending.

    Values are in mWh, mL or J: a millionth of the display's unit. A further point is the next revision of the day.
    """

    __table_args__ = table(
        refers(("institution_id", "meter_id"), "meter", ("institution_id", "id")),
        refers(("institution_id", "log_index"), "telemetry_body", ("institution_id", "log_index")),
        holds("revision", "revision >= 0"),
        holds("points", "length(points) > 0 AND length(points) % 13 = 0"),
        Index(None, "institution_id", "log_index"),
    )

    institution_id: KeyStr
    meter_id: KeyStr
    day: KeyInt
    revision: KeyInt
    points: Blob
    log_index: Int


class MeterDay(Row, table=True):
    """A meter's slots of one UTC day: values little-endian, as i32 where all of them fit and else as i64, one quality byte per slot.

    `day` counts days since 1970-01-01. `registers`, where it is not null, has a bit for every slot whose value a register gave: slot n is
    bit n % 8 of byte n // 8. A correction is the next revision of the same day, from the telemetry body that brought it.
    """

    __table_args__ = table(
        refers(("institution_id", "meter_id"), "meter", ("institution_id", "id")),
        refers(("institution_id", "log_index"), "telemetry_body", ("institution_id", "log_index")),
        holds("revision", "revision >= 0"),
        holds("slots", 'length(quality) > 0 AND length("values") IN (4 * length(quality), 8 * length(quality))'),
        holds("registers", "8 * length(registers) = length(quality)"),
        Index(None, "institution_id", "log_index"),
    )

    institution_id: KeyStr
    meter_id: KeyStr
    day: KeyInt
    revision: KeyInt
    values: Blob
    quality: Blob
    registers: OptBlob = None
    log_index: Int


class LogCheckpoint(SignedMessage, Row, table=True):
    """A signed root of the envelope log at a size, relayed to PeriodLedger.anchorLog."""

    __table_args__ = table(
        refers("institution_id", "institution", "id"),
        *sha256_hex("root"),
        holds("size", "size > 0"),
        Index(None, "institution_id", "size"),
        *signed_message(),
    )

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    size: Int
    root: Str


class LogAnchor(Row, table=True):
    """The evidence captured when a checkpoint of the envelope log was anchored: block, receipt, finality (spec: metering §7)."""

    __table_args__ = table(
        refers("checkpoint_id", "log_checkpoint", "id"),
        unique("checkpoint_id", "block_hash"),
        holds("block_number", "block_number >= 0"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    checkpoint_id: Int
    block_number: Int
    block_hash: Str
    tx_hash: Str
    evidence: Blob
    at: Int
