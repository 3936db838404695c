"""Signed period attestations, their anchors, claims and verdicts."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.store.tables.base import AutoInt, Blob, Int, Row, SignedMessage, Str, holds, refers, sha256_hex, signed_message, table, unique

DATASETS = ("METERS", "OPERATIONAL")


class Attestation(SignedMessage, Row, table=True):
    """A bank's signed PeriodAttestation of one dataset.

    `attempt` is 0 unless the earlier attempt's transaction was refused for good (an expired deadline): then the bank signs anew, and
    both messages stay.
    """

    __table_args__ = table(
        refers(("statement_id", "institution_id", "period_id", "revision"), "statement", ("id", "institution_id", "period_id", "revision")),
        unique("institution_id", "dataset", "period_id", "revision", "attempt"),
        holds("revision", "revision >= 1"),
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


class Anchor(Row, table=True):
    """The evidence captured when an attestation was anchored: one canonical item of `lingtan.anchors/1`."""

    __table_args__ = table(
        refers("attestation_id", "attestation", "id"),
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
