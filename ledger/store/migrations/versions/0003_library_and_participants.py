"""Library releases, participants' messages and keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import protect
from ledger.store.migrations.columns_1 import BLOB, TEXT, WHOLE

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "library_release",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("release", TEXT, nullable=False),
        sa.Column("document", BLOB, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("\"kind\" IN ('library', 'schema', 'scheme')", name=op.f("ck_library_release_kind")),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_library_release_hash")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_library_release")),
        sa.UniqueConstraint("kind", "release", name=op.f("uq_library_release_kind_release")),
        sqlite_strict=True,
    )
    op.create_table(
        "participant_key",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("org", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("valid_from", WHOLE, nullable=False),
        sa.Column("valid_to", WHOLE, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("block_number", WHOLE, nullable=False),
        sa.Column("tx_hash", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint(
            "length(address) = 42 AND substr(address, 1, 2) = '0x' AND lower(address) = address", name=op.f("ck_participant_key_address")
        ),
        sa.CheckConstraint(
            "\"role\" IN ('approver', 'logkeeper', 'verifier', 'certifier', 'librarian', 'publisher')", name=op.f("ck_participant_key_role")
        ),
        sa.CheckConstraint('length("org") = 64 AND lower("org") = "org"', name=op.f("ck_participant_key_org")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant_key")),
        sa.UniqueConstraint("org", "address", "role", "version", name=op.f("uq_participant_key_org_address_role_version")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_participant_key_address"), "participant_key", ["address"], unique=False)
    op.create_table(
        "participant_key_event",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("org", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=True),
        sa.Column("role", TEXT, nullable=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("valid_to", WHOLE, nullable=True),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("block_number", WHOLE, nullable=False),
        sa.Column("tx_hash", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint("(kind = 'key_ended') = (valid_to IS NOT NULL)", name=op.f("ck_participant_key_event_valid_to")),
        sa.CheckConstraint(
            "(kind IN ('institution_suspended', 'institution_reinstated')) = (address IS NULL)", name=op.f("ck_participant_key_event_whole")
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('key_ended', 'key_suspended', 'key_reinstated', 'institution_suspended', 'institution_reinstated')",
            name=op.f("ck_participant_key_event_kind"),
        ),
        sa.CheckConstraint("(address IS NULL) = (role IS NULL)", name=op.f("ck_participant_key_event_role_of_key")),
        sa.CheckConstraint('length("org") = 64 AND lower("org") = "org"', name=op.f("ck_participant_key_event_org")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant_key_event")),
        sa.UniqueConstraint("org", "version", name=op.f("uq_participant_key_event_org_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "participant_action",
        sa.Column("message", BLOB, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.Column("signer", TEXT, nullable=False),
        sa.Column("struct_hash", TEXT, nullable=False),
        sa.Column("submitted_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("outbox_id", WHOLE, nullable=True),
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("org", TEXT, nullable=True),
        sa.Column("version", WHOLE, nullable=False),
        sa.CheckConstraint("length(signature) = 132 AND substr(signature, 1, 2) = '0x'", name=op.f("ck_participant_action_signature")),
        sa.CheckConstraint(
            "length(signer) = 42 AND substr(signer, 1, 2) = '0x' AND lower(signer) = signer", name=op.f("ck_participant_action_signer")
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('register_institution', 'add_key', 'end_key', 'set_key_standing', 'set_standing', "
            "'propose_admin', 'accept_admin')",
            name=op.f("ck_participant_action_kind"),
        ),
        sa.CheckConstraint('length("org") = 64 AND lower("org") = "org"', name=op.f("ck_participant_action_org")),
        sa.CheckConstraint("length(struct_hash) IN (64, 66)", name=op.f("ck_participant_action_struct_hash")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_participant_action_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant_action")),
        sa.UniqueConstraint("struct_hash", name=op.f("uq_participant_action_struct_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_participant_action_org_version"), "participant_action", ["org", "version"], unique=False)
    op.create_table(
        "release_proposal",
        sa.Column("message", BLOB, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.Column("signer", TEXT, nullable=False),
        sa.Column("struct_hash", TEXT, nullable=False),
        sa.Column("submitted_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("outbox_id", WHOLE, nullable=True),
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("release_hash", TEXT, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.Column("valid_from", WHOLE, nullable=False),
        sa.Column("supersedes", TEXT, nullable=True),
        sa.CheckConstraint("length(signature) = 132 AND substr(signature, 1, 2) = '0x'", name=op.f("ck_release_proposal_signature")),
        sa.CheckConstraint(
            "length(signer) = 42 AND substr(signer, 1, 2) = '0x' AND lower(signer) = signer", name=op.f("ck_release_proposal_signer")
        ),
        sa.CheckConstraint("length(struct_hash) IN (64, 66)", name=op.f("ck_release_proposal_struct_hash")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_release_proposal_institution_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_release_proposal_outbox_id")),
        sa.ForeignKeyConstraint(["release_hash"], ["library_release.hash"], name=op.f("fk_release_proposal_release_hash")),
        sa.ForeignKeyConstraint(["supersedes"], ["library_release.hash"], name=op.f("fk_release_proposal_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_proposal")),
        sa.UniqueConstraint("struct_hash", name=op.f("uq_release_proposal_struct_hash")),
        sqlite_strict=True,
    )
    op.create_table(
        "release_publication",
        sa.Column("message", BLOB, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.Column("signer", TEXT, nullable=False),
        sa.Column("struct_hash", TEXT, nullable=False),
        sa.Column("submitted_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("outbox_id", WHOLE, nullable=True),
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("proposal_id", WHOLE, nullable=False),
        sa.Column("institution_id", TEXT, nullable=False),
        sa.CheckConstraint("length(signature) = 132 AND substr(signature, 1, 2) = '0x'", name=op.f("ck_release_publication_signature")),
        sa.CheckConstraint(
            "length(signer) = 42 AND substr(signer, 1, 2) = '0x' AND lower(signer) = signer", name=op.f("ck_release_publication_signer")
        ),
        sa.CheckConstraint("length(struct_hash) IN (64, 66)", name=op.f("ck_release_publication_struct_hash")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_release_publication_institution_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_release_publication_outbox_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["release_proposal.id"], name=op.f("fk_release_publication_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_publication")),
        sa.UniqueConstraint("struct_hash", name=op.f("uq_release_publication_struct_hash")),
        sqlite_strict=True,
    )
    protect("library_release")
    protect("participant_key")
    protect("participant_key_event")
    protect("participant_action")
    protect("release_proposal")
    protect("release_publication")
