"""Transactions to send, what happened to them, and who may send (design: chain §4)."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.records.outbox import OUTBOX_STATES
from ledger.store.tables.base import (
    AutoInt,
    Blob,
    Int,
    KeyStr,
    OptBlob,
    OptInt,
    OptStr,
    Row,
    Str,
    holds,
    one_of,
    refers,
    sha256_hex,
    table,
    unique,
)


class Outbox(Row, table=True):
    """One intended transaction. What is to be sent never changes; nonce, raw bytes and hash are set once, together; the state moves."""

    __table_args__ = table(
        unique("idem_key"),
        unique("chain_id", "signer", "nonce"),
        unique("tx_hash"),
        one_of("state", OUTBOX_STATES),
        *sha256_hex("payload_hash"),
        holds("signed", "(nonce IS NULL) = (raw_tx IS NULL) AND (nonce IS NULL) = (tx_hash IS NULL)"),
        holds("sent", "state NOT IN ('SIGNED', 'SENT', 'MINED', 'FINAL') OR nonce IS NOT NULL"),
        holds("mined", "state NOT IN ('MINED', 'FINAL') OR (block_number IS NOT NULL AND block_hash IS NOT NULL)"),
        holds("gas", "gas > 0"),
        Index(None, "state", "next_at"),
        Index(None, "subject"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    idem_key: Str
    kind: Str
    subject: Str
    signer: Str
    chain_id: Int
    to: Str
    data: Blob
    gas: Int
    payload_hash: Str
    nonce: OptInt = None
    raw_tx: OptBlob = None
    tx_hash: OptStr = None
    state: Str
    attempts: Int
    next_at: Int
    block_number: OptInt = None
    block_hash: OptStr = None
    receipt: OptBlob = None
    error: OptStr = None
    at: Int


class OutboxEvent(Row, table=True):
    """One step in the life of an outbox row, kept for ever: the state it reached and why."""

    __table_args__ = table(refers("outbox_id", "outbox", "id"), one_of("state", OUTBOX_STATES), Index(None, "outbox_id"))

    id: AutoInt = None  # type: ignore[assignment]
    outbox_id: Int
    state: Str
    block_number: OptInt = None
    block_hash: OptStr = None
    detail: Str
    at: Int


class OutboxLease(Row, table=True):
    """Who may send with a signer's key, until when; `token` grows with every change of holder and fences the former one off."""

    __table_args__ = table(holds("token", "token >= 1"))

    signer: KeyStr
    holder: Str
    token: Int
    expires_at: Int
