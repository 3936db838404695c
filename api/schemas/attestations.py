"""What banks and verifiers sign: attestations, claims, verdicts; and the anchors that follow."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.base import ApiAnswer, ApiRequest, Id, Identifier, Instant, Message, Signature


class SignedDataset(ApiRequest):
    """One signed PeriodAttestation."""

    dataset: Literal["METERS", "OPERATIONAL"]
    message: Message
    signature: Signature


class AttestationRequest(ApiRequest):
    """The datasets of a statement that its signing request lists, signed by an approver who did not prepare it."""

    statement: Annotated[str, Field(min_length=1, max_length=64)]
    items: Annotated[tuple[SignedDataset, ...], Field(min_length=1, max_length=16)]


class AttestedDatasetAnswer(ApiAnswer):
    """One dataset of an attestation and how far its transaction has come: queued, anchored, rejected, or quarantined until the operator
    has looked; when anchored, its anchor has the same id."""

    id: Id
    dataset: str
    root: str
    signer: str
    state: str
    tx_hash: str | None
    error: str | None


class AttestationAnswer(ApiAnswer):
    """An attestation: signed, queued, anchored or rejected. Poll it."""

    id: Id
    statement: Id
    institution: str
    state: str
    items: tuple[AttestedDatasetAnswer, ...]


class AnchorAnswer(ApiAnswer):
    """An anchored attestation."""

    id: Id
    institution: str
    statement: Id
    dataset: str
    root: str
    tx_hash: str
    block_number: int
    block_hash: str
    anchored_at: Instant
    state: str


class ClaimRequest(ApiRequest):
    """A signed Claim on a scheme, resting on the evidence package of a statement."""

    statement: Annotated[str, Field(min_length=1, max_length=64)]
    claim: Identifier
    scheme: Identifier
    message: Message
    signature: Signature


class ClaimAnswer(ApiAnswer):
    """A claim and its state."""

    id: Id
    institution: str
    statement: Id
    scheme: str
    state: str
    package: str
    verdicts: int
    submitted_at: Instant


class VerdictCommitmentRequest(ApiRequest):
    """A verifier's signed VerdictCommitment, before the verdict is shown."""

    message: Message
    signature: Signature


class VerdictCommitmentAnswer(ApiAnswer):
    """A commitment on a claim that two verifiers decide; it hides the result until the verdict."""

    id: Id
    claim: Id
    verifier: str
    signer: str
    commitment: str
    state: str
    error: str | None


class VerdictRequest(ApiRequest):
    """A verifier's signed Verdict and the `lingtan.verdict/1` result whose hash it names."""

    message: Message
    signature: Signature
    result: dict[str, Any]


class VerdictExceptionAnswer(ApiAnswer):
    """What a qualified opinion excepts."""

    place: str
    text: str


class VerdictAnswer(ApiAnswer):
    """A verdict on a claim."""

    id: Id
    claim: Id
    verifier: str
    opinion: str
    assurance: str
    result_hash: str
    sequence: int
    state: str
    given_at: Instant
    error: str | None
    materiality_bp: int
    exceptions: tuple[VerdictExceptionAnswer, ...]


class ResolutionRequest(ApiRequest):
    """A certifier's signed Resolution, with the reason whose hash it names."""

    message: Message
    signature: Signature
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]


class ResolutionAnswer(ApiAnswer):
    """A certifier's resolution of a dispute: which of the recorded results holds; every verdict stays."""

    id: Id
    claim: Id
    certifier: str
    signer: str
    result: str
    reason_hash: str
    state: str
    error: str | None
