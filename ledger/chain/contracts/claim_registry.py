"""ClaimRegistry: claims, the verifiers' verdicts, certificates and the history of their status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from eth_abi.abi import encode
from eth_hash.auto import keccak

from ledger.chain.contracts.base import Contract
from ledger.chain.typed_data import (
    CertificateState,
    Claim,
    ClaimState,
    TypedStruct,
)


@dataclass(frozen=True)
class ClaimRecord:
    """A claim as stored; `result_hash` and `certificate` are zero bytes until there is one."""

    org: bytes
    scheme: bytes
    package_hash: bytes
    result_hash: bytes
    certificate: bytes
    struct_hash: bytes
    resolution: bytes
    signer: str
    submitted_at: int
    state: int
    verifiers_required: int
    period_start: int
    period_end: int
    commitments: int
    verdicts: int
    attestations: tuple[bytes, ...]


@dataclass(frozen=True)
class VerdictRecord:
    """A verdict as stored."""

    org: bytes
    result_hash: bytes
    findings_hash: bytes
    sampling_seed: bytes
    tool_hash: bytes
    salt: bytes
    struct_hash: bytes
    signer: str
    given_at: int
    assurance: int
    opinion: int
    materiality_bp: int
    sample_size: int


@dataclass(frozen=True)
class CertificateRecord:
    """A certificate as stored; `status` is the last signed one, `changes` how many there were after the issue."""

    claim: bytes
    org: bytes
    document_hash: bytes
    struct_hash: bytes
    signer: str
    issued_at: int
    status: int
    valid_from: int
    valid_to: int
    changes: int


class ClaimRegistry(Contract):
    """The registry of claims and certificates."""

    name: ClassVar[str] = "ClaimRegistry"
    gas: ClassVar[Mapping[str, int]] = {
        "submitClaim": 900_000,
        "commitVerdict": 400_000,
        "submitVerdict": 900_000,
        "resolve": 400_000,
        "issueCertificate": 600_000,
        "setCertificateStatus": 400_000,
    }

    def _gas_for(self, message: TypedStruct) -> int:
        # Each attestation of a claim is read from the period ledger and stored.
        return self.gas[message.method] + (80_000 * len(message.attestations) if isinstance(message, Claim) else 0)

    def claim(self, claim: bytes, *, block: int | None = None) -> ClaimRecord:
        """Return the stored claim; state 0 where it is unknown."""
        return self._record(ClaimRecord, "claim", claim, block=block)

    def claim_state(self, claim: bytes, *, block: int | None = None) -> ClaimState:
        """Return where a claim stands."""
        (state,) = self._view("claimState", claim, block=block)
        return ClaimState(state)

    def verdict_count(self, claim: bytes, *, block: int | None = None) -> int:
        """Return the number of verdicts on a claim: the `sequence` of the next one."""
        (count,) = self._view("verdictCount", claim, block=block)
        return int(count)

    def verdict(self, claim: bytes, sequence: int, *, block: int | None = None) -> VerdictRecord:
        """Return one verdict of a claim."""
        return self._record(VerdictRecord, "verdict", claim, sequence, block=block)

    def certificate(self, certificate: bytes, *, block: int | None = None) -> CertificateRecord:
        """Return the stored certificate; status 0 where it is unknown."""
        return self._record(CertificateRecord, "certificate", certificate, block=block)

    def status_at(self, certificate: bytes, time: int, *, block: int | None = None) -> CertificateState:
        """Return the status of a certificate at `time` (Unix seconds)."""
        (status,) = self._view("statusAt", certificate, time, block=block)
        return CertificateState(status)


def verdict_commitment(result_hash: bytes, salt: bytes) -> bytes:
    """Return what a verifier commits to: keccak256(abi.encode(resultHash, salt))."""
    return keccak(encode(("bytes32", "bytes32"), (result_hash, salt)))
