"""Signed period attestations, their anchors, claims and verdicts."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.store.tables.attested import AnchorRow, AttestationRow, anchor_constraints, attestation_constraints
from ledger.store.tables.base import AutoInt, Blob, Int, Row, SignedMessage, Str, holds, refers, sha256_hex, signed_message, table, unique


class Attestation(AttestationRow, table=True):
    """A bank's signature on METERS or OPERATIONAL of a statement."""

    __table_args__ = table(
        *attestation_constraints(),
        refers(("statement_id", "institution_id", "period_id", "revision"), "statement", ("id", "institution_id", "period_id", "revision")),
        unique("institution_id", "dataset", "period_id", "revision", "attempt"),
        holds("revision", "revision >= 1"),
    )


class Anchor(AnchorRow, table=True):
    """The anchor of a dataset of a statement."""

    __table_args__ = table(*anchor_constraints("attestation"))


class Claim(SignedMessage, Row, table=True):
    """A bank's signed Claim on a scheme for a period, resting on the package whose hash it names; `attempt` as for attestations.

    `name` is the claim's 32-byte name on chain, as hex.
    """

    __table_args__ = table(
        refers(("institution_id", "period_id"), "period", ("institution_id", "id")),
        unique("institution_id", "claim_id", "attempt"),
        unique("name", "attempt"),
        *sha256_hex("name", "package_hash"),
        Index(None, "package_hash"),
        holds("attempt", "attempt >= 0"),
        *signed_message(),
    )

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    claim_id: Str
    name: Str
    attempt: Int
    period_id: Str
    scheme: Str
    package_hash: Str


class Verdict(SignedMessage, Row, table=True):
    """A verifier's signed Verdict on a claim: the canonical `lingtan.verdict/1` result, its findings, and the message."""

    __table_args__ = table(
        refers("claim_row_id", "claim", "id"),
        refers("institution_id", "institution", "id"),
        *sha256_hex("result_hash", "findings_hash"),
        holds("sequence", "sequence >= 0"),
        Index(None, "claim_row_id"),
        *signed_message(),
    )

    id: AutoInt = None  # type: ignore[assignment]
    claim_row_id: Int
    institution_id: Str
    sequence: Int
    result_hash: Str
    result: Blob
    findings_hash: Str
    findings: Blob
