// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ISharedErrors} from "../interfaces/ISharedErrors.sol";
import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {Roles} from "./Roles.sol";

/// @title What every contract does with a signed message
/// @notice Domain name "Lingtan", version "1", exposed by eip712Domain() (ERC-5267). Signers are externally owned accounts only:
/// a signature must be checkable offline, without the state of a contract.
abstract contract SignedMessages is EIP712, ISharedErrors {
    constructor() EIP712("Lingtan", "1") {}

    /// @dev Tells whether `got` is an exact re-submission of what is stored under `id`.
    /// Reverts AlreadyRecorded where another message is stored.
    function _isRecorded(bytes32 id, bytes32 stored, bytes32 got) internal pure returns (bool) {
        if (stored == bytes32(0)) return false;
        if (stored != got) revert AlreadyRecorded(id, stored, got);
        return true;
    }

    /// @dev Reverts DeadlinePassed after the last second at which a message is accepted.
    function _requireInTime(uint64 deadline) internal view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
    }

    /// @dev Recovers the signer; reverts with an error of ECDSA where the signature is not 65 bytes, has a high s or recovers nobody.
    function _signerOf(bytes32 structHash, bytes calldata sig) internal view returns (address) {
        return ECDSA.recover(_hashTypedDataV4(structHash), sig);
    }

    /// @dev Reverts NotAuthorized unless `signer` holds `role` for `org` at the block's time.
    function _requireRole(IParticipantRegistry participants, bytes32 org, address signer, uint8 role) internal view {
        uint8 status = participants.keyStatusAt(org, signer, role, uint64(block.timestamp));
        if (status != Roles.IN_FORCE) revert NotAuthorized(org, signer, role, status);
    }

    /// @dev Reverts InvalidAddress where a constructor is handed an address without code.
    function _requireContract(address got) internal view {
        if (got.code.length == 0) revert InvalidAddress(got);
    }
}
