"""Meters, telemetry bodies, meter-days, log checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import BLOB, TEXT, WHOLE

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_checkpoint",
        sa.Column("message", BLOB, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.Column("signer", TEXT, nullable=False),
        sa.Column("struct_hash", TEXT, nullable=False),
        sa.Column("submitted_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("outbox_id", WHOLE, nullable=True),
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("root", TEXT, nullable=False),
        sa.CheckConstraint("length(signature) = 132 AND substr(signature, 1, 2) = '0x'", name=op.f("ck_log_checkpoint_signature")),
        sa.CheckConstraint(
            "length(signer) = 42 AND substr(signer, 1, 2) = '0x' AND lower(signer) = signer", name=op.f("ck_log_checkpoint_signer")
        ),
        sa.CheckConstraint('length("root") = 64 AND lower("root") = "root"', name=op.f("ck_log_checkpoint_root")),
        sa.CheckConstraint("length(struct_hash) IN (64, 66)", name=op.f("ck_log_checkpoint_struct_hash")),
        sa.CheckConstraint("size > 0", name=op.f("ck_log_checkpoint_size")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_log_checkpoint_institution_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_log_checkpoint_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_checkpoint")),
        sa.UniqueConstraint("struct_hash", name=op.f("uq_log_checkpoint_struct_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_log_checkpoint_institution_id_size"), "log_checkpoint", ["institution_id", "size"], unique=False)
    op.create_table(
        "meter",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("quantity", TEXT, nullable=False),
        sa.Column("interval_minutes", WHOLE, nullable=False),
        sa.Column("valid_from", WHOLE, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint(
            "\"quantity\" IN ('el.import', 'el.export', 'pv.generation', 'gas.volume', 'water.volume', 'heat.energy')",
            name=op.f("ck_meter_quantity"),
        ),
        sa.CheckConstraint("interval_minutes > 0", name=op.f("ck_meter_interval_minutes")),
        sa.CheckConstraint("length(id) BETWEEN 1 AND 63", name=op.f("ck_meter_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_meter_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_meter")),
        sqlite_strict=True,
    )
    op.create_table(
        "telemetry_body",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("log_index", WHOLE, autoincrement=False, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("leaf_hash", BLOB, nullable=False),
        sa.Column("media_type", TEXT, nullable=False),
        sa.Column("received_at", WHOLE, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("findings", BLOB, nullable=False),
        sa.Column("body", BLOB, nullable=False),
        sa.CheckConstraint('length("sha256") = 64 AND lower("sha256") = "sha256"', name=op.f("ck_telemetry_body_sha256")),
        sa.CheckConstraint("length(leaf_hash) = 32", name=op.f("ck_telemetry_body_leaf_hash")),
        sa.CheckConstraint("log_index >= 0", name=op.f("ck_telemetry_body_log_index")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_telemetry_body_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "log_index", name=op.f("pk_telemetry_body")),
        sa.UniqueConstraint("institution_id", "sha256", name=op.f("uq_telemetry_body_institution_id_sha256")),
        sqlite_strict=True,
    )
    op.create_table(
        "meter_day",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("meter_id", TEXT, nullable=False),
        sa.Column("day", WHOLE, autoincrement=False, nullable=False),
        sa.Column("revision", WHOLE, autoincrement=False, nullable=False),
        sa.Column("values", BLOB, nullable=False),
        sa.Column("quality", BLOB, nullable=False),
        sa.Column("log_index", WHOLE, nullable=False),
        sa.CheckConstraint('length(quality) > 0 AND length("values") = 8 * length(quality)', name=op.f("ck_meter_day_slots")),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_meter_day_revision")),
        sa.ForeignKeyConstraint(
            ["institution_id", "log_index"],
            ["telemetry_body.institution_id", "telemetry_body.log_index"],
            name=op.f("fk_meter_day_institution_id_log_index"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "meter_id"], ["meter.institution_id", "meter.id"], name=op.f("fk_meter_day_institution_id_meter_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "meter_id", "day", "revision", name=op.f("pk_meter_day")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_meter_day_institution_id_log_index"), "meter_day", ["institution_id", "log_index"], unique=False)
    protect("log_checkpoint")
    protect("meter")
    protect("telemetry_body")
    protect("meter_day")
