// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILibraryRegistry as I} from "../interfaces/ILibraryRegistry.sol";

/// @title EIP-712 hashStruct of the messages of LibraryRegistry
/// @dev A struct of value types only encodes in line, so abi.encode(typeHash, m) is encodeData of EIP-712.
library LibraryMessages {
    bytes32 internal constant PROPOSE_RELEASE = keccak256(
        "ProposeRelease(bytes32 release,bytes32 org,uint8 kind,uint64 validFrom,bytes32 supersedes,uint64 deadline)"
    );
    bytes32 internal constant PUBLISH_RELEASE = keccak256("PublishRelease(bytes32 release,bytes32 org,uint64 deadline)");

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.ProposeRelease calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(PROPOSE_RELEASE, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.PublishRelease calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(PUBLISH_RELEASE, m));
    }
}
