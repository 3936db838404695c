// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPeriodLedger as I} from "../interfaces/IPeriodLedger.sol";

/// @title EIP-712 hashStruct of the messages of PeriodLedger
library PeriodMessages {
    bytes32 internal constant PERIOD_ATTESTATION = keccak256(
        "PeriodAttestation(bytes32 org,bytes32 dataset,uint64 periodStart,uint64 periodEnd,uint32 revision,uint8 cause,uint8 alg,"
        "uint8 measures,bytes32 schemaHash,uint64 n,uint128[4] totals,bytes32 treeRoot,bytes32 root,bytes32 libraryHash,"
        "bytes32 statementHash,uint64 deadline)"
    );
    bytes32 internal constant LOG_CHECKPOINT = keccak256("LogCheckpoint(bytes32 org,uint64 size,bytes32 root,uint64 deadline)");

    /// @notice hashStruct(m)
    /// @dev The array is replaced by the hash of its four encoded members.
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.PeriodAttestation calldata m) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                abi.encode(PERIOD_ATTESTATION, m.org, m.dataset, m.periodStart, m.periodEnd, m.revision, m.cause, m.alg, m.measures),
                abi.encode(m.schemaHash, m.n, keccak256(abi.encode(m.totals)), m.treeRoot, m.root, m.libraryHash, m.statementHash),
                abi.encode(m.deadline)
            )
        );
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.LogCheckpoint calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(LOG_CHECKPOINT, m));
    }
}
