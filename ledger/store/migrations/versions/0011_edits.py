"""Edits of meters' slots by meter and time; what suppliers billed for a meter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import TEXT, WHOLE

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meter_edit",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("log_index", WHOLE, autoincrement=False, nullable=False),
        sa.Column("meter_id", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("start", WHOLE, nullable=False),
        sa.Column("end", WHOLE, nullable=False),
        sa.CheckConstraint('"end" > start', name=op.f("ck_meter_edit_bounds")),
        _meter_of("meter_edit"),
        sa.ForeignKeyConstraint(
            ["institution_id", "log_index"],
            ["telemetry_body.institution_id", "telemetry_body.log_index"],
            name=op.f("fk_meter_edit_institution_id_log_index"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "log_index", name=op.f("pk_meter_edit")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_meter_edit_institution_id_meter_id_start"), "meter_edit", ["institution_id", "meter_id", "start"], unique=False
    )
    op.create_table(
        "meter_bill",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("meter_id", TEXT, nullable=False),
        sa.Column("bill", TEXT, nullable=False),
        sa.Column("revision", WHOLE, autoincrement=False, nullable=False),
        sa.Column("first_day", TEXT, nullable=False),
        sa.Column("last_day", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=True),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_meter_bill_revision")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_meter_bill_days")),
        sa.CheckConstraint("length(bill) BETWEEN 1 AND 63", name=op.f("ck_meter_bill_bill")),
        _meter_of("meter_bill"),
        sa.PrimaryKeyConstraint("institution_id", "meter_id", "bill", "revision", name=op.f("pk_meter_bill")),
        sqlite_strict=True,
    )
    for name in ("meter_edit", "meter_bill"):
        protect(name)


def _meter_of(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["institution_id", "meter_id"], ["meter.institution_id", "meter.id"], name=op.f(f"fk_{name}_institution_id_meter_id")
    )
