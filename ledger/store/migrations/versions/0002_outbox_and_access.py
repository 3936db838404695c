"""The outbox, idempotency keys, the audit log, tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.append_only_1 import freeze_columns, protect
from ledger.store.migrations.columns_1 import BLOB, TEXT, WHOLE

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", WHOLE, autoincrement=False, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("institution", TEXT, nullable=True),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("object", TEXT, nullable=False),
        sa.Column("result", TEXT, nullable=False),
        sa.Column("details", BLOB, nullable=False),
        sa.Column("prev_hash", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.CheckConstraint('length("hash") = 64 AND lower("hash") = "hash"', name=op.f("ck_audit_log_hash")),
        sa.CheckConstraint('length("prev_hash") = 64 AND lower("prev_hash") = "prev_hash"', name=op.f("ck_audit_log_prev_hash")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_audit_log_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_log_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_audit_log_institution"), "audit_log", ["institution"], unique=False)
    op.create_index(op.f("ix_audit_log_object"), "audit_log", ["object"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("tenant", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("request_hash", TEXT, nullable=False),
        sa.Column("started_at", WHOLE, nullable=False),
        sa.Column("finished_at", WHOLE, nullable=True),
        sa.Column("status", WHOLE, nullable=True),
        sa.Column("media_type", TEXT, nullable=True),
        sa.Column("location", TEXT, nullable=True),
        sa.Column("body", BLOB, nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (status IS NULL) AND (finished_at IS NULL) = (body IS NULL)", name=op.f("ck_idempotency_key_answer")
        ),
        sa.CheckConstraint(
            'length("request_hash") = 64 AND lower("request_hash") = "request_hash"', name=op.f("ck_idempotency_key_request_hash")
        ),
        sa.PrimaryKeyConstraint("tenant", "key", name=op.f("pk_idempotency_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "outbox",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("idem_key", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("signer", TEXT, nullable=False),
        sa.Column("chain_id", WHOLE, nullable=False),
        sa.Column("to", TEXT, nullable=False),
        sa.Column("data", BLOB, nullable=False),
        sa.Column("gas", WHOLE, nullable=False),
        sa.Column("payload_hash", TEXT, nullable=False),
        sa.Column("nonce", WHOLE, nullable=True),
        sa.Column("raw_tx", BLOB, nullable=True),
        sa.Column("tx_hash", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", WHOLE, nullable=False),
        sa.Column("next_at", WHOLE, nullable=False),
        sa.Column("block_number", WHOLE, nullable=True),
        sa.Column("block_hash", TEXT, nullable=True),
        sa.Column("receipt", BLOB, nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint(
            "state NOT IN ('MINED', 'FINAL') OR (block_number IS NOT NULL AND block_hash IS NOT NULL)", name=op.f("ck_outbox_mined")
        ),
        sa.CheckConstraint("state NOT IN ('SIGNED', 'SENT', 'MINED', 'FINAL') OR nonce IS NOT NULL", name=op.f("ck_outbox_sent")),
        sa.CheckConstraint(
            "\"state\" IN ('QUEUED', 'SIGNED', 'SENT', 'MINED', 'FINAL', 'REVERTED', 'QUARANTINED')", name=op.f("ck_outbox_state")
        ),
        sa.CheckConstraint("(nonce IS NULL) = (raw_tx IS NULL) AND (nonce IS NULL) = (tx_hash IS NULL)", name=op.f("ck_outbox_signed")),
        sa.CheckConstraint("gas > 0", name=op.f("ck_outbox_gas")),
        sa.CheckConstraint('length("payload_hash") = 64 AND lower("payload_hash") = "payload_hash"', name=op.f("ck_outbox_payload_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("chain_id", "signer", "nonce", name=op.f("uq_outbox_chain_id_signer_nonce")),
        sa.UniqueConstraint("idem_key", name=op.f("uq_outbox_idem_key")),
        sa.UniqueConstraint("tx_hash", name=op.f("uq_outbox_tx_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_outbox_state_next_at"), "outbox", ["state", "next_at"], unique=False)
    op.create_index(op.f("ix_outbox_subject"), "outbox", ["subject"], unique=False)
    op.create_table(
        "outbox_lease",
        sa.Column("signer", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("token", WHOLE, nullable=False),
        sa.Column("expires_at", WHOLE, nullable=False),
        sa.CheckConstraint("token >= 1", name=op.f("ck_outbox_lease_token")),
        sa.PrimaryKeyConstraint("signer", name=op.f("pk_outbox_lease")),
        sqlite_strict=True,
    )
    op.create_table(
        "outbox_event",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("outbox_id", WHOLE, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("block_number", WHOLE, nullable=True),
        sa.Column("block_hash", TEXT, nullable=True),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint(
            "\"state\" IN ('QUEUED', 'SIGNED', 'SENT', 'MINED', 'FINAL', 'REVERTED', 'QUARANTINED')", name=op.f("ck_outbox_event_state")
        ),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_outbox_event_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_outbox_event_outbox_id"), "outbox_event", ["outbox_id"], unique=False)
    op.create_table(
        "token",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("secret_hash", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("institution_id", TEXT, nullable=True),
        sa.Column("roles", TEXT, nullable=False),
        sa.Column("expires_at", WHOLE, nullable=True),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.CheckConstraint('length("secret_hash") = 64 AND lower("secret_hash") = "secret_hash"', name=op.f("ck_token_secret_hash")),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name=op.f("fk_token_institution_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_token_secret_hash")),
        sqlite_strict=True,
    )
    op.create_table(
        "token_revocation",
        sa.Column("token_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("revoked_by", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name=op.f("fk_token_revocation_token_id")),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_token_revocation")),
        sqlite_strict=True,
    )
    protect("audit_log")
    protect("outbox", update=False)
    protect("outbox_event")
    protect("token")
    protect("token_revocation")
    freeze_columns(
        "outbox",
        ("id", "idem_key", "kind", "subject", "signer", "chain_id", "to", "data", "gas", "payload_hash", "at"),
        ("nonce", "raw_tx", "tx_hash"),
    )
