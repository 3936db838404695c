// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILibraryRegistry} from "./interfaces/ILibraryRegistry.sol";
import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";
import {IPeriodLedger} from "./interfaces/IPeriodLedger.sol";
import {PeriodMessages} from "./libraries/PeriodMessages.sol";
import {Roles} from "./libraries/Roles.sol";
import {SignedMessages} from "./libraries/SignedMessages.sol";
import {SumRoot} from "./libraries/SumRoot.sol";

/// @title Period attestations with recomputed commitments, and envelope-log checkpoints
/// @notice Immutable, takes no ETH. See IPeriodLedger and docs/contracts.md.
contract PeriodLedger is IPeriodLedger, SignedMessages {
    using PeriodMessages for *;

    struct LogHead {
        bytes32 root;
        uint64 size;
        uint64 anchoredAt;
    }

    uint8 private constant MEASURES = 4;
    uint8 private constant ALG_SHA256 = 1;
    uint8 private constant CAUSE_LAST = 5;
    uint8 private constant RELEASE_LIBRARY = 1;
    uint8 private constant RELEASE_SCHEMA = 2;
    uint8 private constant RELEASE_PUBLISHED = 2;
    uint8 private constant RELEASE_IN_FORCE = 3;

    // First mapping of the contract: storage proofs start from its slot (contracts/snapshots/storage-layout.json).
    mapping(bytes32 id => Record) private _records;
    mapping(bytes32 series => uint32 revision) private _latest;
    // The next attestation of the series: its revision may be any later number.
    mapping(bytes32 id => bytes32 next) private _following;
    mapping(bytes32 org => LogHead) private _logHeads;
    /// @inheritdoc IPeriodLedger
    mapping(bytes32 org => mapping(uint64 size => bytes32 structHash)) public logCheckpoint;

    /// @notice Whose keys count.
    IParticipantRegistry public immutable participants;
    /// @notice Which libraries and schemas count.
    ILibraryRegistry public immutable libraries;

    /// @param participants_ the ParticipantRegistry
    /// @param libraries_ the LibraryRegistry
    constructor(IParticipantRegistry participants_, ILibraryRegistry libraries_) {
        _requireContract(address(participants_));
        _requireContract(address(libraries_));
        if (block.chainid > type(uint64).max) revert ChainIdTooLarge(block.chainid);
        participants = participants_;
        libraries = libraries_;
    }

    /// @inheritdoc IPeriodLedger
    function submit(PeriodAttestation calldata m, bytes calldata sig) external returns (bytes32 id) {
        id = _idOf(m.org, m.dataset, m.periodStart, m.periodEnd, m.revision);
        bytes32 structHash = m.hash();
        if (_isRecorded(id, _records[id].structHash, structHash)) return id;

        _requireInTime(m.deadline);
        _requireWellFormed(m);
        bytes32 series = _seriesOf(m.org, m.dataset, m.periodStart, m.periodEnd);
        uint32 last = _latest[series];
        if (m.revision <= last) revert WrongRevision(last, m.revision);
        if (m.revision == 1 ? m.cause != 0 : (m.cause == 0 || m.cause > CAUSE_LAST)) revert WrongCause(m.revision, m.cause);
        _requireReleases(m.libraryHash, m.schemaHash);
        (, bytes32 root) = _computeRoot(m);
        if (root != m.root) revert RootMismatch(root, m.root);
        address signer = _signerOf(structHash, sig);
        _requireRole(participants, m.org, signer, Roles.APPROVER);

        _latest[series] = m.revision;
        if (last != 0) _following[_idOf(m.org, m.dataset, m.periodStart, m.periodEnd, last)] = id;
        _store(_records[id], m, signer, structHash);
        _emitAttested(id, m, signer, structHash);
    }

    /// @inheritdoc IPeriodLedger
    function anchorLog(LogCheckpoint calldata m, bytes calldata sig) external {
        bytes32 structHash = m.hash();
        bytes32 stored = logCheckpoint[m.org][m.size];
        if (stored == structHash) return;
        LogHead storage head = _logHeads[m.org];
        if (m.size == 0) revert LogEmpty(m.org);
        if (m.size < head.size) revert LogShrunk(head.size, m.size);
        if (m.size == head.size) {
            if (m.root != head.root) revert LogForked(m.size, head.root, m.root);
            revert AlreadyRecorded(m.org, stored, structHash);
        }
        _requireInTime(m.deadline);
        address signer = _signerOf(structHash, sig);
        if (!_holds(m.org, signer, Roles.APPROVER)) _requireRole(participants, m.org, signer, Roles.LOGKEEPER);

        head.root = m.root;
        head.size = m.size;
        head.anchoredAt = uint64(block.timestamp);
        logCheckpoint[m.org][m.size] = structHash;
        emit LogAnchored(m.org, m.size, m.root, signer, structHash);
    }

    /// @inheritdoc IPeriodLedger
    function attestation(bytes32 id) external view returns (Record memory) {
        return _records[id];
    }

    /// @inheritdoc IPeriodLedger
    function scopeOf(bytes32 id) external view returns (bytes32 org, uint64 periodStart, uint64 periodEnd) {
        Record storage r = _records[id];
        return (r.org, r.periodStart, r.periodEnd);
    }

    /// @inheritdoc IPeriodLedger
    function latestRevision(bytes32 org, bytes32 dataset, uint64 periodStart, uint64 periodEnd)
        external
        view
        returns (uint32)
    {
        return _latest[_seriesOf(org, dataset, periodStart, periodEnd)];
    }

    /// @inheritdoc IPeriodLedger
    function statusAt(bytes32 id, uint64 time) external view returns (uint8 status) {
        Record storage r = _records[id];
        if (r.structHash == bytes32(0) || time < r.attestedAt) return 0;
        bytes32 next = _following[id];
        return next == bytes32(0) || time < _records[next].attestedAt ? 1 : 2;
    }

    /// @inheritdoc IPeriodLedger
    function computeRoot(PeriodAttestation calldata m) external view returns (bytes32 context, bytes32 root) {
        return _computeRoot(m);
    }

    /// @inheritdoc IPeriodLedger
    function logHead(bytes32 org) external view returns (uint64 size, bytes32 root, uint64 anchoredAt) {
        LogHead storage head = _logHeads[org];
        return (head.size, head.root, head.anchoredAt);
    }

    function _store(Record storage r, PeriodAttestation calldata m, address signer, bytes32 structHash) private {
        r.root = m.root;
        r.totals = m.totals;
        r.org = m.org;
        r.dataset = m.dataset;
        r.periodStart = m.periodStart;
        r.periodEnd = m.periodEnd;
        r.n = m.n;
        r.revision = m.revision;
        r.cause = m.cause;
        r.alg = m.alg;
        r.measures = m.measures;
        r.schemaHash = m.schemaHash;
        r.treeRoot = m.treeRoot;
        r.libraryHash = m.libraryHash;
        r.statementHash = m.statementHash;
        r.structHash = structHash;
        r.signer = signer;
        r.attestedAt = uint64(block.timestamp);
    }

    function _emitAttested(bytes32 id, PeriodAttestation calldata m, address signer, bytes32 structHash) private {
        emit PeriodAttested(
            id,
            m.org,
            m.dataset,
            m.periodStart,
            m.periodEnd,
            m.revision,
            m.cause,
            m.alg,
            m.schemaHash,
            m.n,
            m.totals,
            m.treeRoot,
            m.root,
            m.libraryHash,
            m.statementHash,
            signer,
            structHash
        );
    }

    function _requireReleases(bytes32 libraryHash, bytes32 schemaHash) private view {
        uint8 status = _releaseStatus(libraryHash, RELEASE_LIBRARY);
        if (status != RELEASE_IN_FORCE) revert LibraryNotInForce(libraryHash, status);
        status = _releaseStatus(schemaHash, RELEASE_SCHEMA);
        if (status < RELEASE_PUBLISHED) revert SchemaNotPublished(schemaHash, status);
    }

    function _releaseStatus(bytes32 release, uint8 kind) private view returns (uint8) {
        (uint8 found, uint8 status) = libraries.kindAndStatusAt(release, uint64(block.timestamp));
        return found == kind ? status : 0;
    }

    function _computeRoot(PeriodAttestation calldata m) private view returns (bytes32 context, bytes32 root) {
        context = SumRoot.context(
            SumRoot.Context({
                alg: m.alg,
                measures: m.measures,
                chainId: uint64(block.chainid),
                ledger: address(this),
                org: m.org,
                dataset: m.dataset,
                periodStart: m.periodStart,
                periodEnd: m.periodEnd,
                revision: m.revision,
                schemaHash: m.schemaHash
            })
        );
        root = SumRoot.root(context, m.n, m.totals, m.treeRoot);
    }

    function _holds(bytes32 org, address signer, uint8 role) private view returns (bool) {
        return participants.keyStatusAt(org, signer, role, uint64(block.timestamp)) == Roles.IN_FORCE;
    }

    function _requireWellFormed(PeriodAttestation calldata m) private pure {
        if (m.measures != MEASURES) revert UnsupportedMeasures(m.measures);
        if (m.alg != ALG_SHA256) revert UnsupportedAlgorithm(m.alg);
        if (m.n == 0 || m.n > type(uint32).max) revert CountOutOfRange(m.n);
        if (m.periodEnd <= m.periodStart) revert InvalidPeriod(m.periodStart, m.periodEnd);
        // n < 2^32, so n·2^96 fits 128 bits.
        uint256 bound = uint256(m.n) << 96;
        for (uint8 j = 0; j < MEASURES; ++j) {
            if (m.totals[j] >= bound) revert TotalOutOfRange(j, m.totals[j], m.n);
        }
    }

    function _idOf(bytes32 org, bytes32 dataset, uint64 periodStart, uint64 periodEnd, uint32 revision)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(org, dataset, periodStart, periodEnd, revision));
    }

    function _seriesOf(bytes32 org, bytes32 dataset, uint64 periodStart, uint64 periodEnd) private pure returns (bytes32) {
        return keccak256(abi.encode(org, dataset, periodStart, periodEnd));
    }
}
