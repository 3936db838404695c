// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClaimRegistry as I} from "../interfaces/IClaimRegistry.sol";

/// @title EIP-712 hashStruct of the messages of ClaimRegistry
/// @dev A struct of value types only encodes in line, so abi.encode(typeHash, m) is encodeData of EIP-712.
library ClaimMessages {
    bytes32 internal constant CLAIM = keccak256(
        "Claim(bytes32 claim,bytes32 org,bytes32 scheme,uint64 periodStart,uint64 periodEnd,bytes32[] attestations,bytes32 packageHash,"
        "uint8 verifiersRequired,uint64 deadline)"
    );
    bytes32 internal constant VERDICT_COMMITMENT =
        keccak256("VerdictCommitment(bytes32 claim,bytes32 org,bytes32 commitment,uint64 deadline)");
    bytes32 internal constant VERDICT = keccak256(
        "Verdict(bytes32 claim,bytes32 org,bytes32 packageHash,bytes32 resultHash,bytes32 findingsHash,uint8 assurance,"
        "uint32 materialityBp,uint8 opinion,bytes32 samplingSeed,uint32 sampleSize,bytes32 toolHash,bytes32 salt,uint32 sequence,"
        "uint64 deadline)"
    );
    bytes32 internal constant RESOLUTION =
        keccak256("Resolution(bytes32 claim,bytes32 org,bytes32 resultHash,bytes32 reason,uint64 deadline)");
    bytes32 internal constant CERTIFICATE = keccak256(
        "Certificate(bytes32 certificate,bytes32 claim,bytes32 org,bytes32 documentHash,uint64 validFrom,uint64 validTo,uint64 deadline)"
    );
    bytes32 internal constant CERTIFICATE_STATUS = keccak256(
        "CertificateStatus(bytes32 certificate,bytes32 org,uint8 status,bytes32 reason,uint32 sequence,uint64 deadline)"
    );

    /// @notice hashStruct(m)
    /// @dev The array is replaced by the hash of its members, each one word.
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.Claim calldata m) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                CLAIM,
                m.claim,
                m.org,
                m.scheme,
                m.periodStart,
                m.periodEnd,
                keccak256(abi.encodePacked(m.attestations)),
                m.packageHash,
                m.verifiersRequired,
                m.deadline
            )
        );
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.VerdictCommitment calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(VERDICT_COMMITMENT, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.Verdict calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(VERDICT, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.Resolution calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(RESOLUTION, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.Certificate calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(CERTIFICATE, m));
    }

    /// @notice hashStruct(m)
    /// @param m the message
    /// @return its EIP-712 hash
    function hash(I.CertificateStatus calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(CERTIFICATE_STATUS, m));
    }
}
