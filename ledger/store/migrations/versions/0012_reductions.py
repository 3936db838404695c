"""Statements of reductions with what they rest on, attestations and anchors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import BLOB, TEXT, WHOLE

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_statements()
    _create_signatures()
    for name in ("reduction_statement", "reduction_evidence", "reduction_attestation", "reduction_anchor"):
        protect(name)


def _create_statements() -> None:
    op.create_table(
        "reduction_statement",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("period_id", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("revision", WHOLE, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("supersedes", TEXT, nullable=True),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("document", BLOB, nullable=False),
        sa.Column("findings", BLOB, nullable=False),
        sa.Column("library_hash", TEXT, nullable=False),
        sa.Column("prepared_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint(
            "\"cause\" IN ('first', 'data', 'factor', 'boundary', 'method', 'error')", name=op.f("ck_reduction_statement_cause")
        ),
        sa.CheckConstraint("\"dataset\" IN ('REDUCTIONS')", name=op.f("ck_reduction_statement_dataset")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_reduction_statement_revision")),
        sa.CheckConstraint(
            "(revision = 1) = (cause = 'first') AND (revision = 1) = (supersedes IS NULL)", name=op.f("ck_reduction_statement_first")
        ),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_reduction_statement_hash")),
        sa.ForeignKeyConstraint(
            ["institution_id", "period_id"],
            ["period.institution_id", "period.id"],
            name=op.f("fk_reduction_statement_institution_id_period_id"),
        ),
        sa.ForeignKeyConstraint(["library_hash"], ["library_release.hash"], name=op.f("fk_reduction_statement_library_hash")),
        sa.ForeignKeyConstraint(["supersedes"], ["reduction_statement.hash"], name=op.f("fk_reduction_statement_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reduction_statement")),
        sa.UniqueConstraint("hash", name=op.f("uq_reduction_statement_hash")),
        sa.UniqueConstraint("id", "institution_id", "period_id", "dataset", "revision", name=op.f("uq_reduction_statement_scope")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_reduction_statement_institution_id_period_id"), "reduction_statement", ["institution_id", "period_id"], unique=False
    )
    op.create_table(
        "reduction_evidence",
        sa.Column("statement_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("content", BLOB, nullable=False),
        sa.CheckConstraint("\"kind\" IN ('input', 'answer', 'file')", name=op.f("ck_reduction_evidence_kind")),
        sa.CheckConstraint('length("sha256") = 64 AND lower("sha256") = "sha256"', name=op.f("ck_reduction_evidence_sha256")),
        sa.ForeignKeyConstraint(["statement_id"], ["reduction_statement.id"], name=op.f("fk_reduction_evidence_statement_id")),
        sa.PrimaryKeyConstraint("statement_id", "kind", "name", "sha256", name=op.f("pk_reduction_evidence")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_reduction_evidence_statement_id_sha256"), "reduction_evidence", ["statement_id", "sha256"], unique=False)


def _create_signatures() -> None:
    op.create_table(
        "reduction_attestation",
        sa.Column("message", BLOB, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.Column("signer", TEXT, nullable=False),
        sa.Column("struct_hash", TEXT, nullable=False),
        sa.Column("submitted_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("outbox_id", WHOLE, nullable=True),
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("statement_id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("period_id", TEXT, nullable=False),
        sa.Column("revision", WHOLE, nullable=False),
        sa.Column("attempt", WHOLE, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.CheckConstraint("length(signature) = 132 AND substr(signature, 1, 2) = '0x'", name=op.f("ck_reduction_attestation_signature")),
        sa.CheckConstraint(
            "length(signer) = 42 AND substr(signer, 1, 2) = '0x' AND lower(signer) = signer", name=op.f("ck_reduction_attestation_signer")
        ),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_reduction_attestation_attempt")),
        sa.CheckConstraint("length(struct_hash) IN (64, 66)", name=op.f("ck_reduction_attestation_struct_hash")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_reduction_attestation_outbox_id")),
        sa.ForeignKeyConstraint(
            ["statement_id", "institution_id", "period_id", "dataset", "revision"],
            [f"reduction_statement.{name}" for name in ("id", "institution_id", "period_id", "dataset", "revision")],
            name=op.f("fk_reduction_attestation_scope"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reduction_attestation")),
        sa.UniqueConstraint("institution_id", "dataset", "period_id", "revision", "attempt", name=op.f("uq_reduction_attestation_scope")),
        sa.UniqueConstraint("struct_hash", name=op.f("uq_reduction_attestation_struct_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_reduction_attestation_statement_id"), "reduction_attestation", ["statement_id"], unique=False)
    op.create_table(
        "reduction_anchor",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("attestation_id", WHOLE, nullable=False),
        sa.Column("chain_id", WHOLE, nullable=False),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("tx_hash", TEXT, nullable=False),
        sa.Column("block_number", WHOLE, nullable=False),
        sa.Column("block_hash", TEXT, nullable=False),
        sa.Column("evidence", BLOB, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("block_number >= 0", name=op.f("ck_reduction_anchor_block_number")),
        sa.ForeignKeyConstraint(["attestation_id"], ["reduction_attestation.id"], name=op.f("fk_reduction_anchor_attestation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reduction_anchor")),
        sa.UniqueConstraint("attestation_id", "block_hash", name=op.f("uq_reduction_anchor_attestation_id_block_hash")),
        sqlite_strict=True,
    )
