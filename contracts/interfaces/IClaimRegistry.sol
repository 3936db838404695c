// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISharedErrors} from "./ISharedErrors.sol";

/// @title Claims, verdicts and certificates with their status over time
/// @notice A bank claims, one or two verifiers of other institutions give verdicts, a certifier who is none of them certifies.
/// Every verdict stays on record. Times are Unix seconds; a certificate's window is [validFrom, validTo).
/// Claim states: 0 unknown, 1 Submitted, 2 Attested, 3 Rejected, 4 Disputed, 5 Certified.
/// Certificate statuses as signed: 1 in force, 2 suspended, 3 revoked (for ever).
interface IClaimRegistry is ISharedErrors {
    /// @notice A claim over 1 to 16 current attestations of `org` and the period, signed by an APPROVER of `org`.
    /// @dev `packageHash` is the evidence package's hash; `verifiersRequired` is 1 or 2.
    struct Claim {
        bytes32 claim;
        bytes32 org;
        bytes32 scheme;
        uint64 periodStart;
        uint64 periodEnd;
        bytes32[] attestations;
        bytes32 packageHash;
        uint8 verifiersRequired;
        uint64 deadline;
    }

    /// @notice Commits a verifier to a result before any is known: commitment = keccak256(abi.encode(resultHash, salt)).
    struct VerdictCommitment {
        bytes32 claim;
        bytes32 org;
        bytes32 commitment;
        uint64 deadline;
    }

    /// @notice A verifier's verdict; `sequence` is the number of verdicts on the claim before it.
    /// @dev assurance 1 limited, 2 reasonable; opinion 1 unqualified, 2 qualified, 3 adverse; materiality in basis points.
    struct Verdict {
        bytes32 claim;
        bytes32 org;
        bytes32 packageHash;
        bytes32 resultHash;
        bytes32 findingsHash;
        uint8 assurance;
        uint32 materialityBp;
        uint8 opinion;
        bytes32 samplingSeed;
        uint32 sampleSize;
        bytes32 toolHash;
        bytes32 salt;
        uint32 sequence;
        uint64 deadline;
    }

    /// @notice A certifier's decision of a dispute: it names one recorded result.
    struct Resolution {
        bytes32 claim;
        bytes32 org;
        bytes32 resultHash;
        bytes32 reason;
        uint64 deadline;
    }

    /// @notice A certificate over an attested claim, signed by a CERTIFIER.
    struct Certificate {
        bytes32 certificate;
        bytes32 claim;
        bytes32 org;
        bytes32 documentHash;
        uint64 validFrom;
        uint64 validTo;
        uint64 deadline;
    }

    /// @notice A new status of a certificate; `sequence` is the number of status changes before it (issue not counted).
    struct CertificateStatus {
        bytes32 certificate;
        bytes32 org;
        uint8 status;
        bytes32 reason;
        uint32 sequence;
        uint64 deadline;
    }

    /// @notice What is stored of a claim. `resultHash` is the first result, or the one that the last resolution names.
    struct ClaimRecord {
        bytes32 org;
        bytes32 scheme;
        bytes32 packageHash;
        bytes32 resultHash;
        bytes32 certificate;
        bytes32 structHash;
        bytes32 resolution;
        address signer;
        uint64 submittedAt;
        uint8 state;
        uint8 verifiersRequired;
        uint64 periodStart;
        uint64 periodEnd;
        uint32 commitments;
        uint32 verdicts;
        bytes32[] attestations;
    }

    /// @notice What is stored of a verdict; the package is the claim's.
    struct VerdictRecord {
        bytes32 org;
        bytes32 resultHash;
        bytes32 findingsHash;
        bytes32 samplingSeed;
        bytes32 toolHash;
        bytes32 salt;
        bytes32 structHash;
        address signer;
        uint64 givenAt;
        uint8 assurance;
        uint8 opinion;
        uint32 materialityBp;
        uint32 sampleSize;
    }

    /// @notice What is stored of a certificate; `status` is the last signed one, {statusAt} the answer at a time.
    struct CertificateRecord {
        bytes32 claim;
        bytes32 org;
        bytes32 documentHash;
        bytes32 structHash;
        address signer;
        uint64 issuedAt;
        uint8 status;
        uint64 validFrom;
        uint64 validTo;
        uint32 changes;
    }

    /// @notice Nothing is recorded under this claim id (0 is none).
    error UnknownClaim(bytes32 claim);
    /// @notice Nothing is recorded under this certificate id (0 is none).
    error UnknownCertificate(bytes32 certificate);
    /// @notice No verdict on the claim has this result.
    error UnknownResult(bytes32 claim, bytes32 resultHash);
    /// @notice Assurance is 1 or 2.
    error UnknownAssurance(uint8 got);
    /// @notice Opinion is 1, 2 or 3.
    error UnknownOpinion(uint8 got);
    /// @notice Certificate status is 1, 2 or 3.
    error UnknownStatus(uint8 got);
    /// @notice One or two verifiers may be required.
    error VerifiersOutOfRange(uint8 got);
    /// @notice A claim names 1 to 16 attestations.
    error AttestationCount(uint256 got);
    /// @notice The attestation is unknown or superseded; `status` as in IPeriodLedger.
    error AttestationNotCurrent(bytes32 id, uint8 status);
    /// @notice The attestation is of another institution or period than the claim.
    error AttestationOfAnother(bytes32 id);
    /// @notice The claim names the attestation twice.
    error AttestationRepeated(bytes32 id);
    /// @notice The scheme is a release of LibraryRegistry, but not a scheme in force now; `status` 0 for another kind.
    error SchemeNotInForce(bytes32 scheme, uint8 status);
    /// @notice The claim's state does not allow this step.
    error WrongState(bytes32 claim, uint8 state);
    /// @notice The verdict is about another package than the claim's.
    error PackageMismatch(bytes32 expected, bytes32 got);
    /// @notice The message does not carry the next number.
    error WrongSequence(bytes32 id, uint32 expected, uint32 got);
    /// @notice Only a claim that needs two verifiers takes commitments, and only before its first verdict.
    error CommitmentsClosed(bytes32 claim);
    /// @notice Verdicts open when `required` verifiers have committed.
    error CommitmentsOpen(bytes32 claim, uint32 committed, uint8 required);
    /// @notice Another verifier committed to exactly this value: a copied commitment is refused.
    error CommitmentCopied(bytes32 claim, bytes32 commitment);
    /// @notice Another key of this institution has committed: two institutions decide.
    error InstitutionCommitted(bytes32 claim, bytes32 org);
    /// @notice The signer has not committed.
    error CommitmentMissing(bytes32 claim, address signer);
    /// @notice The verdict does not open the signer's commitment.
    error CommitmentMismatch(bytes32 expected, bytes32 got);
    /// @notice The certificate is revoked for ever.
    error CertificateRevoked(bytes32 certificate);
    /// @notice The certificate has this status already.
    error StatusUnchanged(bytes32 certificate, uint8 status);

    /// @notice A claim was recorded at the block's time.
    event ClaimSubmitted(
        bytes32 indexed claim,
        bytes32 indexed org,
        bytes32 indexed scheme,
        uint64 periodStart,
        uint64 periodEnd,
        bytes32[] attestations,
        bytes32 packageHash,
        uint8 verifiersRequired,
        uint64 deadline,
        address signer,
        bytes32 structHash
    );
    /// @notice A verifier committed to a result.
    event VerdictCommitted(
        bytes32 indexed claim, bytes32 indexed org, bytes32 commitment, uint64 deadline, address indexed signer, bytes32 structHash
    );
    /// @notice A verdict was recorded at the block's time.
    event VerdictGiven(
        bytes32 indexed claim,
        bytes32 indexed org,
        bytes32 packageHash,
        bytes32 resultHash,
        bytes32 findingsHash,
        uint8 assurance,
        uint32 materialityBp,
        uint8 opinion,
        bytes32 samplingSeed,
        uint32 sampleSize,
        bytes32 toolHash,
        bytes32 salt,
        uint32 sequence,
        uint64 deadline,
        address indexed signer,
        bytes32 structHash
    );
    /// @notice The claim's state changed from `previous` to `state`.
    event ClaimStateChanged(bytes32 indexed claim, uint8 previous, uint8 state);
    /// @notice A dispute was decided.
    event DisputeResolved(
        bytes32 indexed claim,
        bytes32 indexed org,
        bytes32 resultHash,
        bytes32 reason,
        uint64 deadline,
        address indexed signer,
        bytes32 structHash
    );
    /// @notice A certificate was recorded at the block's time.
    event CertificateIssued(
        bytes32 indexed certificate,
        bytes32 indexed claim,
        bytes32 indexed org,
        bytes32 documentHash,
        uint64 validFrom,
        uint64 validTo,
        uint64 deadline,
        address signer,
        bytes32 structHash
    );
    /// @notice A certificate's status changed at the block's time.
    event CertificateStatusChanged(
        bytes32 indexed certificate,
        bytes32 indexed org,
        uint8 status,
        bytes32 reason,
        uint32 sequence,
        uint64 deadline,
        address indexed signer,
        bytes32 structHash
    );

    /// @notice Records a claim.
    /// @param m the message, signed by an APPROVER of `m.org`
    /// @param sig 65 bytes r, s, v
    function submitClaim(Claim calldata m, bytes calldata sig) external;

    /// @notice Records a verifier's commitment; of an institution, one key commits on a claim.
    /// @param m the message, signed by a VERIFIER of `m.org`
    /// @param sig 65 bytes r, s, v
    function commitVerdict(VerdictCommitment calldata m, bytes calldata sig) external;

    /// @notice Records a verdict.
    /// @param m the message, signed by a VERIFIER of `m.org`
    /// @param sig 65 bytes r, s, v
    function submitVerdict(Verdict calldata m, bytes calldata sig) external;

    /// @notice Records the decision of a dispute.
    /// @param m the message, signed by a CERTIFIER of `m.org`
    /// @param sig 65 bytes r, s, v
    function resolve(Resolution calldata m, bytes calldata sig) external;

    /// @notice Records a certificate.
    /// @param m the message, signed by a CERTIFIER of `m.org`
    /// @param sig 65 bytes r, s, v
    function issueCertificate(Certificate calldata m, bytes calldata sig) external;

    /// @notice Records a new status of a certificate.
    /// @param m the message, signed by a CERTIFIER of `m.org`
    /// @param sig 65 bytes r, s, v
    function setCertificateStatus(CertificateStatus calldata m, bytes calldata sig) external;

    /// @notice All that is stored of a claim; all zero where it is unknown.
    /// @param id the claim
    /// @return the record
    function claim(bytes32 id) external view returns (ClaimRecord memory);

    /// @notice The state of a claim now.
    /// @param id the claim
    /// @return state 0 unknown, 1 Submitted, 2 Attested, 3 Rejected, 4 Disputed, 5 Certified
    function claimState(bytes32 id) external view returns (uint8 state);

    /// @notice The number of verdicts on a claim.
    /// @param id the claim
    /// @return the number
    function verdictCount(bytes32 id) external view returns (uint256);

    /// @notice One verdict on a claim; all zero where there is none.
    /// @param id the claim
    /// @param sequence from 0
    /// @return the record
    function verdict(bytes32 id, uint256 sequence) external view returns (VerdictRecord memory);

    /// @notice The part that an address took in a claim.
    /// @param id the claim
    /// @param signer the address
    /// @return part 0 none, 1 verifier, 2 certifier
    /// @return commitment its commitment, or 0
    /// @return verdicts number of its verdicts
    function partOf(bytes32 id, address signer) external view returns (uint8 part, bytes32 commitment, uint32 verdicts);

    /// @notice All that is stored of a certificate; all zero where it is unknown.
    /// @param id the certificate
    /// @return the record
    function certificate(bytes32 id) external view returns (CertificateRecord memory);

    /// @notice The status of a certificate at a time: the first that applies of 0, 3, 4, 2, 5, else 1.
    /// @param id the certificate
    /// @param time Unix seconds
    /// @return status 0 unknown (then), 1 in force, 2 suspended, 3 revoked, 4 expired, 5 not yet valid
    function statusAt(bytes32 id, uint64 time) external view returns (uint8 status);
}
