"""What every kind of statement that is signed and anchored has in common: columns and constraints of its rows."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.schema import SchemaItem

from ledger.store.tables.base import (
    AutoInt,
    Blob,
    Int,
    OptStr,
    Row,
    SignedMessage,
    Str,
    holds,
    one_of,
    refers,
    sha256_hex,
    signed_message,
    unique,
)

CAUSES = ("first", "data", "factor", "boundary", "method", "error")
_SCOPE = ("institution_id", "period_id", "dataset", "revision")


class StatementRow(Row):
    """A statement: its canonical bytes and their hash, the findings on it, the library in force, and who prepared it.

    The hash is unique: the same inputs give the same bytes, hence one row.
    """

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    period_id: Str
    revision: Int
    cause: Str
    supersedes: OptStr = None
    hash: Str
    document: Blob
    findings: Blob
    library_hash: Str
    prepared_by: Str
    at: Int


class DatasetStatementRow(StatementRow):
    """A statement of one dataset alone; revisions count per dataset."""

    dataset: Str


class AttestationRow(SignedMessage, Row):
    """A bank's signed PeriodAttestation of one dataset of a statement.

    `attempt` is 0 unless the earlier attempt's transaction was refused for good (an expired deadline): then the bank signs anew, and
    both messages stay.
    """

    id: AutoInt = None  # type: ignore[assignment]
    statement_id: Int
    institution_id: Str
    dataset: Str
    period_id: Str
    revision: Int
    attempt: Int
    digest: Str


class AnchorRow(Row):
    """The evidence captured when an attestation was anchored: one canonical item of `lingtan.anchors/1`."""

    id: AutoInt = None  # type: ignore[assignment]
    attestation_id: Int
    chain_id: Int
    contract: Str
    tx_hash: Str
    block_number: Int
    block_hash: Str
    evidence: Blob
    at: Int


def statement_constraints(table: str) -> tuple[SchemaItem, ...]:
    """Return what holds for the statements in this table: what they refer to, one row per hash, causes that fit revisions."""
    return (
        refers(("institution_id", "period_id"), "period", ("institution_id", "id")),
        refers("library_hash", "library_release", "hash"),
        refers("supersedes", table, "hash"),
        unique("hash"),
        one_of("cause", CAUSES),
        holds("revision", "revision >= 1"),
        holds("first", "(revision = 1) = (cause = 'first') AND (revision = 1) = (supersedes IS NULL)"),
        *sha256_hex("hash"),
    )


def attestation_constraints() -> tuple[SchemaItem, ...]:
    """Return what holds for attestations of any kind."""
    return (holds("attempt", "attempt >= 0"), Index(None, "statement_id"), *signed_message())


def anchor_constraints(attestations: str) -> tuple[SchemaItem, ...]:
    """Return what holds for the anchors of the attestations in this table."""
    return (
        refers("attestation_id", attestations, "id"),
        unique("attestation_id", "block_hash"),
        holds("block_number", "block_number >= 0"),
    )


def dataset_statement_constraints(table: str, datasets: tuple[str, ...]) -> tuple[SchemaItem, ...]:
    """Return what holds for the statements in this table, each of one of these datasets."""
    return (
        *statement_constraints(table),
        UniqueConstraint("id", *_SCOPE, name=f"uq_{table}_scope"),
        one_of("dataset", datasets),
        Index(None, "institution_id", "period_id"),
    )


def dataset_attestation_constraints(table: str, statements: str) -> tuple[SchemaItem, ...]:
    """Return what holds for the attestations in this table of statements of one dataset each."""
    return (
        *attestation_constraints(),
        ForeignKeyConstraint(["statement_id", *_SCOPE], [f"{statements}.{column}" for column in ("id", *_SCOPE)], name=f"fk_{table}_scope"),
        UniqueConstraint("institution_id", "dataset", "period_id", "revision", "attempt", name=f"uq_{table}_scope"),
    )
