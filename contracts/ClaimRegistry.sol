// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClaimRegistry} from "./interfaces/IClaimRegistry.sol";
import {ILibraryRegistry} from "./interfaces/ILibraryRegistry.sol";
import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";
import {IPeriodLedger} from "./interfaces/IPeriodLedger.sol";
import {ClaimMessages} from "./libraries/ClaimMessages.sol";
import {History} from "./libraries/History.sol";
import {Roles} from "./libraries/Roles.sol";
import {SignedMessages} from "./libraries/SignedMessages.sol";

/// @title Claims, verdicts, disputes, certificates
/// @notice Immutable, takes no ETH. See IClaimRegistry and docs/contracts.md.
contract ClaimRegistry is IClaimRegistry, SignedMessages {
    using ClaimMessages for *;
    using History for History.Entry[];

    struct Party {
        bytes32 commitment;
        bytes32 structHash;
        uint8 part;
        uint32 verdicts;
    }

    uint8 private constant SUBMITTED = 1;
    uint8 private constant ATTESTED = 2;
    uint8 private constant REJECTED = 3;
    uint8 private constant DISPUTED = 4;
    uint8 private constant CERTIFIED = 5;

    uint8 private constant ADVERSE = 3;
    uint8 private constant RESULT_RECORDED = 1;
    uint8 private constant RESULT_ADVERSE = 2;

    uint8 private constant PART_VERIFIER = 1;
    uint8 private constant PART_CERTIFIER = 2;

    uint8 private constant IN_FORCE = 1;
    uint8 private constant SUSPENDED = 2;
    uint8 private constant REVOKED = 3;

    uint256 private constant ATTESTATIONS_MOST = 16;
    uint8 private constant ATTESTATION_CURRENT = 1;
    uint8 private constant RELEASE_SCHEME = 3;
    uint8 private constant RELEASE_IN_FORCE = 3;

    mapping(bytes32 claim => ClaimRecord) private _claims;
    mapping(bytes32 claim => VerdictRecord[]) private _verdicts;
    mapping(bytes32 claim => mapping(address signer => Party)) private _parties;
    mapping(bytes32 claim => mapping(bytes32 commitment => bytes32 structHash)) private _commitments;
    mapping(bytes32 claim => mapping(bytes32 resultHash => uint8 mark)) private _results;
    mapping(bytes32 claim => mapping(bytes32 structHash => bool)) private _resolutions;
    mapping(bytes32 certificate => CertificateRecord) private _certificates;
    mapping(bytes32 certificate => History.Entry[]) private _statuses;
    mapping(bytes32 certificate => mapping(uint32 sequence => bytes32 structHash)) private _statusMessages;
    mapping(bytes32 claim => mapping(bytes32 org => bool)) private _committed;

    /// @notice Whose keys count.
    IParticipantRegistry public immutable participants;
    /// @notice Which schemes count.
    ILibraryRegistry public immutable libraries;
    /// @notice Which attestations count.
    IPeriodLedger public immutable ledger;

    /// @param participants_ the ParticipantRegistry
    /// @param libraries_ the LibraryRegistry
    /// @param ledger_ the PeriodLedger
    constructor(IParticipantRegistry participants_, ILibraryRegistry libraries_, IPeriodLedger ledger_) {
        _requireContract(address(participants_));
        _requireContract(address(libraries_));
        _requireContract(address(ledger_));
        participants = participants_;
        libraries = libraries_;
        ledger = ledger_;
    }

    /// @inheritdoc IClaimRegistry
    function submitClaim(Claim calldata m, bytes calldata sig) external {
        if (m.claim == bytes32(0)) revert UnknownClaim(m.claim);
        bytes32 structHash = m.hash();
        ClaimRecord storage c = _claims[m.claim];
        if (_isRecorded(m.claim, c.structHash, structHash)) return;
        _requireInTime(m.deadline);
        if (m.verifiersRequired == 0 || m.verifiersRequired > 2) revert VerifiersOutOfRange(m.verifiersRequired);
        _requireScheme(m.scheme);
        _requireAttestations(m);
        address signer = _signerOf(structHash, sig);
        _requireRole(participants, m.org, signer, Roles.APPROVER);

        c.org = m.org;
        c.scheme = m.scheme;
        c.packageHash = m.packageHash;
        c.structHash = structHash;
        c.signer = signer;
        c.submittedAt = uint64(block.timestamp);
        c.verifiersRequired = m.verifiersRequired;
        c.periodStart = m.periodStart;
        c.periodEnd = m.periodEnd;
        c.attestations = m.attestations;
        emit ClaimSubmitted(
            m.claim,
            m.org,
            m.scheme,
            m.periodStart,
            m.periodEnd,
            m.attestations,
            m.packageHash,
            m.verifiersRequired,
            m.deadline,
            signer,
            structHash
        );
        _moveTo(m.claim, c, SUBMITTED);
    }

    /// @inheritdoc IClaimRegistry
    function commitVerdict(VerdictCommitment calldata m, bytes calldata sig) external {
        bytes32 structHash = m.hash();
        bytes32 stored = _commitments[m.claim][m.commitment];
        if (stored == structHash) return;
        ClaimRecord storage c = _requireClaim(m.claim);
        _requireInTime(m.deadline);
        if (m.org == c.org) revert OwnClaim(m.org);
        address signer = _signerOf(structHash, sig);
        _requireRole(participants, m.org, signer, Roles.VERIFIER);
        Party storage party = _parties[m.claim][signer];
        if (party.structHash != bytes32(0)) revert AlreadyRecorded(m.claim, party.structHash, structHash);
        // A copied commitment could be opened with the salt of whoever opens first.
        if (stored != bytes32(0)) revert CommitmentCopied(m.claim, m.commitment);
        if (c.verifiersRequired != 2 || c.verdicts != 0) revert CommitmentsClosed(m.claim);
        // Two keys of one house are one opinion.
        if (_committed[m.claim][m.org]) revert InstitutionCommitted(m.claim, m.org);

        party.commitment = m.commitment;
        party.structHash = structHash;
        party.part = PART_VERIFIER;
        c.commitments += 1;
        _commitments[m.claim][m.commitment] = structHash;
        _committed[m.claim][m.org] = true;
        emit VerdictCommitted(m.claim, m.org, m.commitment, m.deadline, signer, structHash);
    }

    /// @inheritdoc IClaimRegistry
    function submitVerdict(Verdict calldata m, bytes calldata sig) external {
        bytes32 structHash = m.hash();
        ClaimRecord storage c = _requireClaim(m.claim);
        if (m.sequence < c.verdicts) {
            _isRecorded(m.claim, _verdicts[m.claim][m.sequence].structHash, structHash);
            return;
        }
        if (m.sequence != c.verdicts) revert WrongSequence(m.claim, c.verdicts, m.sequence);
        _requireInTime(m.deadline);
        if (m.org == c.org) revert OwnClaim(m.org);
        if (m.packageHash != c.packageHash) revert PackageMismatch(c.packageHash, m.packageHash);
        if (m.assurance == 0 || m.assurance > 2) revert UnknownAssurance(m.assurance);
        if (m.opinion == 0 || m.opinion > ADVERSE) revert UnknownOpinion(m.opinion);
        address signer = _signerOf(structHash, sig);
        _requireRole(participants, m.org, signer, Roles.VERIFIER);
        Party storage party = _parties[m.claim][signer];
        if (party.part == PART_CERTIFIER) revert SamePerson(signer);
        _requireTurn(m, c, party, signer);

        party.part = PART_VERIFIER;
        party.verdicts += 1;
        _store(m, signer, structHash);
        _emitGiven(m, signer, structHash);
        _count(m, c);
    }

    /// @inheritdoc IClaimRegistry
    function resolve(Resolution calldata m, bytes calldata sig) external {
        bytes32 structHash = m.hash();
        ClaimRecord storage c = _requireClaim(m.claim);
        if (_resolutions[m.claim][structHash]) return;
        if (c.state != DISPUTED) {
            if (c.resolution != bytes32(0)) revert AlreadyRecorded(m.claim, c.resolution, structHash);
            revert WrongState(m.claim, c.state);
        }
        uint8 mark = _results[m.claim][m.resultHash];
        if (mark == 0) revert UnknownResult(m.claim, m.resultHash);
        _requireInTime(m.deadline);
        address signer = _requireCertifier(m.claim, c.org, m.org, structHash, sig);

        _parties[m.claim][signer].part = PART_CERTIFIER;
        _resolutions[m.claim][structHash] = true;
        c.resolution = structHash;
        c.resultHash = m.resultHash;
        emit DisputeResolved(m.claim, m.org, m.resultHash, m.reason, m.deadline, signer, structHash);
        _moveTo(m.claim, c, mark == RESULT_ADVERSE ? REJECTED : ATTESTED);
    }

    /// @inheritdoc IClaimRegistry
    function issueCertificate(Certificate calldata m, bytes calldata sig) external {
        if (m.certificate == bytes32(0)) revert UnknownCertificate(m.certificate);
        bytes32 structHash = m.hash();
        CertificateRecord storage x = _certificates[m.certificate];
        if (_isRecorded(m.certificate, x.structHash, structHash)) return;
        ClaimRecord storage c = _requireClaim(m.claim);
        _requireInTime(m.deadline);
        if (m.validTo <= m.validFrom) revert InvalidWindow(m.validFrom, m.validTo);
        if (c.state != ATTESTED) revert WrongState(m.claim, c.state);
        // What was restated since the verdict is claimed again, not certified.
        uint256 length = c.attestations.length;
        for (uint256 i = 0; i < length; ++i) {
            _requireCurrent(c.attestations[i]);
        }
        address signer = _requireCertifier(m.claim, c.org, m.org, structHash, sig);

        _parties[m.claim][signer].part = PART_CERTIFIER;
        c.certificate = m.certificate;
        x.claim = m.claim;
        x.org = m.org;
        x.documentHash = m.documentHash;
        x.structHash = structHash;
        x.signer = signer;
        x.issuedAt = uint64(block.timestamp);
        x.status = IN_FORCE;
        x.validFrom = m.validFrom;
        x.validTo = m.validTo;
        emit CertificateIssued(
            m.certificate, m.claim, m.org, m.documentHash, m.validFrom, m.validTo, m.deadline, signer, structHash
        );
        _moveTo(m.claim, c, CERTIFIED);
    }

    /// @inheritdoc IClaimRegistry
    function setCertificateStatus(CertificateStatus calldata m, bytes calldata sig) external {
        bytes32 structHash = m.hash();
        CertificateRecord storage x = _certificates[m.certificate];
        if (x.structHash == bytes32(0)) revert UnknownCertificate(m.certificate);
        if (m.sequence < x.changes) {
            _isRecorded(m.certificate, _statusMessages[m.certificate][m.sequence], structHash);
            return;
        }
        if (x.status == REVOKED) revert CertificateRevoked(m.certificate);
        if (m.sequence != x.changes) revert WrongSequence(m.certificate, x.changes, m.sequence);
        _requireInTime(m.deadline);
        if (m.status == 0 || m.status > REVOKED) revert UnknownStatus(m.status);
        if (m.status == x.status) revert StatusUnchanged(m.certificate, m.status);
        address signer = _requireCertifier(x.claim, _claims[x.claim].org, m.org, structHash, sig);

        _parties[x.claim][signer].part = PART_CERTIFIER;
        x.status = m.status;
        x.changes += 1;
        _statusMessages[m.certificate][m.sequence] = structHash;
        _statuses[m.certificate].append(m.status);
        emit CertificateStatusChanged(
            m.certificate, m.org, m.status, m.reason, m.sequence, m.deadline, signer, structHash
        );
    }

    /// @inheritdoc IClaimRegistry
    function claim(bytes32 id) external view returns (ClaimRecord memory) {
        return _claims[id];
    }

    /// @inheritdoc IClaimRegistry
    function claimState(bytes32 id) external view returns (uint8 state) {
        return _claims[id].state;
    }

    /// @inheritdoc IClaimRegistry
    function verdictCount(bytes32 id) external view returns (uint256) {
        return _verdicts[id].length;
    }

    /// @inheritdoc IClaimRegistry
    function verdict(bytes32 id, uint256 sequence) external view returns (VerdictRecord memory v) {
        if (sequence < _verdicts[id].length) v = _verdicts[id][sequence];
    }

    /// @inheritdoc IClaimRegistry
    function partOf(bytes32 id, address signer)
        external
        view
        returns (uint8 part, bytes32 commitment, uint32 verdicts)
    {
        Party storage party = _parties[id][signer];
        return (party.part, party.commitment, party.verdicts);
    }

    /// @inheritdoc IClaimRegistry
    function certificate(bytes32 id) external view returns (CertificateRecord memory) {
        return _certificates[id];
    }

    /// @inheritdoc IClaimRegistry
    function statusAt(bytes32 id, uint64 time) external view returns (uint8 status) {
        CertificateRecord storage x = _certificates[id];
        if (x.structHash == bytes32(0) || time < x.issuedAt) return 0;
        uint8 signed = _statuses[id].valueAt(time);
        if (signed == REVOKED) return 3;
        if (time >= x.validTo) return 4;
        if (signed == SUSPENDED) return 2;
        if (time < x.validFrom) return 5;
        return IN_FORCE;
    }

    function _store(Verdict calldata m, address signer, bytes32 structHash) private {
        VerdictRecord storage v = _verdicts[m.claim].push();
        v.org = m.org;
        v.resultHash = m.resultHash;
        v.findingsHash = m.findingsHash;
        v.samplingSeed = m.samplingSeed;
        v.toolHash = m.toolHash;
        v.salt = m.salt;
        v.structHash = structHash;
        v.signer = signer;
        v.givenAt = uint64(block.timestamp);
        v.assurance = m.assurance;
        v.opinion = m.opinion;
        v.materialityBp = m.materialityBp;
        v.sampleSize = m.sampleSize;
    }

    function _emitGiven(Verdict calldata m, address signer, bytes32 structHash) private {
        emit VerdictGiven(
            m.claim,
            m.org,
            m.packageHash,
            m.resultHash,
            m.findingsHash,
            m.assurance,
            m.materialityBp,
            m.opinion,
            m.samplingSeed,
            m.sampleSize,
            m.toolHash,
            m.salt,
            m.sequence,
            m.deadline,
            signer,
            structHash
        );
    }

    /// @dev Counts a verdict and moves the claim. A certified claim and a dispute stay what they are; every verdict is kept all the same.
    function _count(Verdict calldata m, ClaimRecord storage c) private {
        c.verdicts += 1;
        if (m.opinion == ADVERSE) _results[m.claim][m.resultHash] = RESULT_ADVERSE;
        else if (_results[m.claim][m.resultHash] == 0) _results[m.claim][m.resultHash] = RESULT_RECORDED;

        if (c.verdicts == 1) c.resultHash = m.resultHash;
        if (c.state == CERTIFIED || c.state == DISPUTED || c.verdicts < c.verifiersRequired) return;
        if (m.resultHash != c.resultHash) _moveTo(m.claim, c, DISPUTED);
        else _moveTo(m.claim, c, _results[m.claim][c.resultHash] == RESULT_ADVERSE ? REJECTED : ATTESTED);
    }

    function _moveTo(bytes32 id, ClaimRecord storage c, uint8 state) private {
        uint8 previous = c.state;
        if (previous == state) return;
        c.state = state;
        emit ClaimStateChanged(id, previous, state);
    }

    function _requireClaim(bytes32 id) private view returns (ClaimRecord storage c) {
        c = _claims[id];
        if (c.structHash == bytes32(0)) revert UnknownClaim(id);
    }

    /// @dev Recovers the signer, who must be a certifier of another institution than the claim's and none of its verifiers.
    function _requireCertifier(bytes32 id, bytes32 subject, bytes32 org, bytes32 structHash, bytes calldata sig)
        private
        view
        returns (address signer)
    {
        if (org == subject) revert OwnClaim(org);
        signer = _signerOf(structHash, sig);
        _requireRole(participants, org, signer, Roles.CERTIFIER);
        if (_parties[id][signer].part == PART_VERIFIER) revert SamePerson(signer);
    }

    /// @dev The verdicts that a claim needs come from different people; of two, both have committed first. Later ones are free.
    function _requireTurn(Verdict calldata m, ClaimRecord storage c, Party storage party, address signer) private view {
        if (c.verdicts < c.verifiersRequired) {
            if (party.verdicts != 0) revert SamePerson(signer);
            if (c.verifiersRequired == 2) {
                if (c.commitments < 2) revert CommitmentsOpen(m.claim, c.commitments, 2);
                if (party.commitment == bytes32(0)) revert CommitmentMissing(m.claim, signer);
            }
        }
        if (party.commitment != bytes32(0) && party.verdicts == 0) {
            bytes32 opened = keccak256(abi.encode(m.resultHash, m.salt));
            if (opened != party.commitment) revert CommitmentMismatch(party.commitment, opened);
        }
    }

    /// @dev A scheme is a name, or a release of LibraryRegistry; as a release it must be a scheme in force.
    function _requireScheme(bytes32 scheme) private view {
        (uint8 kind, uint8 status) = libraries.kindAndStatusAt(scheme, uint64(block.timestamp));
        if (kind == 0) return;
        if (kind != RELEASE_SCHEME) revert SchemeNotInForce(scheme, 0);
        if (status != RELEASE_IN_FORCE) revert SchemeNotInForce(scheme, status);
    }

    function _requireAttestations(Claim calldata m) private view {
        uint256 length = m.attestations.length;
        if (length == 0 || length > ATTESTATIONS_MOST) revert AttestationCount(length);
        for (uint256 i = 0; i < length; ++i) {
            bytes32 id = m.attestations[i];
            for (uint256 j = 0; j < i; ++j) {
                if (m.attestations[j] == id) revert AttestationRepeated(id);
            }
            _requireCurrent(id);
            (bytes32 org, uint64 periodStart, uint64 periodEnd) = ledger.scopeOf(id);
            if (org != m.org || periodStart != m.periodStart || periodEnd != m.periodEnd) revert AttestationOfAnother(id);
        }
    }

    function _requireCurrent(bytes32 id) private view {
        uint8 status = ledger.statusAt(id, uint64(block.timestamp));
        if (status != ATTESTATION_CURRENT) revert AttestationNotCurrent(id, status);
    }
}
