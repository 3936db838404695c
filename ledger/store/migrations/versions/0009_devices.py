"""Devices, their keys and enrolment codes; which device speaks for a meter; fittings; evidence of anchored log checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import BLOB, TEXT, WHOLE

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_devices()
    _create_keys()
    _create_meter_tables()
    _create_log_anchor()
    for name in ("device", "enrolment_code", "enrolment_code_use", "device_key", "device_key_end", "meter_device", "fitting", "log_anchor"):
        protect(name)


def _create_devices() -> None:
    op.create_table(
        "device",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("serial", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("\"kind\" IN ('meter', 'gateway')", name=op.f("ck_device_kind")),
        sa.CheckConstraint("length(id) BETWEEN 1 AND 63", name=op.f("ck_device_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_device_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_device")),
        sqlite_strict=True,
    )
    op.create_table(
        "enrolment_code",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("device_id", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("created_at", WHOLE, nullable=False),
        sa.Column("expires_at", WHOLE, nullable=False),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_enrolment_code_hash")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_enrolment_code_expires_at")),
        sa.ForeignKeyConstraint(
            ["institution_id", "device_id"],
            ["device.institution_id", "device.id"],
            name=op.f("fk_enrolment_code_institution_id_device_id"),
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_enrolment_code")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_enrolment_code_institution_id_device_id"), "enrolment_code", ["institution_id", "device_id"], unique=False)


def _create_keys() -> None:
    op.create_table(
        "device_key",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("kid", TEXT, nullable=False),
        sa.Column("device_id", TEXT, nullable=False),
        sa.Column("public_key", BLOB, nullable=False),
        sa.Column("serial", TEXT, nullable=False),
        sa.Column("enrolled_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("length(public_key) = 32", name=op.f("ck_device_key_public_key")),
        sa.CheckConstraint("length(kid) = 16 AND lower(kid) = kid", name=op.f("ck_device_key_kid")),
        sa.ForeignKeyConstraint(
            ["institution_id", "device_id"], ["device.institution_id", "device.id"], name=op.f("fk_device_key_institution_id_device_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "kid", name=op.f("pk_device_key")),
        sa.UniqueConstraint("public_key", name=op.f("uq_device_key_public_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_device_key_institution_id_device_id"), "device_key", ["institution_id", "device_id"], unique=False)
    op.create_table(
        "enrolment_code_use",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("kid", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["hash"], ["enrolment_code.hash"], name=op.f("fk_enrolment_code_use_hash")),
        sa.ForeignKeyConstraint(
            ["institution_id", "kid"],
            ["device_key.institution_id", "device_key.kid"],
            name=op.f("fk_enrolment_code_use_institution_id_kid"),
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_enrolment_code_use")),
        sa.UniqueConstraint("institution_id", "kid", name=op.f("uq_enrolment_code_use_institution_id_kid")),
        sqlite_strict=True,
    )
    op.create_table(
        "device_key_end",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("kid", TEXT, nullable=False),
        sa.Column("revision", WHOLE, autoincrement=False, nullable=False),
        sa.Column("last_seq", WHOLE, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_device_key_end_revision")),
        sa.CheckConstraint("last_seq >= 0", name=op.f("ck_device_key_end_last_seq")),
        sa.ForeignKeyConstraint(
            ["institution_id", "kid"], ["device_key.institution_id", "device_key.kid"], name=op.f("fk_device_key_end_institution_id_kid")
        ),
        sa.PrimaryKeyConstraint("institution_id", "kid", "revision", name=op.f("pk_device_key_end")),
        sqlite_strict=True,
    )


def _create_meter_tables() -> None:
    op.create_table(
        "meter_device",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("meter_id", TEXT, nullable=False),
        sa.Column("revision", WHOLE, autoincrement=False, nullable=False),
        sa.Column("device_id", TEXT, nullable=True),
        sa.Column("since_index", WHOLE, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_meter_device_revision")),
        sa.CheckConstraint("since_index >= 0", name=op.f("ck_meter_device_since_index")),
        sa.ForeignKeyConstraint(
            ["institution_id", "meter_id"], ["meter.institution_id", "meter.id"], name=op.f("fk_meter_device_institution_id_meter_id")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "device_id"], ["device.institution_id", "device.id"], name=op.f("fk_meter_device_institution_id_device_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "meter_id", "revision", name=op.f("pk_meter_device")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_meter_device_institution_id_device_id"), "meter_device", ["institution_id", "device_id"], unique=False)
    op.create_table(
        "fitting",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("meter_id", TEXT, nullable=False),
        sa.Column("since", WHOLE, autoincrement=False, nullable=False),
        sa.Column("log_index", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "meter_id"], ["meter.institution_id", "meter.id"], name=op.f("fk_fitting_institution_id_meter_id")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "log_index"],
            ["telemetry_body.institution_id", "telemetry_body.log_index"],
            name=op.f("fk_fitting_institution_id_log_index"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "meter_id", "since", name=op.f("pk_fitting")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_fitting_institution_id_log_index"), "fitting", ["institution_id", "log_index"], unique=False)


def _create_log_anchor() -> None:
    op.create_table(
        "log_anchor",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("checkpoint_id", WHOLE, nullable=False),
        sa.Column("block_number", WHOLE, nullable=False),
        sa.Column("block_hash", TEXT, nullable=False),
        sa.Column("tx_hash", TEXT, nullable=False),
        sa.Column("evidence", BLOB, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("block_number >= 0", name=op.f("ck_log_anchor_block_number")),
        sa.ForeignKeyConstraint(["checkpoint_id"], ["log_checkpoint.id"], name=op.f("fk_log_anchor_checkpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_anchor")),
        sa.UniqueConstraint("checkpoint_id", "block_hash", name=op.f("uq_log_anchor_checkpoint_id_block_hash")),
        sqlite_strict=True,
    )
