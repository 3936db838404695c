"""Activity, statements, attestations, anchors, claims, verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import BLOB, FLAG, TEXT, WHOLE

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activity_version",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("period_id", TEXT, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("document", BLOB, nullable=False),
        sa.Column("findings", BLOB, nullable=False),
        sa.Column("has_errors", FLAG, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_activity_version_hash")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_activity_version_version")),
        sa.ForeignKeyConstraint(
            ["institution_id", "period_id"],
            ["period.institution_id", "period.id"],
            name=op.f("fk_activity_version_institution_id_period_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_version")),
        sa.UniqueConstraint("institution_id", "period_id", "version", name=op.f("uq_activity_version_institution_id_period_id_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "claim",
        sa.Column("message", BLOB, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.Column("signer", TEXT, nullable=False),
        sa.Column("struct_hash", TEXT, nullable=False),
        sa.Column("submitted_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("outbox_id", WHOLE, nullable=True),
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("claim_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("attempt", WHOLE, nullable=False),
        sa.Column("period_id", TEXT, nullable=False),
        sa.Column("scheme", TEXT, nullable=False),
        sa.Column("package_hash", TEXT, nullable=False),
        sa.CheckConstraint("length(signature) = 132 AND substr(signature, 1, 2) = '0x'", name=op.f("ck_claim_signature")),
        sa.CheckConstraint("length(signer) = 42 AND substr(signer, 1, 2) = '0x' AND lower(signer) = signer", name=op.f("ck_claim_signer")),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_claim_attempt")),
        sa.CheckConstraint('length("name") = 64 AND lower("name") = "name"', name=op.f("ck_claim_name")),
        sa.CheckConstraint('length("package_hash") = 64 AND lower("package_hash") = "package_hash"', name=op.f("ck_claim_package_hash")),
        sa.CheckConstraint("length(struct_hash) IN (64, 66)", name=op.f("ck_claim_struct_hash")),
        sa.ForeignKeyConstraint(
            ["institution_id", "period_id"], ["period.institution_id", "period.id"], name=op.f("fk_claim_institution_id_period_id")
        ),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_claim_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("institution_id", "claim_id", "attempt", name=op.f("uq_claim_institution_id_claim_id_attempt")),
        sa.UniqueConstraint("name", "attempt", name=op.f("uq_claim_name_attempt")),
        sa.UniqueConstraint("struct_hash", name=op.f("uq_claim_struct_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_claim_package_hash"), "claim", ["package_hash"], unique=False)
    op.create_table(
        "statement",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("period_id", TEXT, nullable=False),
        sa.Column("revision", WHOLE, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("supersedes", TEXT, nullable=True),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("document", BLOB, nullable=False),
        sa.Column("findings", BLOB, nullable=False),
        sa.Column("has_errors", FLAG, nullable=False),
        sa.Column("organisation_version_id", WHOLE, nullable=False),
        sa.Column("organisation_hash", TEXT, nullable=False),
        sa.Column("activity_version_id", WHOLE, nullable=False),
        sa.Column("activity_hash", TEXT, nullable=False),
        sa.Column("library_hash", TEXT, nullable=False),
        sa.Column("prepared_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("(revision = 1) = (cause = 'first') AND (revision = 1) = (supersedes IS NULL)", name=op.f("ck_statement_first")),
        sa.CheckConstraint("\"cause\" IN ('first', 'data', 'factor', 'boundary', 'method', 'error')", name=op.f("ck_statement_cause")),
        sa.CheckConstraint(
            'length("activity_hash") = 64 AND lower("activity_hash") = "activity_hash"', name=op.f("ck_statement_activity_hash")
        ),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_statement_hash")),
        sa.CheckConstraint(
            'length("organisation_hash") = 64 AND lower("organisation_hash") = "organisation_hash"',
            name=op.f("ck_statement_organisation_hash"),
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_statement_revision")),
        sa.ForeignKeyConstraint(["activity_version_id"], ["activity_version.id"], name=op.f("fk_statement_activity_version_id")),
        sa.ForeignKeyConstraint(
            ["institution_id", "period_id"], ["period.institution_id", "period.id"], name=op.f("fk_statement_institution_id_period_id")
        ),
        sa.ForeignKeyConstraint(["library_hash"], ["library_release.hash"], name=op.f("fk_statement_library_hash")),
        sa.ForeignKeyConstraint(
            ["organisation_version_id"], ["organisation_version.id"], name=op.f("fk_statement_organisation_version_id")
        ),
        sa.ForeignKeyConstraint(["supersedes"], ["statement.hash"], name=op.f("fk_statement_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint("hash", name=op.f("uq_statement_hash")),
        sa.UniqueConstraint(
            "id", "institution_id", "period_id", "revision", name=op.f("uq_statement_id_institution_id_period_id_revision")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_statement_institution_id_period_id_revision"), "statement", ["institution_id", "period_id", "revision"], unique=False
    )
    op.create_table(
        "verdict",
        sa.Column("message", BLOB, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.Column("signer", TEXT, nullable=False),
        sa.Column("struct_hash", TEXT, nullable=False),
        sa.Column("submitted_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("outbox_id", WHOLE, nullable=True),
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("claim_row_id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("sequence", WHOLE, nullable=False),
        sa.Column("result_hash", TEXT, nullable=False),
        sa.Column("result", BLOB, nullable=False),
        sa.Column("findings_hash", TEXT, nullable=False),
        sa.Column("findings", BLOB, nullable=False),
        sa.CheckConstraint("length(signature) = 132 AND substr(signature, 1, 2) = '0x'", name=op.f("ck_verdict_signature")),
        sa.CheckConstraint(
            "length(signer) = 42 AND substr(signer, 1, 2) = '0x' AND lower(signer) = signer", name=op.f("ck_verdict_signer")
        ),
        sa.CheckConstraint(
            'length("findings_hash") = 64 AND lower("findings_hash") = "findings_hash"', name=op.f("ck_verdict_findings_hash")
        ),
        sa.CheckConstraint('length("result_hash") = 64 AND lower("result_hash") = "result_hash"', name=op.f("ck_verdict_result_hash")),
        sa.CheckConstraint("length(struct_hash) IN (64, 66)", name=op.f("ck_verdict_struct_hash")),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_verdict_sequence")),
        sa.ForeignKeyConstraint(["claim_row_id"], ["claim.id"], name=op.f("fk_verdict_claim_row_id")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_verdict_institution_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_verdict_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("struct_hash", name=op.f("uq_verdict_struct_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_verdict_claim_row_id"), "verdict", ["claim_row_id"], unique=False)
    op.create_table(
        "attestation",
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
        sa.CheckConstraint("length(signature) = 132 AND substr(signature, 1, 2) = '0x'", name=op.f("ck_attestation_signature")),
        sa.CheckConstraint(
            "length(signer) = 42 AND substr(signer, 1, 2) = '0x' AND lower(signer) = signer", name=op.f("ck_attestation_signer")
        ),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_attestation_attempt")),
        sa.CheckConstraint("length(struct_hash) IN (64, 66)", name=op.f("ck_attestation_struct_hash")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_attestation_revision")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_attestation_outbox_id")),
        sa.ForeignKeyConstraint(
            ["statement_id", "institution_id", "period_id", "revision"],
            ["statement.id", "statement.institution_id", "statement.period_id", "statement.revision"],
            name=op.f("fk_attestation_statement_id_institution_id_period_id_revision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestation")),
        sa.UniqueConstraint(
            "institution_id",
            "dataset",
            "period_id",
            "revision",
            "attempt",
            name=op.f("uq_attestation_institution_id_dataset_period_id_revision_attempt"),
        ),
        sa.UniqueConstraint("struct_hash", name=op.f("uq_attestation_struct_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_attestation_statement_id"), "attestation", ["statement_id"], unique=False)
    op.create_table(
        "commitments",
        sa.Column("statement_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("document", BLOB, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_commitments_hash")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_commitments_statement_id")),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_commitments")),
        sqlite_strict=True,
    )
    op.create_table(
        "package",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("statement_id", WHOLE, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("zip_sha256", TEXT, nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_package_hash")),
        sa.CheckConstraint('length("zip_sha256") = 64 AND lower("zip_sha256") = "zip_sha256"', name=op.f("ck_package_zip_sha256")),
        sa.CheckConstraint("size > 0", name=op.f("ck_package_size")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_package_statement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package")),
        sa.UniqueConstraint("statement_id", "hash", name=op.f("uq_package_statement_id_hash")),
        sqlite_strict=True,
    )
    op.create_table(
        "package_content",
        sa.Column("package_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("content", BLOB, nullable=False),
        sa.CheckConstraint('length("sha256") = 64 AND lower("sha256") = "sha256"', name=op.f("ck_package_content_sha256")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_package_content_package_id")),
        sa.PrimaryKeyConstraint("package_id", name=op.f("pk_package_content")),
        sqlite_strict=True,
    )
    op.create_table(
        "statement_meter_record",
        sa.Column("statement_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("meter_id", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("record", BLOB, nullable=False),
        sa.CheckConstraint('length("digest") = 64 AND lower("digest") = "digest"', name=op.f("ck_statement_meter_record_digest")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_statement_meter_record_statement_id")),
        sa.PrimaryKeyConstraint("statement_id", "meter_id", name=op.f("pk_statement_meter_record")),
        sqlite_strict=True,
    )
    op.create_table(
        "anchor",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("attestation_id", WHOLE, nullable=False),
        sa.Column("chain_id", WHOLE, nullable=False),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("tx_hash", TEXT, nullable=False),
        sa.Column("block_number", WHOLE, nullable=False),
        sa.Column("block_hash", TEXT, nullable=False),
        sa.Column("evidence", BLOB, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("block_number >= 0", name=op.f("ck_anchor_block_number")),
        sa.ForeignKeyConstraint(["attestation_id"], ["attestation.id"], name=op.f("fk_anchor_attestation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchor")),
        sa.UniqueConstraint("attestation_id", "block_hash", name=op.f("uq_anchor_attestation_id_block_hash")),
        sqlite_strict=True,
    )
    protect("activity_version")
    protect("claim")
    protect("statement")
    protect("verdict")
    protect("attestation")
    protect("commitments", delete=False)
    protect("package")
    protect("package_content", delete=False)
    protect("statement_meter_record", delete=False)
    protect("anchor")
