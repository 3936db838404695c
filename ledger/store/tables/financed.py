"""Financed statements as banks handed them in, their signatures and anchors; and attributions matched across banks.

No exposure, no salt and no borrower's name is in any of these tables.
"""

from __future__ import annotations

from sqlalchemy import Index

from ledger.merkle.dataset_schema import FINANCED_DATASETS
from ledger.store.tables.attested import (
    AnchorRow,
    AttestationRow,
    DatasetStatementRow,
    anchor_constraints,
    dataset_attestation_constraints,
    dataset_statement_constraints,
)
from ledger.store.tables.base import AutoInt, Blob, Int, KeyInt, Row, Str, holds, refers, sha256_hex, table, unique


class FinancedStatement(DatasetStatementRow, table=True):
    """A financed statement that a bank computed at home: canonical `lingtan.financed/1` bytes."""

    __table_args__ = table(*dataset_statement_constraints("financed_statement", FINANCED_DATASETS))

    method: Str


class FinancedLeaves(Row, table=True):
    """The leaves of a financed statement's groups as packed columns: keys (32 bytes each), values (four u128), record hashes (32)."""

    __table_args__ = table(refers("statement_id", "financed_statement", "id"), *sha256_hex("sha256"), holds("size", "size > 0"))

    statement_id: KeyInt
    size: Int
    sha256: Str
    leaves: Blob


class FinancedAttestation(AttestationRow, table=True):
    """A bank's signature on a financed statement."""

    __table_args__ = table(*dataset_attestation_constraints("financed_attestation", "financed_statement"))


class FinancedAnchor(AnchorRow, table=True):
    """The anchor of a financed statement."""

    __table_args__ = table(*anchor_constraints("financed_attestation"))


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
