"""Devices with their keys and one-time enrolment codes, which device speaks for a meter, and what hangs on a meter's place."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.store.tables.base import Blob, Int, KeyInt, KeyStr, OptStr, Row, Str, holds, one_of, refers, sha256_hex, table, unique

DEVICE_KINDS = ("meter", "gateway")


class Device(Row, table=True):
    """What signs readings: a meter with a key of its own, or a gateway that speaks for several (spec: metering §1)."""

    __table_args__ = table(
        refers("institution_id", "institution", "id"),
        one_of("kind", DEVICE_KINDS),
        holds("id", "length(id) BETWEEN 1 AND 63"),
    )

    institution_id: KeyStr
    id: KeyStr
    kind: Str
    site: Str
    serial: Str
    created_by: Str
    at: Int


class EnrolmentCode(Row, table=True):
    """A one-time code for one device, by the SHA-256 of its characters; the code itself is nowhere."""

    __table_args__ = table(
        refers(("institution_id", "device_id"), "device", ("institution_id", "id")),
        *sha256_hex("hash"),
        holds("expires_at", "expires_at > created_at"),
        Index(None, "institution_id", "device_id"),
    )

    hash: KeyStr
    institution_id: Str
    device_id: Str
    created_by: Str
    created_at: Int
    expires_at: Int


class DeviceKey(Row, table=True):
    """An Ed25519 key that a device enrolled; `serial` is what the device said of itself then, `enrolled_by` who asked for the code."""

    __table_args__ = table(
        refers(("institution_id", "device_id"), "device", ("institution_id", "id")),
        unique("public_key"),
        holds("public_key", "length(public_key) = 32"),
        holds("kid", "length(kid) = 16 AND lower(kid) = kid"),
        Index(None, "institution_id", "device_id"),
    )

    institution_id: KeyStr
    kid: KeyStr
    device_id: Str
    public_key: Blob
    serial: Str
    enrolled_by: Str
    at: Int


class EnrolmentCodeUse(Row, table=True):
    """The one use of an enrolment code: the key that came of it."""

    __table_args__ = table(
        refers("hash", "enrolment_code", "hash"),
        refers(("institution_id", "kid"), "device_key", ("institution_id", "kid")),
        unique("institution_id", "kid"),
    )

    hash: KeyStr
    institution_id: Str
    kid: Str
    at: Int


class DeviceKeyEnd(Row, table=True):
    """A revocation of a key: envelopes up to `last_seq` are still taken. `revision` counts 1, 2, 3 …; a later one only lowers it."""

    __table_args__ = table(
        refers(("institution_id", "kid"), "device_key", ("institution_id", "kid")),
        holds("revision", "revision >= 1"),
        holds("last_seq", "last_seq >= 0"),
    )

    institution_id: KeyStr
    kid: KeyStr
    revision: KeyInt
    last_seq: Int
    reason: Str
    by: Str
    at: Int


class MeterDevice(Row, table=True):
    """Which device speaks for a meter, for bodies of the envelope log from `since_index` on; null: none does. The last revision counts."""

    __table_args__ = table(
        refers(("institution_id", "meter_id"), "meter", ("institution_id", "id")),
        refers(("institution_id", "device_id"), "device", ("institution_id", "id")),
        holds("revision", "revision >= 1"),
        holds("since_index", "since_index >= 0"),
        Index(None, "institution_id", "device_id"),
    )

    institution_id: KeyStr
    meter_id: KeyStr
    revision: KeyInt
    device_id: OptStr = None
    since_index: Int
    by: Str
    at: Int


class Fitting(Row, table=True):
    """Where the envelope log says what hangs on a meter's place from the Unix second `since` on."""

    __table_args__ = table(
        refers(("institution_id", "meter_id"), "meter", ("institution_id", "id")),
        refers(("institution_id", "log_index"), "telemetry_body", ("institution_id", "log_index")),
        Index(None, "institution_id", "log_index"),
    )

    institution_id: KeyStr
    meter_id: KeyStr
    since: KeyInt
    log_index: Int


class MeterMain(Row, table=True):
    """Which meter another one hangs behind (null: none, it counts by itself). The last revision counts."""

    __table_args__ = table(
        refers(("institution_id", "meter_id"), "meter", ("institution_id", "id")),
        refers(("institution_id", "main_id"), "meter", ("institution_id", "id")),
        holds("revision", "revision >= 1"),
        holds("main_id", "main_id <> meter_id"),
    )

    institution_id: KeyStr
    meter_id: KeyStr
    revision: KeyInt
    main_id: OptStr = None
    by: Str
    at: Int
