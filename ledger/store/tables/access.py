"""Idempotency keys, the hash-chained audit log, access tokens."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.store.tables.base import (
    AutoInt,
    Blob,
    Int,
    KeyInt,
    KeyStr,
    OptBlob,
    OptInt,
    OptStr,
    Row,
    Str,
    holds,
    refers,
    sha256_hex,
    table,
    unique,
)


class IdempotencyKey(Row, table=True):
    """A request once begun under a tenant's key: the hash of the request, and the answer when there is one."""

    __table_args__ = table(
        *sha256_hex("request_hash"), holds("answer", "(finished_at IS NULL) = (status IS NULL) AND (finished_at IS NULL) = (body IS NULL)")
    )

    tenant: KeyStr
    key: KeyStr
    request_hash: Str
    started_at: Int
    finished_at: OptInt = None
    status: OptInt = None
    media_type: OptStr = None
    location: OptStr = None
    body: OptBlob = None


class AuditLog(Row, table=True):
    """Who did what, when, to what, with what result; `hash` covers the entry and the hash before it."""

    __table_args__ = table(
        *sha256_hex("prev_hash", "hash"), unique("hash"), holds("seq", "seq >= 1"), Index(None, "institution"), Index(None, "object")
    )

    seq: KeyInt
    at: Int
    actor: Str
    institution: OptStr = None
    action: Str
    object: Str
    result: Str
    details: Blob
    prev_hash: Str
    hash: Str


class Token(Row, table=True):
    """An access token: only the SHA-256 of its secret. `roles` are separated by single blanks; `expires_at` null never expires."""

    __table_args__ = table(refers("institution_id", "institution", "id"), unique("secret_hash"), *sha256_hex("secret_hash"))

    id: AutoInt = None  # type: ignore[assignment]
    secret_hash: Str
    subject: Str
    institution_id: OptStr = None
    roles: Str
    expires_at: OptInt = None
    created_by: Str
    at: Int


class TokenRevocation(Row, table=True):
    """The end of a token before its time."""

    __table_args__ = table(refers("token_id", "token", "id"))

    token_id: KeyInt
    revoked_by: Str
    reason: Str
    at: Int
