// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry as I} from "../interfaces/IParticipantRegistry.sol";

/// @title EIP-712 hashStruct of the messages of ParticipantRegistry
/// @dev A struct of value types only encodes in line, so abi.encode(typeHash, m) is encodeData of EIP-712.
library ParticipantMessages {
    bytes32 internal constant REGISTER_INSTITUTION =
        keccak256("RegisterInstitution(bytes32 org,uint8 kind,bytes32 nameHash,uint64 version,uint64 deadline)");
    bytes32 internal constant ADD_KEY = keccak256(
        "AddKey(bytes32 org,address key,uint8 role,uint64 validFrom,uint64 validTo,uint64 version,uint64 deadline)"
    );
    bytes32 internal constant END_KEY =
        keccak256("EndKey(bytes32 org,address key,uint8 role,uint64 validTo,uint64 version,uint64 deadline)");
    bytes32 internal constant SET_KEY_STANDING = keccak256(
        "SetKeyStanding(bytes32 org,address key,uint8 role,bool suspended,bytes32 reason,uint64 version,uint64 deadline)"
    );
    bytes32 internal constant SET_STANDING =
        keccak256("SetStanding(bytes32 org,bool suspended,bytes32 reason,uint64 version,uint64 deadline)");
    bytes32 internal constant PROPOSE_ADMIN = keccak256("ProposeAdmin(address newAdmin,uint64 version,uint64 deadline)");
    bytes32 internal constant ACCEPT_ADMIN = keccak256("AcceptAdmin(address newAdmin,uint64 version,uint64 deadline)");

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.RegisterInstitution calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(REGISTER_INSTITUTION, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.AddKey calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(ADD_KEY, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.EndKey calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(END_KEY, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.SetKeyStanding calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(SET_KEY_STANDING, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.SetStanding calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(SET_STANDING, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.ProposeAdmin calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(PROPOSE_ADMIN, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.AcceptAdmin calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(ACCEPT_ADMIN, m));
    }
}
