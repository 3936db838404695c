// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISharedErrors} from "./ISharedErrors.sol";

/// @title Who takes part: institutions, their keys by role, and the standing of both over time
/// @notice Every change is an EIP-712 message signed by the centre's admin; anyone may relay it. The message names the next
/// version of the institution, so messages apply in the order in which they were signed, each once.
/// An exact re-submission changes nothing and does not revert.
/// Kinds: 1 bank, 2 centre, 3 verifier, 4 auditor, 5 government.
/// Roles: 1 APPROVER and 2 LOGKEEPER (bank), 3 VERIFIER (centre, verifier), 4 CERTIFIER, 5 LIBRARIAN, 6 PUBLISHER (centre).
/// Times are Unix seconds; a window is [validFrom, validTo), validTo 0 is open.
interface IParticipantRegistry is ISharedErrors {
    /// @notice Registers an institution; `nameHash` is SHA-256 of its canonical name document; `version` is 1.
    struct RegisterInstitution {
        bytes32 org;
        uint8 kind;
        bytes32 nameHash;
        uint64 version;
        uint64 deadline;
    }

    /// @notice Gives `key` a role for [validFrom, validTo). A key has one window per role; a renewed key is a new address.
    struct AddKey {
        bytes32 org;
        address key;
        uint8 role;
        uint64 validFrom;
        uint64 validTo;
        uint64 version;
        uint64 deadline;
    }

    /// @notice Ends a key at `validTo`, or when the message is recorded where that is later: what was accepted stays accepted.
    struct EndKey {
        bytes32 org;
        address key;
        uint8 role;
        uint64 validTo;
        uint64 version;
        uint64 deadline;
    }

    /// @notice Suspends a key in one role, or lifts the suspension, from the block that records it.
    struct SetKeyStanding {
        bytes32 org;
        address key;
        uint8 role;
        bool suspended;
        bytes32 reason;
        uint64 version;
        uint64 deadline;
    }

    /// @notice Suspends an institution, or lifts the suspension, from the block that records it.
    struct SetStanding {
        bytes32 org;
        bool suspended;
        bytes32 reason;
        uint64 version;
        uint64 deadline;
    }

    /// @notice Step one of a change of admin, signed by the admin; replaces an earlier proposal that nobody accepted.
    struct ProposeAdmin {
        address newAdmin;
        uint64 version;
        uint64 deadline;
    }

    /// @notice Step two, signed by the new admin, with the version of the proposal.
    struct AcceptAdmin {
        address newAdmin;
        uint64 version;
        uint64 deadline;
    }

    /// @notice No institution is registered under `org` (0 is none).
    error UnknownInstitution(bytes32 org);
    /// @notice The institution never gave this key that role.
    error UnknownKey(bytes32 org, address key, uint8 role);
    /// @notice There is no open proposal of this admin with this version.
    error UnknownProposal(address newAdmin, uint64 version);
    /// @notice An institution of this kind cannot hold this role, or the role is not one that is defined.
    error RoleNotAllowed(uint8 kind, uint8 role);
    /// @notice The key had its window in this role already.
    error KeyAlreadyAdded(bytes32 org, address key, uint8 role);
    /// @notice The address belongs to another institution, for ever.
    error KeyOfAnother(address key, bytes32 org);
    /// @notice An end can only be brought forward: `stored` is the end in force, `got` the later or equal one.
    error EndNotEarlier(uint64 stored, uint64 got);

    /// @notice An institution was registered.
    event InstitutionRegistered(
        bytes32 indexed org, uint8 kind, bytes32 nameHash, uint64 version, uint64 deadline, address signer, bytes32 structHash
    );
    /// @notice A key was given a role.
    event KeyAdded(
        bytes32 indexed org,
        address indexed key,
        uint8 indexed role,
        uint64 validFrom,
        uint64 validTo,
        uint64 version,
        uint64 deadline,
        address signer,
        bytes32 structHash
    );
    /// @notice A key was ended; `endsAt` is the later of `validTo` and the block's time.
    event KeyEnded(
        bytes32 indexed org,
        address indexed key,
        uint8 indexed role,
        uint64 validTo,
        uint64 endsAt,
        uint64 version,
        uint64 deadline,
        address signer,
        bytes32 structHash
    );
    /// @notice A key's standing in one role was set at the block's time `since`.
    event KeyStandingSet(
        bytes32 indexed org,
        address indexed key,
        uint8 indexed role,
        bool suspended,
        bytes32 reason,
        uint64 since,
        uint64 version,
        uint64 deadline,
        address signer,
        bytes32 structHash
    );
    /// @notice An institution's standing was set at the block's time `since`.
    event StandingSet(
        bytes32 indexed org,
        bool suspended,
        bytes32 reason,
        uint64 since,
        uint64 version,
        uint64 deadline,
        address signer,
        bytes32 structHash
    );
    /// @notice A new admin was proposed.
    event AdminProposed(address indexed newAdmin, uint64 version, uint64 deadline, address signer, bytes32 structHash);
    /// @notice The admin changed from `previous` to `newAdmin`; also emitted at deployment with version 0.
    event AdminChanged(
        address indexed previous, address indexed newAdmin, uint64 version, uint64 deadline, address signer, bytes32 structHash
    );

    /// @notice Records a new institution.
    /// @param m the message, signed by the admin
    /// @param sig 65 bytes r, s, v
    function registerInstitution(RegisterInstitution calldata m, bytes calldata sig) external;

    /// @notice Records a key of an institution.
    /// @param m the message, signed by the admin
    /// @param sig 65 bytes r, s, v
    function addKey(AddKey calldata m, bytes calldata sig) external;

    /// @notice Records the end of a key.
    /// @param m the message, signed by the admin
    /// @param sig 65 bytes r, s, v
    function endKey(EndKey calldata m, bytes calldata sig) external;

    /// @notice Records a suspension of a key, or its lifting.
    /// @param m the message, signed by the admin
    /// @param sig 65 bytes r, s, v
    function setKeyStanding(SetKeyStanding calldata m, bytes calldata sig) external;

    /// @notice Records a suspension of an institution, or its lifting.
    /// @param m the message, signed by the admin
    /// @param sig 65 bytes r, s, v
    function setStanding(SetStanding calldata m, bytes calldata sig) external;

    /// @notice Records a proposed admin.
    /// @param m the message, signed by the admin
    /// @param sig 65 bytes r, s, v
    function proposeAdmin(ProposeAdmin calldata m, bytes calldata sig) external;

    /// @notice Makes the proposed admin the admin.
    /// @param m the message, signed by the new admin
    /// @param sig 65 bytes r, s, v
    function acceptAdmin(AcceptAdmin calldata m, bytes calldata sig) external;

    /// @notice What is recorded of an institution; all zero where it is unknown.
    /// @param org the institution
    /// @return kind 1 to 5
    /// @return nameHash SHA-256 of its name document
    /// @return version number of messages applied to it
    /// @return suspended whether it is suspended now
    function institution(bytes32 org) external view returns (uint8 kind, bytes32 nameHash, uint64 version, bool suspended);

    /// @notice The institution that an address belongs to, or 0.
    /// @param key the address
    /// @return org the institution
    function orgOf(address key) external view returns (bytes32 org);

    /// @notice The window and present standing of a key in one role; all zero where it is unknown.
    /// @param org the institution
    /// @param key the address
    /// @param role 1 to 6
    /// @return known whether the key was ever given this role
    /// @return validFrom first second of the window
    /// @return validTo first second after the window, 0 where it is open
    /// @return suspended whether the key is suspended in this role now
    function keyOf(bytes32 org, address key, uint8 role)
        external
        view
        returns (bool known, uint64 validFrom, uint64 validTo, bool suspended);

    /// @notice The standing of a key in a role at a time: the first that applies in the order 0, 2, 3, 4, 5, else 1.
    /// @param org the institution
    /// @param key the address
    /// @param role 1 to 6
    /// @param time Unix seconds
    /// @return status 0 unknown, 1 in force, 2 not yet valid, 3 ended, 4 key suspended, 5 institution suspended
    function keyStatusAt(bytes32 org, address key, uint8 role, uint64 time) external view returns (uint8 status);

    /// @notice The centre's admin.
    /// @return the address
    function admin() external view returns (address);

    /// @notice The proposed admin, or 0.
    /// @return the address
    function pendingAdmin() external view returns (address);

    /// @notice The version of the last proposal of an admin; the next one carries this plus 1.
    /// @return the version
    function adminVersion() external view returns (uint64);

    /// @notice The struct hash of the message that made `version` of an institution (org 0: of the last admin proposals).
    /// @param org the institution, or 0
    /// @param version from 1
    /// @return structHash the EIP-712 hashStruct, 0 where there is none
    function lastAction(bytes32 org, uint64 version) external view returns (bytes32 structHash);

    /// @notice The struct hash of the acceptance of the proposal with this version, 0 where nobody accepted it.
    /// @param version the proposal's version
    /// @return structHash the EIP-712 hashStruct
    function adminAcceptance(uint64 version) external view returns (bytes32 structHash);
}
