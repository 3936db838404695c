// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISharedErrors} from "./ISharedErrors.sol";

/// @title Period attestations and envelope-log checkpoints of institutions
/// @notice An attestation commits an institution to the totals of one dataset of one period in one revision. The contract recomputes
/// the commitment R from the fields (docs/spec/commitments.md §3) and refuses any other. Nothing is overwritten: a correction is a
/// later revision with a cause. A revision belongs to a statement of several datasets, so a dataset may enter with any revision and
/// leave some out; its revisions strictly increase. Periods are [periodStart, periodEnd) in Unix seconds; totals are in the dataset's own units.
/// Causes: 0 first, 1 data, 2 factor, 3 boundary, 4 method, 5 error.
interface IPeriodLedger is ISharedErrors {
    /// @notice The institution's statement about one dataset of one period, signed by an APPROVER of `org`.
    /// @dev `n` leaves; `totals[j]` is below n·2^96; `treeRoot` is the hash of the tree's root node; `root` is R.
    struct PeriodAttestation {
        bytes32 org;
        bytes32 dataset;
        uint64 periodStart;
        uint64 periodEnd;
        uint32 revision;
        uint8 cause;
        uint8 alg;
        uint8 measures;
        bytes32 schemaHash;
        uint64 n;
        uint128[4] totals;
        bytes32 treeRoot;
        bytes32 root;
        bytes32 libraryHash;
        bytes32 statementHash;
        uint64 deadline;
    }

    /// @notice A head of the institution's envelope log, signed by an APPROVER or a LOGKEEPER of `org`.
    struct LogCheckpoint {
        bytes32 org;
        uint64 size;
        bytes32 root;
        uint64 deadline;
    }

    /// @notice What is stored of an attestation. The first three words are root, totals[0] and [1], totals[2] and [3]: storage proofs
    /// rely on that order.
    struct Record {
        bytes32 root;
        uint128[4] totals;
        bytes32 org;
        bytes32 dataset;
        uint64 periodStart;
        uint64 periodEnd;
        uint64 n;
        uint32 revision;
        uint8 cause;
        uint8 alg;
        uint8 measures;
        bytes32 schemaHash;
        bytes32 treeRoot;
        bytes32 libraryHash;
        bytes32 statementHash;
        bytes32 structHash;
        address signer;
        uint64 attestedAt;
    }

    /// @notice The submitted root is not the one that the contract computes from the other fields.
    error RootMismatch(bytes32 expected, bytes32 got);
    /// @notice Only four measures are defined.
    error UnsupportedMeasures(uint8 got);
    /// @notice Only algorithm 1 (SHA-256) is accepted.
    error UnsupportedAlgorithm(uint8 got);
    /// @notice The number of leaves is 0, or 2^32 and more.
    error CountOutOfRange(uint64 n);
    /// @notice `n` leaves below 2^96 cannot add up to this total of measure `measure`.
    error TotalOutOfRange(uint8 measure, uint128 total, uint64 n);
    /// @notice The period is empty or ends before it starts.
    error InvalidPeriod(uint64 periodStart, uint64 periodEnd);
    /// @notice The revision is not greater than the last one of this dataset and period; `last` is 0 before the first.
    error WrongRevision(uint32 last, uint32 got);
    /// @notice Revision 1 has cause 0, every other one 1 to 5.
    error WrongCause(uint32 revision, uint8 cause);
    /// @notice The library is not a release of kind 1 in force now; `status` as in ILibraryRegistry, 0 also for another kind.
    error LibraryNotInForce(bytes32 libraryHash, uint8 status);
    /// @notice The schema is not a published release of kind 2; `status` as in ILibraryRegistry, 0 also for another kind.
    error SchemaNotPublished(bytes32 schemaHash, uint8 status);
    /// @notice An empty log is not anchored.
    error LogEmpty(bytes32 org);
    /// @notice The log is smaller than the one anchored before.
    error LogShrunk(uint64 stored, uint64 got);
    /// @notice The log has the anchored size and another root.
    error LogForked(uint64 size, bytes32 stored, bytes32 got);
    /// @notice The chain id does not fit the 64 bits that commitments have for it.
    error ChainIdTooLarge(uint256 chainId);

    /// @notice An attestation was recorded at the block's time.
    event PeriodAttested(
        bytes32 indexed id,
        bytes32 indexed org,
        bytes32 indexed dataset,
        uint64 periodStart,
        uint64 periodEnd,
        uint32 revision,
        uint8 cause,
        uint8 alg,
        bytes32 schemaHash,
        uint64 n,
        uint128[4] totals,
        bytes32 treeRoot,
        bytes32 root,
        bytes32 libraryHash,
        bytes32 statementHash,
        address signer,
        bytes32 structHash
    );
    /// @notice A head of an institution's envelope log was recorded at the block's time.
    event LogAnchored(bytes32 indexed org, uint64 size, bytes32 root, address signer, bytes32 structHash);

    /// @notice Records an attestation.
    /// @param m the message, signed by an APPROVER of `m.org`
    /// @param sig 65 bytes r, s, v
    /// @return id keccak256(abi.encode(org, dataset, periodStart, periodEnd, revision))
    function submit(PeriodAttestation calldata m, bytes calldata sig) external returns (bytes32 id);

    /// @notice Records a head of the envelope log.
    /// @param m the message, signed by an APPROVER or a LOGKEEPER of `m.org`
    /// @param sig 65 bytes r, s, v
    function anchorLog(LogCheckpoint calldata m, bytes calldata sig) external;

    /// @notice All that is stored of an attestation; all zero where it is unknown.
    /// @param id its id
    /// @return the record
    function attestation(bytes32 id) external view returns (Record memory);

    /// @notice Whose attestation it is and which period it covers; all zero where it is unknown.
    /// @param id its id
    /// @return org the institution
    /// @return periodStart first second of the period
    /// @return periodEnd first second after the period
    function scopeOf(bytes32 id) external view returns (bytes32 org, uint64 periodStart, uint64 periodEnd);

    /// @notice The number of the last revision, 0 where there is none; not every number below it need be there.
    /// @param org the institution
    /// @param dataset the dataset
    /// @param periodStart first second of the period
    /// @param periodEnd first second after the period
    /// @return the revision
    function latestRevision(bytes32 org, bytes32 dataset, uint64 periodStart, uint64 periodEnd) external view returns (uint32);

    /// @notice The state of an attestation at a time: superseded once a greater revision of its dataset and period is recorded.
    /// @param id its id
    /// @param time Unix seconds
    /// @return status 0 unknown (then), 1 current, 2 superseded
    function statusAt(bytes32 id, uint64 time) external view returns (uint8 status);

    /// @notice The commitment that {submit} expects in `m.root`, for a check before signing.
    /// @param m the message; its root, cause, hashes of library and statement and deadline are not used
    /// @return context ctx of docs/spec/commitments.md §3
    /// @return root R of docs/spec/commitments.md §3
    function computeRoot(PeriodAttestation calldata m) external view returns (bytes32 context, bytes32 root);

    /// @notice The last anchored head of an institution's envelope log; all zero where there is none.
    /// @param org the institution
    /// @return size number of leaves
    /// @return root RFC 9162 root
    /// @return anchoredAt the block's time, Unix seconds
    function logHead(bytes32 org) external view returns (uint64 size, bytes32 root, uint64 anchoredAt);

    /// @notice The struct hash of the checkpoint of one size, 0 where there is none.
    /// @param org the institution
    /// @param size number of leaves
    /// @return structHash hashStruct of the LogCheckpoint
    function logCheckpoint(bytes32 org, uint64 size) external view returns (bytes32 structHash);
}
