// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILibraryRegistry} from "./interfaces/ILibraryRegistry.sol";
import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";
import {LibraryMessages} from "./libraries/LibraryMessages.sol";
import {Roles} from "./libraries/Roles.sol";
import {SignedMessages} from "./libraries/SignedMessages.sol";

/// @title Releases: proposed by one person, published by another
/// @notice Immutable, takes no ETH. See ILibraryRegistry and docs/contracts.md.
contract LibraryRegistry is ILibraryRegistry, SignedMessages {
    using LibraryMessages for *;

    struct Release {
        bytes32 org;
        bytes32 supersedes;
        bytes32 proposal;
        bytes32 publication;
        address proposer;
        uint64 validFrom;
        uint8 kind;
        address publisher;
        uint64 proposedAt;
        uint64 publishedAt;
    }

    uint8 private constant KIND_LAST = 3;

    mapping(bytes32 release => Release) private _releases;

    /// @notice Whose keys count.
    IParticipantRegistry public immutable participants;

    /// @param participants_ the ParticipantRegistry
    constructor(IParticipantRegistry participants_) {
        _requireContract(address(participants_));
        participants = participants_;
    }

    /// @inheritdoc ILibraryRegistry
    function propose(ProposeRelease calldata m, bytes calldata sig) external {
        if (m.release == bytes32(0)) revert UnknownRelease(m.release);
        bytes32 structHash = m.hash();
        Release storage r = _releases[m.release];
        if (_isRecorded(m.release, r.proposal, structHash)) return;
        if (m.kind == 0 || m.kind > KIND_LAST) revert UnknownKind(m.kind);
        if (m.supersedes != bytes32(0)) {
            Release storage replaced = _releases[m.supersedes];
            if (replaced.publication == bytes32(0)) revert UnknownRelease(m.supersedes);
            if (replaced.kind != m.kind) revert KindDiffers(m.supersedes, m.kind, replaced.kind);
        }
        _requireInTime(m.deadline);
        address signer = _signerOf(structHash, sig);
        _requireRole(participants, m.org, signer, Roles.LIBRARIAN);

        r.org = m.org;
        r.supersedes = m.supersedes;
        r.proposal = structHash;
        r.proposer = signer;
        r.validFrom = m.validFrom;
        r.kind = m.kind;
        r.proposedAt = uint64(block.timestamp);
        emit ReleaseProposed(m.release, m.org, m.kind, m.validFrom, m.supersedes, m.deadline, signer, structHash);
    }

    /// @inheritdoc ILibraryRegistry
    function publish(PublishRelease calldata m, bytes calldata sig) external {
        bytes32 structHash = m.hash();
        Release storage r = _releases[m.release];
        if (r.proposal == bytes32(0)) revert UnknownRelease(m.release);
        if (_isRecorded(m.release, r.publication, structHash)) return;
        _requireInTime(m.deadline);
        address signer = _signerOf(structHash, sig);
        if (signer == r.proposer) revert SamePerson(signer);
        _requireRole(participants, m.org, signer, Roles.PUBLISHER);

        r.publication = structHash;
        r.publisher = signer;
        r.publishedAt = uint64(block.timestamp);
        emit ReleasePublished(m.release, m.org, m.deadline, signer, structHash);
    }

    /// @inheritdoc ILibraryRegistry
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
        )
    {
        Release storage r = _releases[id];
        return (r.kind, r.org, r.validFrom, r.supersedes, r.proposer, r.publisher, r.proposedAt, r.publishedAt);
    }

    /// @inheritdoc ILibraryRegistry
    function statusAt(bytes32 id, uint64 time) external view returns (uint8 status) {
        return _statusAt(_releases[id], time);
    }

    /// @inheritdoc ILibraryRegistry
    function kindAndStatusAt(bytes32 id, uint64 time) external view returns (uint8 kind, uint8 status) {
        Release storage r = _releases[id];
        return (r.kind, _statusAt(r, time));
    }

    /// @inheritdoc ILibraryRegistry
    function messagesOf(bytes32 id) external view returns (bytes32 proposal, bytes32 publication) {
        Release storage r = _releases[id];
        return (r.proposal, r.publication);
    }

    function _statusAt(Release storage r, uint64 time) private view returns (uint8) {
        if (r.proposal == bytes32(0) || time < r.proposedAt) return 0;
        if (r.publication == bytes32(0) || time < r.publishedAt) return 1;
        return time < r.validFrom ? 2 : 3;
    }
}
