"""Financed statements as banks handed them in, their signatures and anchors; and attributions matched across banks.

No exposure, no salt and no borrower's name is in any of these tables.
"""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint

from ledger.store.tables.base import (
    AutoInt,
    Blob,
    Int,
    KeyInt,
    OptStr,
    Row,
    SignedMessage,
    Str,
    holds,
    one_of,
    refers,
    sha256_hex,
    signed_message,
    table,
    unique,
)
from ledger.store.tables.inventory import CAUSES

FINANCED = ("FINANCED_PCAF", "FINANCED_PBOC")


class FinancedStatement(Row, table=True):
    """A financed statement that a bank computed at home: canonical `lingtan.financed/1` bytes, findings, the library in force.

    The hash is unique: the same book, method and policies give the same bytes. Revisions count per dataset.
    """

    __table_args__ = table(
        refers(("institution_id", "period_id"), "period", ("institution_id", "id")),
        refers("library_hash", "library_release", "hash"),
        refers("supersedes", "financed_statement", "hash"),
        unique("hash"),
        UniqueConstraint("id", "institution_id", "period_id", "dataset", "revision", name="uq_financed_statement_scope"),
        one_of("cause", CAUSES),
        one_of("dataset", FINANCED),
        holds("revision", "revision >= 1"),
        holds("first", "(revision = 1) = (cause = 'first') AND (revision = 1) = (supersedes IS NULL)"),
        *sha256_hex("hash"),
        Index(None, "institution_id", "period_id"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    period_id: Str
    dataset: Str
    method: Str
    revision: Int
    cause: Str
    supersedes: OptStr = None
    hash: Str
    document: Blob
    findings: Blob
    library_hash: Str
    prepared_by: Str
    at: Int


class FinancedLeaves(Row, table=True):
    """The leaves of a financed statement's groups as packed columns: keys (32 bytes each), values (four u128), record hashes (32)."""

    __table_args__ = table(refers("statement_id", "financed_statement", "id"), *sha256_hex("sha256"), holds("size", "size > 0"))

    statement_id: KeyInt
    size: Int
    sha256: Str
    leaves: Blob


class FinancedAttestation(SignedMessage, Row, table=True):
    """A bank's signed PeriodAttestation of a financed statement; `attempt` as for attestations."""

    __table_args__ = table(
        ForeignKeyConstraint(
            ["statement_id", "institution_id", "period_id", "dataset", "revision"],
            [f"financed_statement.{name}" for name in ("id", "institution_id", "period_id", "dataset", "revision")],
            name="fk_financed_attestation_scope",
        ),
        UniqueConstraint("institution_id", "dataset", "period_id", "revision", "attempt", name="uq_financed_attestation_scope"),
        holds("attempt", "attempt >= 0"),
        Index(None, "statement_id"),
        *signed_message(),
    )

    id: AutoInt = None  # type: ignore[assignment]
    statement_id: Int
    institution_id: Str
    dataset: Str
    period_id: Str
    revision: Int
    attempt: Int
    digest: Str


class FinancedAnchor(Row, table=True):
    """The evidence captured when a financed statement was anchored: one canonical item of `lingtan.anchors/1`."""

    __table_args__ = table(
        refers("attestation_id", "financed_attestation", "id"),
        unique("attestation_id", "block_hash"),
        holds("block_number", "block_number >= 0"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    attestation_id: Int
    chain_id: Int
    contract: Str
    tx_hash: Str
    block_number: Int
    block_hash: Str
    evidence: Blob
    at: Int


class AttributionBatch(Row, table=True):
    """What a bank handed in for matching, whole; the latest version of a period and method counts. `digest` is keyed: no guess."""

    __table_args__ = table(
        refers(("institution_id", "period_id"), "period", ("institution_id", "id")),
        unique("institution_id", "period_id", "method", "version"),
        *sha256_hex("digest"),
        holds("version", "version >= 1"),
        Index(None, "period_id", "method"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    period_id: Str
    method: Str
    version: Int
    digest: Str
    size: Int
    submitted_by: Str
    at: Int


class Attribution(Row, table=True):
    """One exposure's share of its borrower, in billionths rounded down and up, under the centre's token of the borrower."""

    __table_args__ = table(
        refers("batch_id", "attribution_batch", "id"),
        holds("token", "length(token) = 32"),
        holds("exposure", "length(exposure) = 16"),
        holds("share", "0 <= floor_e9 AND floor_e9 <= ceil_e9 AND ceil_e9 <= 1000000000"),
        Index(None, "token"),
    )

    batch_id: KeyInt
    line: KeyInt
    token: Blob
    exposure: Blob
    floor_e9: Int
    ceil_e9: Int
