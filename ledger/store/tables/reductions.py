"""Statements of reductions with what they rest on, their signatures and anchors."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.merkle.dataset_schema import REDUCTIONS
from ledger.store.tables.attested import (
    AnchorRow,
    AttestationRow,
    DatasetStatementRow,
    anchor_constraints,
    dataset_attestation_constraints,
    dataset_statement_constraints,
)
from ledger.store.tables.base import KeyInt, KeyStr, Packed, Row, one_of, refers, sha256_hex, table


class ReductionStatement(DatasetStatementRow, table=True):
    """A statement of reductions: canonical `lingtan.reductions/1` bytes.

    Its leaves are not kept: they follow from the lines and the commitment key, and with the key they are gone.
    """

    __table_args__ = table(*dataset_statement_constraints("reduction_statement", (REDUCTIONS,)))


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


class ReductionAttestation(AttestationRow, table=True):
    """A bank's signature on a statement of reductions."""

    __table_args__ = table(*dataset_attestation_constraints("reduction_attestation", "reduction_statement"))


class ReductionAnchor(AnchorRow, table=True):
    """The anchor of a statement of reductions."""

    __table_args__ = table(*anchor_constraints("reduction_attestation"))
