"""The structs that people sign, contract by contract, in the spec's order (spec: typed-data).

Times are Unix seconds, hashes and names 32 bytes, addresses EIP-55. `deadline` is the last second at which the contract accepts the
message; an exact re-submission is answered the same way also after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ledger.chain.typed_data.codes import Role
from ledger.chain.typed_data.encoding import Address, Bool, Bytes32, Bytes32List, Totals, TypedStruct, Uint8, Uint32, Uint64


@dataclass(frozen=True)
class RegisterInstitution(TypedStruct):
    """The admin admits an institution; `name_hash` is the SHA-256 of its canonical name document."""

    contract: ClassVar[str] = "ParticipantRegistry"
    method: ClassVar[str] = "registerInstitution"
    org: Bytes32
    kind: Uint8
    name_hash: Bytes32
    version: Uint64
    deadline: Uint64


@dataclass(frozen=True)
class AddKey(TypedStruct):
    """The admin gives a key a role from `valid_from` until `valid_to` (0 = open end)."""

    contract: ClassVar[str] = "ParticipantRegistry"
    method: ClassVar[str] = "addKey"
    org: Bytes32
    key: Address
    role: Uint8
    valid_from: Uint64
    valid_to: Uint64
    version: Uint64
    deadline: Uint64


@dataclass(frozen=True)
class EndKey(TypedStruct):
    """The admin ends a key's role at `valid_to`."""

    contract: ClassVar[str] = "ParticipantRegistry"
    method: ClassVar[str] = "endKey"
    org: Bytes32
    key: Address
    role: Uint8
    valid_to: Uint64
    version: Uint64
    deadline: Uint64


@dataclass(frozen=True)
class SetKeyStanding(TypedStruct):
    """The admin suspends one key in one role, or lifts the suspension."""

    contract: ClassVar[str] = "ParticipantRegistry"
    method: ClassVar[str] = "setKeyStanding"
    org: Bytes32
    key: Address
    role: Uint8
    suspended: Bool
    reason: Bytes32
    version: Uint64
    deadline: Uint64


@dataclass(frozen=True)
class SetStanding(TypedStruct):
    """The admin suspends a whole institution, or lifts the suspension."""

    contract: ClassVar[str] = "ParticipantRegistry"
    method: ClassVar[str] = "setStanding"
    org: Bytes32
    suspended: Bool
    reason: Bytes32
    version: Uint64
    deadline: Uint64


@dataclass(frozen=True)
class ProposeAdmin(TypedStruct):
    """The admin names a successor; step one of two."""

    contract: ClassVar[str] = "ParticipantRegistry"
    method: ClassVar[str] = "proposeAdmin"
    new_admin: Address
    version: Uint64
    deadline: Uint64


@dataclass(frozen=True)
class AcceptAdmin(TypedStruct):
    """The named successor accepts; step two."""

    contract: ClassVar[str] = "ParticipantRegistry"
    method: ClassVar[str] = "acceptAdmin"
    new_admin: Address
    version: Uint64
    deadline: Uint64


@dataclass(frozen=True)
class ProposeRelease(TypedStruct):
    """A librarian proposes a release: `release` is the SHA-256 of its canonical document."""

    contract: ClassVar[str] = "LibraryRegistry"
    method: ClassVar[str] = "propose"
    roles: ClassVar[tuple[int, ...]] = (Role.LIBRARIAN,)
    release: Bytes32
    org: Bytes32
    kind: Uint8
    valid_from: Uint64
    supersedes: Bytes32
    deadline: Uint64


@dataclass(frozen=True)
class PublishRelease(TypedStruct):
    """A publisher, another person than the proposer, publishes it."""

    contract: ClassVar[str] = "LibraryRegistry"
    method: ClassVar[str] = "publish"
    roles: ClassVar[tuple[int, ...]] = (Role.PUBLISHER,)
    release: Bytes32
    org: Bytes32
    deadline: Uint64


@dataclass(frozen=True)
class PeriodAttestation(TypedStruct):
    """A bank's approver attests the commitment of one dataset of one period; totals in the dataset's integer units."""

    contract: ClassVar[str] = "PeriodLedger"
    method: ClassVar[str] = "submit"
    roles: ClassVar[tuple[int, ...]] = (Role.APPROVER,)
    org: Bytes32
    dataset: Bytes32
    period_start: Uint64
    period_end: Uint64
    revision: Uint32
    cause: Uint8
    alg: Uint8
    measures: Uint8
    schema_hash: Bytes32
    n: Uint64
    totals: Totals
    tree_root: Bytes32
    root: Bytes32
    library_hash: Bytes32
    statement_hash: Bytes32
    deadline: Uint64


@dataclass(frozen=True)
class LogCheckpoint(TypedStruct):
    """A bank anchors the size and root of its envelope log."""

    contract: ClassVar[str] = "PeriodLedger"
    method: ClassVar[str] = "anchorLog"
    roles: ClassVar[tuple[int, ...]] = (Role.APPROVER, Role.LOGKEEPER)
    org: Bytes32
    size: Uint64
    root: Bytes32
    deadline: Uint64


@dataclass(frozen=True)
class Claim(TypedStruct):
    """A bank claims under a scheme, resting on 1 to 16 attestations of one period."""

    contract: ClassVar[str] = "ClaimRegistry"
    method: ClassVar[str] = "submitClaim"
    roles: ClassVar[tuple[int, ...]] = (Role.APPROVER,)
    claim: Bytes32
    org: Bytes32
    scheme: Bytes32
    period_start: Uint64
    period_end: Uint64
    attestations: Bytes32List
    package_hash: Bytes32
    verifiers_required: Uint8
    deadline: Uint64


@dataclass(frozen=True)
class VerdictCommitment(TypedStruct):
    """A verifier commits to a result before showing it: keccak256(abi.encode(resultHash, salt))."""

    contract: ClassVar[str] = "ClaimRegistry"
    method: ClassVar[str] = "commitVerdict"
    roles: ClassVar[tuple[int, ...]] = (Role.VERIFIER,)
    claim: Bytes32
    org: Bytes32
    commitment: Bytes32
    deadline: Uint64


@dataclass(frozen=True)
class Verdict(TypedStruct):
    """A verifier's conclusion on a claim; `materiality_bp` in basis points."""

    contract: ClassVar[str] = "ClaimRegistry"
    method: ClassVar[str] = "submitVerdict"
    roles: ClassVar[tuple[int, ...]] = (Role.VERIFIER,)
    claim: Bytes32
    org: Bytes32
    package_hash: Bytes32
    result_hash: Bytes32
    findings_hash: Bytes32
    assurance: Uint8
    materiality_bp: Uint32
    opinion: Uint8
    sampling_seed: Bytes32
    sample_size: Uint32
    tool_hash: Bytes32
    salt: Bytes32
    sequence: Uint32
    deadline: Uint64


@dataclass(frozen=True)
class Resolution(TypedStruct):
    """A certifier settles a dispute by naming one of the recorded results."""

    contract: ClassVar[str] = "ClaimRegistry"
    method: ClassVar[str] = "resolve"
    roles: ClassVar[tuple[int, ...]] = (Role.CERTIFIER,)
    claim: Bytes32
    org: Bytes32
    result_hash: Bytes32
    reason: Bytes32
    deadline: Uint64


@dataclass(frozen=True)
class Certificate(TypedStruct):
    """A certifier issues a certificate for an attested claim."""

    contract: ClassVar[str] = "ClaimRegistry"
    method: ClassVar[str] = "issueCertificate"
    roles: ClassVar[tuple[int, ...]] = (Role.CERTIFIER,)
    certificate: Bytes32
    claim: Bytes32
    org: Bytes32
    document_hash: Bytes32
    valid_from: Uint64
    valid_to: Uint64
    deadline: Uint64


@dataclass(frozen=True)
class CertificateStatus(TypedStruct):
    """A certifier suspends, restores or revokes a certificate; revoked is for ever."""

    contract: ClassVar[str] = "ClaimRegistry"
    method: ClassVar[str] = "setCertificateStatus"
    roles: ClassVar[tuple[int, ...]] = (Role.CERTIFIER,)
    certificate: Bytes32
    org: Bytes32
    status: Uint8
    reason: Bytes32
    sequence: Uint32
    deadline: Uint64


STRUCTS: tuple[type[TypedStruct], ...] = (
    RegisterInstitution,
    AddKey,
    EndKey,
    SetKeyStanding,
    SetStanding,
    ProposeAdmin,
    AcceptAdmin,
    ProposeRelease,
    PublishRelease,
    PeriodAttestation,
    LogCheckpoint,
    Claim,
    VerdictCommitment,
    Verdict,
    Resolution,
    Certificate,
    CertificateStatus,
)
