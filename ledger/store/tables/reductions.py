"""Statements of reductions with what they rest on, their signatures and anchors."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint

from ledger.store.tables.base import (
    AutoInt,
    Blob,
    Int,
    KeyInt,
    KeyStr,
    OptStr,
    Packed,
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


class ReductionStatement(Row, table=True):
    """A statement of reductions: canonical `lingtan.reductions/1` bytes, findings, the library in force.

    Its leaves are not kept: they follow from the lines and the commitment key, and with the key they are gone.
    """

    __table_args__ = table(
        refers(("institution_id", "period_id"), "period", ("institution_id", "id")),
        refers("library_hash", "library_release", "hash"),
        refers("supersedes", "reduction_statement", "hash"),
        unique("hash"),
        UniqueConstraint("id", "institution_id", "period_id", "dataset", "revision", name="uq_reduction_statement_scope"),
        one_of("cause", CAUSES),
        one_of("dataset", ("REDUCTIONS",)),
        holds("revision", "revision >= 1"),
        holds("first", "(revision = 1) = (cause = 'first') AND (revision = 1) = (supersedes IS NULL)"),
        *sha256_hex("hash"),
        Index(None, "institution_id", "period_id"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    period_id: Str
    dataset: Str
    revision: Int
    cause: Str
    supersedes: OptStr = None
    hash: Str
    document: Blob
    findings: Blob
    library_hash: Str
    prepared_by: Str
    at: Int


class ReductionEvidence(Row, table=True):
    """Bytes that a statement's lines rest on: a project's input or answer (name: the project), or a file (name: as the input calls it)."""

    __table_args__ = table(
        refers("statement_id", "reduction_statement", "id"),
        one_of("kind", ("input", "answer", "file")),
        *sha256_hex("sha256"),
        Index(None, "statement_id", "sha256"),
    )

    statement_id: KeyInt
    kind: KeyStr
    name: KeyStr
    sha256: KeyStr
    content: Packed


class ReductionAttestation(SignedMessage, Row, table=True):
    """A bank's signed PeriodAttestation of a statement of reductions; `attempt` as for attestations."""

    __table_args__ = table(
        ForeignKeyConstraint(
            ["statement_id", "institution_id", "period_id", "dataset", "revision"],
            [f"reduction_statement.{name}" for name in ("id", "institution_id", "period_id", "dataset", "revision")],
            name="fk_reduction_attestation_scope",
        ),
        UniqueConstraint("institution_id", "dataset", "period_id", "revision", "attempt", name="uq_reduction_attestation_scope"),
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


class ReductionAnchor(Row, table=True):
    """The evidence captured when a statement of reductions was anchored: one canonical item of `lingtan.anchors/1`."""

    __table_args__ = table(
        refers("attestation_id", "reduction_attestation", "id"),
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
