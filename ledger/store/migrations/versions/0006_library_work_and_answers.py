"""Drafts of releases, local factors with their reviews, answers to findings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import BLOB, FLAG, TEXT, WHOLE

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "release_draft",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("release", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("document", BLOB, nullable=False),
        sa.Column("findings", BLOB, nullable=False),
        sa.Column("has_errors", FLAG, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_release_draft_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_draft")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_release_draft_release_id"), "release_draft", ["release", "id"], unique=False)
    op.create_table(
        "local_factor",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("factor", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("document", BLOB, nullable=False),
        sa.Column("submitted_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_local_factor_hash")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_local_factor_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_factor")),
        sa.UniqueConstraint("hash", name=op.f("uq_local_factor_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_local_factor_institution_id_factor"), "local_factor", ["institution_id", "factor"], unique=False)
    op.create_table(
        "local_factor_review",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("local_factor_id", WHOLE, nullable=False),
        sa.Column("decision", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("reviewed_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("\"decision\" IN ('accepted', 'refused')", name=op.f("ck_local_factor_review_decision")),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 2000", name=op.f("ck_local_factor_review_reason")),
        sa.ForeignKeyConstraint(["local_factor_id"], ["local_factor.id"], name=op.f("fk_local_factor_review_local_factor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_factor_review")),
        sa.UniqueConstraint("local_factor_id", name=op.f("uq_local_factor_review_local_factor_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "statement_answer",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("statement_id", WHOLE, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 2000", name=op.f("ck_statement_answer_reason")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_statement_answer_statement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_answer")),
        sa.UniqueConstraint("statement_id", "code", "place", "at", name=op.f("uq_statement_answer_statement_id_code_place_at")),
        sqlite_strict=True,
    )
    protect("release_draft")
    protect("local_factor")
    protect("local_factor_review")
    protect("statement_answer")
