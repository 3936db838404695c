"""Identities of signed bodies, alarms, what was derived; register-days; meter-days with narrow values and with slots of registers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import BLOB, TEXT, WHOLE

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SLOTS = 'length(quality) > 0 AND length("values") IN (4 * length(quality), 8 * length(quality))'
_REGISTERS = "8 * length(registers) = length(quality)"
_DERIVED_SQLITE = """
INSERT INTO telemetry_derivation (institution_id, log_index, days, register_days, findings, at)
SELECT institution_id, log_index, 0, 0, CAST('{"items":[],"schema":"lingtan.findings/1"}' AS BLOB), received_at
FROM telemetry_body WHERE media_type = 'text/csv'
"""
_DERIVED_POSTGRESQL = """
INSERT INTO telemetry_derivation (institution_id, log_index, days, register_days, findings, at)
SELECT institution_id, log_index, 0, 0, convert_to('{"items":[],"schema":"lingtan.findings/1"}', 'UTF8'), received_at
FROM telemetry_body WHERE media_type = 'text/csv'
"""
_COPY = """
INSERT INTO meter_day_wide (institution_id, meter_id, day, revision, "values", quality, log_index)
SELECT institution_id, meter_id, day, revision, "values", quality, log_index FROM meter_day
"""


def upgrade() -> None:
    _create_identities()
    _create_derivations()
    _widen_meter_days()
    for name in ("envelope", "envelope_alarm", "telemetry_derivation", "register_day"):
        protect(name)
    # Until now a body was derived in the transaction that took it.
    op.execute(_DERIVED_SQLITE if op.get_bind().dialect.name == "sqlite" else _DERIVED_POSTGRESQL)


def _body_of(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["institution_id", "log_index"],
        ["telemetry_body.institution_id", "telemetry_body.log_index"],
        name=op.f(f"fk_{name}_institution_id_log_index"),
    )


def _meter_of(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["institution_id", "meter_id"], ["meter.institution_id", "meter.id"], name=op.f(f"fk_{name}_institution_id_meter_id")
    )


def _create_identities() -> None:
    op.create_table(
        "envelope",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("device_id", TEXT, nullable=False),
        sa.Column("boot", TEXT, nullable=False),
        sa.Column("seq", WHOLE, autoincrement=False, nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("log_index", WHOLE, nullable=False),
        sa.Column("sha256", BLOB, nullable=False),
        sa.Column("prev", BLOB, nullable=True),
        sa.Column("bytes", WHOLE, nullable=False),
        sa.Column("readings", WHOLE, nullable=False),
        sa.Column("meters", WHOLE, nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_envelope_seq")),
        sa.CheckConstraint("run >= 0", name=op.f("ck_envelope_run")),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("ck_envelope_sha256")),
        sa.CheckConstraint("length(prev) = 32", name=op.f("ck_envelope_prev")),
        sa.ForeignKeyConstraint(
            ["institution_id", "device_id"], ["device.institution_id", "device.id"], name=op.f("fk_envelope_institution_id_device_id")
        ),
        _body_of("envelope"),
        sa.PrimaryKeyConstraint("institution_id", "device_id", "boot", "seq", name=op.f("pk_envelope")),
        sa.UniqueConstraint("institution_id", "log_index", name=op.f("uq_envelope_institution_id_log_index")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_envelope_institution_id_device_id_run_seq"), "envelope", ["institution_id", "device_id", "run", "seq"], unique=False
    )
    op.create_table(
        "envelope_alarm",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("device_id", TEXT, nullable=False),
        sa.Column("boot", TEXT, nullable=False),
        sa.Column("seq", WHOLE, nullable=False),
        sa.Column("log_index", WHOLE, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("media_type", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("body", BLOB, nullable=False),
        sa.CheckConstraint('length("sha256") = 64 AND lower("sha256") = "sha256"', name=op.f("ck_envelope_alarm_sha256")),
        _body_of("envelope_alarm"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_envelope_alarm")),
        sa.UniqueConstraint("institution_id", "sha256", name=op.f("uq_envelope_alarm_institution_id_sha256")),
        sqlite_strict=True,
    )


def _create_derivations() -> None:
    op.create_table(
        "telemetry_derivation",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("log_index", WHOLE, autoincrement=False, nullable=False),
        sa.Column("days", WHOLE, nullable=False),
        sa.Column("register_days", WHOLE, nullable=False),
        sa.Column("findings", BLOB, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("days >= 0 AND register_days >= 0", name=op.f("ck_telemetry_derivation_days")),
        _body_of("telemetry_derivation"),
        sa.PrimaryKeyConstraint("institution_id", "log_index", name=op.f("pk_telemetry_derivation")),
        sqlite_strict=True,
    )
    op.create_table(
        "register_day",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("meter_id", TEXT, nullable=False),
        sa.Column("day", WHOLE, autoincrement=False, nullable=False),
        sa.Column("revision", WHOLE, autoincrement=False, nullable=False),
        sa.Column("points", BLOB, nullable=False),
        sa.Column("log_index", WHOLE, nullable=False),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_register_day_revision")),
        sa.CheckConstraint("length(points) > 0 AND length(points) % 13 = 0", name=op.f("ck_register_day_points")),
        _meter_of("register_day"),
        _body_of("register_day"),
        sa.PrimaryKeyConstraint("institution_id", "meter_id", "day", "revision", name=op.f("pk_register_day")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_register_day_institution_id_log_index"), "register_day", ["institution_id", "log_index"], unique=False)


def _widen_meter_days() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("meter_day", sa.Column("registers", BLOB, nullable=True))
        op.drop_constraint(op.f("ck_meter_day_slots"), "meter_day")
        op.create_check_constraint(op.f("ck_meter_day_slots"), "meter_day", _SLOTS)
        op.create_check_constraint(op.f("ck_meter_day_registers"), "meter_day", _REGISTERS)
        return
    # SQLite changes no check of a table: a new one takes the old one's rows and name.
    op.drop_index(op.f("ix_meter_day_institution_id_log_index"), table_name="meter_day")
    op.create_table(
        "meter_day_wide",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("meter_id", TEXT, nullable=False),
        sa.Column("day", WHOLE, autoincrement=False, nullable=False),
        sa.Column("revision", WHOLE, autoincrement=False, nullable=False),
        sa.Column("values", BLOB, nullable=False),
        sa.Column("quality", BLOB, nullable=False),
        sa.Column("registers", BLOB, nullable=True),
        sa.Column("log_index", WHOLE, nullable=False),
        sa.CheckConstraint(_SLOTS, name=op.f("ck_meter_day_slots")),
        sa.CheckConstraint(_REGISTERS, name=op.f("ck_meter_day_registers")),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_meter_day_revision")),
        _body_of("meter_day"),
        _meter_of("meter_day"),
        sa.PrimaryKeyConstraint("institution_id", "meter_id", "day", "revision", name=op.f("pk_meter_day")),
        sqlite_strict=True,
    )
    op.execute(_COPY)
    op.drop_table("meter_day")
    op.rename_table("meter_day_wide", "meter_day")
    op.create_index(op.f("ix_meter_day_institution_id_log_index"), "meter_day", ["institution_id", "log_index"], unique=False)
    protect("meter_day")
