"""Analysis policies of institutions, version by version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import BLOB, TEXT, WHOLE

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analysis_policy",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("document", BLOB, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_analysis_policy_hash")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_analysis_policy_version")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_analysis_policy_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_policy")),
        sa.UniqueConstraint("institution_id", "version", name=op.f("uq_analysis_policy_institution_id_version")),
        sqlite_strict=True,
    )
    protect("analysis_policy")
