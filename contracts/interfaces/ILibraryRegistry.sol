// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISharedErrors} from "./ISharedErrors.sol";

/// @title Releases of the indicator library, dataset schemas and schemes
/// @notice A release is the SHA-256 of its canonical document. One person proposes it, another publishes it; nothing is replaced:
/// a release that supersedes another leaves it in force for the periods that used it.
/// Kinds: 1 indicator library, 2 dataset schema, 3 scheme. Times are Unix seconds.
interface ILibraryRegistry is ISharedErrors {
    /// @notice Proposes a release, signed by a LIBRARIAN of `org`; `supersedes` is 0 or a published release of the same kind.
    struct ProposeRelease {
        bytes32 release;
        bytes32 org;
        uint8 kind;
        uint64 validFrom;
        bytes32 supersedes;
        uint64 deadline;
    }

    /// @notice Publishes a proposed release, signed by a PUBLISHER of `org` with another address than the proposer's.
    struct PublishRelease {
        bytes32 release;
        bytes32 org;
        uint64 deadline;
    }

    /// @notice The release (or the one it supersedes) is not recorded in the state that this step needs.
    error UnknownRelease(bytes32 release);
    /// @notice A release supersedes one of its own kind.
    error KindDiffers(bytes32 supersedes, uint8 expected, uint8 got);

    /// @notice A release was proposed at the block's time.
    event ReleaseProposed(
        bytes32 indexed release,
        bytes32 indexed org,
        uint8 kind,
        uint64 validFrom,
        bytes32 supersedes,
        uint64 deadline,
        address signer,
        bytes32 structHash
    );
    /// @notice A release was published at the block's time.
    event ReleasePublished(bytes32 indexed release, bytes32 indexed org, uint64 deadline, address signer, bytes32 structHash);

    /// @notice Records a proposed release.
    /// @param m the message, signed by a LIBRARIAN
    /// @param sig 65 bytes r, s, v
    function propose(ProposeRelease calldata m, bytes calldata sig) external;

    /// @notice Publishes a proposed release.
    /// @param m the message, signed by a PUBLISHER
    /// @param sig 65 bytes r, s, v
    function publish(PublishRelease calldata m, bytes calldata sig) external;

    /// @notice What is recorded of a release; all zero where it is unknown.
    /// @param id the release
    /// @return kind 1 to 3
    /// @return org the proposer's institution
    /// @return validFrom first second from which it may be used
    /// @return supersedes the release it replaces for later periods, or 0
    /// @return proposer address of the librarian
    /// @return publisher address of the publisher, 0 while it is only proposed
    /// @return proposedAt the block's time, Unix seconds
    /// @return publishedAt the block's time, 0 while it is only proposed
    function release(bytes32 id)
        external
        view
        returns (
            uint8 kind,
            bytes32 org,
            uint64 validFrom,
            bytes32 supersedes,
            address proposer,
            address publisher,
            uint64 proposedAt,
            uint64 publishedAt
        );

    /// @notice The state of a release at a time.
    /// @param id the release
    /// @param time Unix seconds
    /// @return status 0 unknown, 1 proposed, 2 published but not yet valid, 3 in force
    function statusAt(bytes32 id, uint64 time) external view returns (uint8 status);

    /// @notice The kind of a release and its state at a time, for contracts that need both.
    /// @param id the release
    /// @param time Unix seconds
    /// @return kind 0 where it is unknown
    /// @return status as {statusAt}
    function kindAndStatusAt(bytes32 id, uint64 time) external view returns (uint8 kind, uint8 status);

    /// @notice The struct hashes of the two messages about a release, 0 where there is none.
    /// @param id the release
    /// @return proposal hashStruct of the ProposeRelease
    /// @return publication hashStruct of the PublishRelease
    function messagesOf(bytes32 id) external view returns (bytes32 proposal, bytes32 publication);
}
