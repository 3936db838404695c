// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Errors that every contract of the ledger shares
/// @notice Times are Unix seconds, statuses are those of {IParticipantRegistry-keyStatusAt}.
interface ISharedErrors {
    /// @notice The message was accepted until `deadline` (its last second); the block's time is `now`.
    error DeadlinePassed(uint64 deadline, uint256 now);
    /// @notice The recovered signer does not hold `role` (0: the centre's admin) for `org` now; `status` says why.
    error NotAuthorized(bytes32 org, address signer, uint8 role, uint8 status);
    /// @notice Another message is recorded under the same business key; both struct hashes are given.
    error AlreadyRecorded(bytes32 id, bytes32 stored, bytes32 got);
    /// @notice The message does not carry the next version of the institution (or of the admin, where `org` is 0).
    error WrongVersion(bytes32 org, uint64 expected, uint64 got);
    /// @notice Two steps that need two people carry the same signer.
    error SamePerson(address signer);
    /// @notice The signer's institution is the subject of the claim.
    error OwnClaim(bytes32 org);
    /// @notice The kind of institution or release is not one that is defined.
    error UnknownKind(uint8 kind);
    /// @notice A window [validFrom, validTo) is empty or has no end where it needs one.
    error InvalidWindow(uint64 validFrom, uint64 validTo);
    /// @notice A constructor was handed an address without code, or the zero address as admin.
    error InvalidAddress(address got);
}
