"""Institutions, organisation trees, periods."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import create_functions, protect
from ledger.store.migrations.columns_1 import BLOB, TEXT, WHOLE

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "institution",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name_en", TEXT, nullable=False),
        sa.Column("name_zh", TEXT, nullable=False),
        sa.Column("timezone", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=False),
        sa.Column("org", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("\"kind\" IN ('bank', 'centre', 'verifier', 'auditor', 'government')", name=op.f("ck_institution_kind")),
        sa.CheckConstraint('length("org") = 64 AND lower("org") = "org"', name=op.f("ck_institution_org")),
        sa.CheckConstraint("length(id) BETWEEN 1 AND 63", name=op.f("ck_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution")),
        sa.UniqueConstraint("org", name=op.f("uq_institution_org")),
        sqlite_strict=True,
    )
    op.create_table(
        "institution_secret",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("commitment_key", BLOB, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("length(commitment_key) = 32", name=op.f("ck_institution_secret_commitment_key")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_institution_secret_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_institution_secret")),
        sqlite_strict=True,
    )
    op.create_table(
        "organisation_version",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("document", BLOB, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_organisation_version_hash")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_organisation_version_version")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_organisation_version_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_version")),
        sa.UniqueConstraint("institution_id", "version", name=op.f("uq_organisation_version_institution_id_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "period",
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("start", WHOLE, nullable=False),
        sa.Column("end", WHOLE, nullable=False),
        sa.Column("timezone", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint('"end" > start', name=op.f("ck_period_bounds")),
        sa.CheckConstraint("length(id) BETWEEN 1 AND 63", name=op.f("ck_period_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_period_institution_id")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_period")),
        sqlite_strict=True,
    )
    create_functions()
    protect("institution")
    protect("institution_secret", delete=False)
    protect("organisation_version")
    protect("period")
