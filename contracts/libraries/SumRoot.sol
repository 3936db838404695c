// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The commitment of a Merkle-sum tree (docs/spec/commitments.md §3), with the SHA-256 precompile
/// @dev Every packed field has a fixed width, so the packed encodings are unambiguous.
library SumRoot {
    uint8 internal constant TAG_ROOT = 0x13;
    uint8 internal constant TAG_CONTEXT = 0x14;

    /// @notice What a tree is bound to: where, whose, which period, which revision, which schema.
    struct Context {
        uint8 alg;
        uint8 measures;
        uint64 chainId;
        address ledger;
        bytes32 org;
        bytes32 dataset;
        uint64 periodStart;
        uint64 periodEnd;
        uint32 revision;
        bytes32 schemaHash;
    }

    /// @notice Computes ctx = H(0x14, "carbon-ledger/mst/v1", alg, M, chainId, contract, org, dataset, period, revision, schema).
    /// @param c the context
    /// @return its digest
    function context(Context memory c) internal pure returns (bytes32) {
        return sha256(
            abi.encodePacked(
                abi.encodePacked(TAG_CONTEXT, "carbon-ledger/mst/v1", c.alg, c.measures, c.chainId, c.ledger, c.org),
                abi.encodePacked(c.dataset, c.periodStart, c.periodEnd, c.revision, c.schemaHash)
            )
        );
    }

    /// @notice Computes R = H(0x13, ctx, n, T[0..3], root node hash).
    /// @param ctx digest of the context
    /// @param n number of leaves
    /// @param totals sums of the four measures
    /// @param treeRoot hash of the root node
    /// @return the commitment R
    function root(bytes32 ctx, uint64 n, uint128[4] memory totals, bytes32 treeRoot) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(TAG_ROOT, ctx, n, totals[0], totals[1], totals[2], totals[3], treeRoot));
    }
}
