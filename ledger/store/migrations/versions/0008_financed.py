"""Financed statements with leaves, attestations and anchors; attributions across banks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import BLOB, TEXT, WHOLE

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_statements()
    _create_signatures()
    _create_attributions()
    for name in (
        "financed_statement",
        "financed_leaves",
        "financed_attestation",
        "financed_anchor",
        "attribution_batch",
        "attribution",
    ):
        protect(name)


def _create_statements() -> None:
    op.create_table(
        "financed_statement",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("period_id", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("method", TEXT, nullable=False),
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
            "\"cause\" IN ('first', 'data', 'factor', 'boundary', 'method', 'error')", name=op.f("ck_financed_statement_cause")
        ),
        sa.CheckConstraint("\"dataset\" IN ('FINANCED_PCAF', 'FINANCED_PBOC')", name=op.f("ck_financed_statement_dataset")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_financed_statement_revision")),
        sa.CheckConstraint(
            "(revision = 1) = (cause = 'first') AND (revision = 1) = (supersedes IS NULL)", name=op.f("ck_financed_statement_first")
        ),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_financed_statement_hash")),
        sa.ForeignKeyConstraint(
            ["institution_id", "period_id"],
            ["period.institution_id", "period.id"],
            name=op.f("fk_financed_statement_institution_id_period_id"),
        ),
        sa.ForeignKeyConstraint(["library_hash"], ["library_release.hash"], name=op.f("fk_financed_statement_library_hash")),
        sa.ForeignKeyConstraint(["supersedes"], ["financed_statement.hash"], name=op.f("fk_financed_statement_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financed_statement")),
        sa.UniqueConstraint("hash", name=op.f("uq_financed_statement_hash")),
        sa.UniqueConstraint("id", "institution_id", "period_id", "dataset", "revision", name=op.f("uq_financed_statement_scope")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_financed_statement_institution_id_period_id"), "financed_statement", ["institution_id", "period_id"], unique=False
    )
    op.create_table(
        "financed_leaves",
        sa.Column("statement_id", WHOLE, nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("leaves", BLOB, nullable=False),
        sa.CheckConstraint('length("sha256") = 64 AND lower("sha256") = "sha256"', name=op.f("ck_financed_leaves_sha256")),
        sa.CheckConstraint("size > 0", name=op.f("ck_financed_leaves_size")),
        sa.ForeignKeyConstraint(["statement_id"], ["financed_statement.id"], name=op.f("fk_financed_leaves_statement_id")),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_financed_leaves")),
        sqlite_strict=True,
    )


def _create_signatures() -> None:
    op.create_table(
        "financed_attestation",
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
        sa.CheckConstraint("length(signature) = 132 AND substr(signature, 1, 2) = '0x'", name=op.f("ck_financed_attestation_signature")),
        sa.CheckConstraint(
            "length(signer) = 42 AND substr(signer, 1, 2) = '0x' AND lower(signer) = signer", name=op.f("ck_financed_attestation_signer")
        ),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_financed_attestation_attempt")),
        sa.CheckConstraint("length(struct_hash) IN (64, 66)", name=op.f("ck_financed_attestation_struct_hash")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_financed_attestation_outbox_id")),
        sa.ForeignKeyConstraint(
            ["statement_id", "institution_id", "period_id", "dataset", "revision"],
            [f"financed_statement.{name}" for name in ("id", "institution_id", "period_id", "dataset", "revision")],
            name=op.f("fk_financed_attestation_scope"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financed_attestation")),
        sa.UniqueConstraint("institution_id", "dataset", "period_id", "revision", "attempt", name=op.f("uq_financed_attestation_scope")),
        sa.UniqueConstraint("struct_hash", name=op.f("uq_financed_attestation_struct_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_financed_attestation_statement_id"), "financed_attestation", ["statement_id"], unique=False)
    op.create_table(
        "financed_anchor",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("attestation_id", WHOLE, nullable=False),
        sa.Column("chain_id", WHOLE, nullable=False),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("tx_hash", TEXT, nullable=False),
        sa.Column("block_number", WHOLE, nullable=False),
        sa.Column("block_hash", TEXT, nullable=False),
        sa.Column("evidence", BLOB, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("block_number >= 0", name=op.f("ck_financed_anchor_block_number")),
        sa.ForeignKeyConstraint(["attestation_id"], ["financed_attestation.id"], name=op.f("fk_financed_anchor_attestation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financed_anchor")),
        sa.UniqueConstraint("attestation_id", "block_hash", name=op.f("uq_financed_anchor_attestation_id_block_hash")),
        sqlite_strict=True,
    )


def _create_attributions() -> None:
    op.create_table(
        "attribution_batch",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("period_id", TEXT, nullable=False),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("submitted_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint('length("digest") = 64 AND lower("digest") = "digest"', name=op.f("ck_attribution_batch_digest")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_attribution_batch_version")),
        sa.ForeignKeyConstraint(
            ["institution_id", "period_id"],
            ["period.institution_id", "period.id"],
            name=op.f("fk_attribution_batch_institution_id_period_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribution_batch")),
        sa.UniqueConstraint(
            "institution_id", "period_id", "method", "version", name=op.f("uq_attribution_batch_institution_id_period_id_method_version")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_attribution_batch_period_id_method"), "attribution_batch", ["period_id", "method"], unique=False)
    op.create_table(
        "attribution",
        sa.Column("batch_id", WHOLE, nullable=False),
        sa.Column("line", WHOLE, nullable=False),
        sa.Column("token", BLOB, nullable=False),
        sa.Column("exposure", BLOB, nullable=False),
        sa.Column("floor_e9", WHOLE, nullable=False),
        sa.Column("ceil_e9", WHOLE, nullable=False),
        sa.CheckConstraint("length(token) = 32", name=op.f("ck_attribution_token")),
        sa.CheckConstraint("length(exposure) = 16", name=op.f("ck_attribution_exposure")),
        sa.CheckConstraint("0 <= floor_e9 AND floor_e9 <= ceil_e9 AND ceil_e9 <= 1000000000", name=op.f("ck_attribution_share")),
        sa.ForeignKeyConstraint(["batch_id"], ["attribution_batch.id"], name=op.f("fk_attribution_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "line", name=op.f("pk_attribution")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_attribution_token"), "attribution", ["token"], unique=False)
