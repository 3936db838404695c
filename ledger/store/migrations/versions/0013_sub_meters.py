"""Which meter another one hangs behind; alarms are found by their identity, and listed in order without those of other institutions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import TEXT, WHOLE

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meter_main",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("meter_id", TEXT, nullable=False),
        sa.Column("revision", WHOLE, autoincrement=False, nullable=False),
        sa.Column("main_id", TEXT, nullable=True),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_meter_main_revision")),
        sa.CheckConstraint("main_id <> meter_id", name=op.f("ck_meter_main_main_id")),
        *(
            sa.ForeignKeyConstraint(
                ["institution_id", name], ["meter.institution_id", "meter.id"], name=op.f(f"fk_meter_main_institution_id_{name}")
            )
            for name in ("meter_id", "main_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "meter_id", "revision", name=op.f("pk_meter_main")),
        sqlite_strict=True,
    )
    protect("meter_main")
    op.create_index(op.f("ix_envelope_alarm_institution_id_id"), "envelope_alarm", ["institution_id", "id"], unique=False)
    op.create_index(
        op.f("ix_envelope_alarm_institution_id_device_id_boot_seq"),
        "envelope_alarm",
        ["institution_id", "device_id", "boot", "seq"],
        unique=False,
    )
