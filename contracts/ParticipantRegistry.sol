// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";
import {History} from "./libraries/History.sol";
import {ParticipantMessages} from "./libraries/ParticipantMessages.sol";
import {Roles} from "./libraries/Roles.sol";
import {SignedMessages} from "./libraries/SignedMessages.sol";

/// @title Institutions, their keys by role, their standing over time
/// @notice Immutable, takes no ETH. See IParticipantRegistry and docs/contracts.md.
contract ParticipantRegistry is IParticipantRegistry, SignedMessages {
    using History for History.Entry[];
    using ParticipantMessages for *;

    struct Institution {
        bytes32 nameHash;
        uint64 version;
        uint8 kind;
    }

    struct Window {
        uint64 validFrom;
        uint64 validTo;
        bool known;
    }

    uint8 private constant GOOD = 0;
    uint8 private constant SUSPENDED = 1;

    mapping(bytes32 org => Institution) private _institutions;
    mapping(bytes32 org => History.Entry[]) private _standings;
    mapping(bytes32 org => mapping(address key => mapping(uint8 role => Window))) private _windows;
    mapping(bytes32 org => mapping(address key => mapping(uint8 role => History.Entry[]))) private _keyStandings;
    /// @inheritdoc IParticipantRegistry
    mapping(address key => bytes32 org) public orgOf;
    /// @inheritdoc IParticipantRegistry
    mapping(bytes32 org => mapping(uint64 version => bytes32 structHash)) public lastAction;
    /// @inheritdoc IParticipantRegistry
    mapping(uint64 version => bytes32 structHash) public adminAcceptance;
    /// @inheritdoc IParticipantRegistry
    address public admin;
    /// @inheritdoc IParticipantRegistry
    uint64 public adminVersion;
    /// @inheritdoc IParticipantRegistry
    address public pendingAdmin;

    /// @param admin_ the centre's admin, an externally owned account
    constructor(address admin_) {
        if (admin_ == address(0)) revert InvalidAddress(admin_);
        admin = admin_;
        emit AdminChanged(address(0), admin_, 0, 0, address(0), bytes32(0));
    }

    /// @inheritdoc IParticipantRegistry
    function registerInstitution(RegisterInstitution calldata m, bytes calldata sig) external {
        if (m.org == bytes32(0)) revert UnknownInstitution(m.org);
        bytes32 structHash = m.hash();
        if (_isApplied(m.org, m.version, structHash)) return;
        if (m.version != 1) revert AlreadyRecorded(m.org, lastAction[m.org][1], structHash);
        if (m.kind == 0 || m.kind > Roles.KIND_LAST) revert UnknownKind(m.kind);
        address signer = _requireAdmin(m.org, m.deadline, structHash, sig);

        _institutions[m.org] = Institution(m.nameHash, m.version, m.kind);
        lastAction[m.org][m.version] = structHash;
        emit InstitutionRegistered(m.org, m.kind, m.nameHash, m.version, m.deadline, signer, structHash);
    }

    /// @inheritdoc IParticipantRegistry
    function addKey(AddKey calldata m, bytes calldata sig) external {
        uint8 kind = _requireKnown(m.org);
        bytes32 structHash = m.hash();
        if (_isApplied(m.org, m.version, structHash)) return;
        if (!Roles.allowed(kind, m.role)) revert RoleNotAllowed(kind, m.role);
        if (m.key == address(0)) revert UnknownKey(m.org, m.key, m.role);
        if (m.validTo != 0 && m.validTo <= m.validFrom) revert InvalidWindow(m.validFrom, m.validTo);
        if (_windows[m.org][m.key][m.role].known) revert KeyAlreadyAdded(m.org, m.key, m.role);
        bytes32 owner = orgOf[m.key];
        if (owner != bytes32(0) && owner != m.org) revert KeyOfAnother(m.key, owner);
        address signer = _requireAdmin(m.org, m.deadline, structHash, sig);

        orgOf[m.key] = m.org;
        _windows[m.org][m.key][m.role] = Window(m.validFrom, m.validTo, true);
        _apply(m.org, m.version, structHash);
        emit KeyAdded(m.org, m.key, m.role, m.validFrom, m.validTo, m.version, m.deadline, signer, structHash);
    }

    /// @inheritdoc IParticipantRegistry
    function endKey(EndKey calldata m, bytes calldata sig) external {
        _requireKnown(m.org);
        bytes32 structHash = m.hash();
        if (_isApplied(m.org, m.version, structHash)) return;
        Window storage window = _requireKey(m.org, m.key, m.role);
        if (m.validTo == 0) revert InvalidWindow(window.validFrom, m.validTo);
        // The past is not rewritten: an end that arrives late counts from the block that records it.
        uint64 endsAt = m.validTo < block.timestamp ? uint64(block.timestamp) : m.validTo;
        if (window.validTo != 0 && endsAt >= window.validTo) revert EndNotEarlier(window.validTo, endsAt);
        address signer = _requireAdmin(m.org, m.deadline, structHash, sig);

        window.validTo = endsAt;
        _apply(m.org, m.version, structHash);
        emit KeyEnded(m.org, m.key, m.role, m.validTo, endsAt, m.version, m.deadline, signer, structHash);
    }

    /// @inheritdoc IParticipantRegistry
    function setKeyStanding(SetKeyStanding calldata m, bytes calldata sig) external {
        _requireKnown(m.org);
        bytes32 structHash = m.hash();
        if (_isApplied(m.org, m.version, structHash)) return;
        _requireKey(m.org, m.key, m.role);
        address signer = _requireAdmin(m.org, m.deadline, structHash, sig);

        uint64 since = _keyStandings[m.org][m.key][m.role].append(m.suspended ? SUSPENDED : GOOD);
        _apply(m.org, m.version, structHash);
        emit KeyStandingSet(
            m.org, m.key, m.role, m.suspended, m.reason, since, m.version, m.deadline, signer, structHash
        );
    }

    /// @inheritdoc IParticipantRegistry
    function setStanding(SetStanding calldata m, bytes calldata sig) external {
        _requireKnown(m.org);
        bytes32 structHash = m.hash();
        if (_isApplied(m.org, m.version, structHash)) return;
        address signer = _requireAdmin(m.org, m.deadline, structHash, sig);

        uint64 since = _standings[m.org].append(m.suspended ? SUSPENDED : GOOD);
        _apply(m.org, m.version, structHash);
        emit StandingSet(m.org, m.suspended, m.reason, since, m.version, m.deadline, signer, structHash);
    }

    /// @inheritdoc IParticipantRegistry
    function proposeAdmin(ProposeAdmin calldata m, bytes calldata sig) external {
        bytes32 structHash = m.hash();
        if (m.version != 0 && m.version <= adminVersion) {
            _isRecorded(bytes32(0), lastAction[bytes32(0)][m.version], structHash);
            return;
        }
        if (m.version != adminVersion + 1) revert WrongVersion(bytes32(0), adminVersion + 1, m.version);
        if (m.newAdmin == address(0)) revert InvalidAddress(m.newAdmin);
        address signer = _requireAdmin(bytes32(0), m.deadline, structHash, sig);

        pendingAdmin = m.newAdmin;
        adminVersion = m.version;
        lastAction[bytes32(0)][m.version] = structHash;
        emit AdminProposed(m.newAdmin, m.version, m.deadline, signer, structHash);
    }

    /// @inheritdoc IParticipantRegistry
    function acceptAdmin(AcceptAdmin calldata m, bytes calldata sig) external {
        bytes32 structHash = m.hash();
        if (_isRecorded(bytes32(0), adminAcceptance[m.version], structHash)) return;
        if (m.newAdmin == address(0) || m.newAdmin != pendingAdmin || m.version != adminVersion) {
            revert UnknownProposal(m.newAdmin, m.version);
        }
        _requireInTime(m.deadline);
        address signer = _signerOf(structHash, sig);
        if (signer != m.newAdmin) revert NotAuthorized(bytes32(0), signer, Roles.ADMIN, 0);

        address previous = admin;
        admin = m.newAdmin;
        pendingAdmin = address(0);
        adminAcceptance[m.version] = structHash;
        emit AdminChanged(previous, m.newAdmin, m.version, m.deadline, signer, structHash);
    }

    /// @inheritdoc IParticipantRegistry
    function institution(bytes32 org)
        external
        view
        returns (uint8 kind, bytes32 nameHash, uint64 version, bool suspended)
    {
        Institution storage i = _institutions[org];
        return (i.kind, i.nameHash, i.version, _standings[org].latest() == SUSPENDED);
    }

    /// @inheritdoc IParticipantRegistry
    function keyOf(bytes32 org, address key, uint8 role)
        external
        view
        returns (bool known, uint64 validFrom, uint64 validTo, bool suspended)
    {
        Window storage window = _windows[org][key][role];
        return (window.known, window.validFrom, window.validTo, _keyStandings[org][key][role].latest() == SUSPENDED);
    }

    /// @inheritdoc IParticipantRegistry
    function keyStatusAt(bytes32 org, address key, uint8 role, uint64 time) external view returns (uint8 status) {
        Window storage window = _windows[org][key][role];
        if (!window.known) return 0;
        if (time < window.validFrom) return 2;
        if (window.validTo != 0 && time >= window.validTo) return 3;
        if (_keyStandings[org][key][role].valueAt(time) == SUSPENDED) return 4;
        if (_standings[org].valueAt(time) == SUSPENDED) return 5;
        return Roles.IN_FORCE;
    }

    /// @dev Tells whether the message made this version; reverts where another did, or where the version is not the next one.
    function _isApplied(bytes32 org, uint64 version, bytes32 structHash) private view returns (bool) {
        uint64 current = _institutions[org].version;
        if (version != 0 && version <= current) return _isRecorded(org, lastAction[org][version], structHash);
        if (version != current + 1) revert WrongVersion(org, current + 1, version);
        return false;
    }

    function _apply(bytes32 org, uint64 version, bytes32 structHash) private {
        _institutions[org].version = version;
        lastAction[org][version] = structHash;
    }

    function _requireKnown(bytes32 org) private view returns (uint8 kind) {
        kind = _institutions[org].kind;
        if (kind == 0) revert UnknownInstitution(org);
    }

    function _requireKey(bytes32 org, address key, uint8 role) private view returns (Window storage window) {
        window = _windows[org][key][role];
        if (!window.known) revert UnknownKey(org, key, role);
    }

    function _requireAdmin(bytes32 org, uint64 deadline, bytes32 structHash, bytes calldata sig)
        private
        view
        returns (address signer)
    {
        _requireInTime(deadline);
        signer = _signerOf(structHash, sig);
        if (signer != admin) revert NotAuthorized(org, signer, Roles.ADMIN, 0);
    }
}
