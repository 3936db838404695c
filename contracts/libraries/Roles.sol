// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Role, kind and status numbers of docs/spec/typed-data.md
library Roles {
    uint8 internal constant ADMIN = 0;
    uint8 internal constant APPROVER = 1;
    uint8 internal constant LOGKEEPER = 2;
    uint8 internal constant VERIFIER = 3;
    uint8 internal constant CERTIFIER = 4;
    uint8 internal constant LIBRARIAN = 5;
    uint8 internal constant PUBLISHER = 6;

    uint8 internal constant KIND_BANK = 1;
    uint8 internal constant KIND_CENTRE = 2;
    uint8 internal constant KIND_VERIFIER = 3;
    uint8 internal constant KIND_LAST = 5;

    uint8 internal constant IN_FORCE = 1;

    /// @notice Tells whether an institution of `kind` may hold `role`.
    /// @param kind 1 to 5
    /// @param role 1 to 6
    /// @return whether it may
    function allowed(uint8 kind, uint8 role) internal pure returns (bool) {
        if (role == APPROVER) return kind == KIND_BANK;
        if (role == LOGKEEPER) return kind == KIND_BANK || kind == KIND_CENTRE || kind == KIND_VERIFIER;
        if (role == VERIFIER) return kind == KIND_CENTRE || kind == KIND_VERIFIER;
        if (role == CERTIFIER || role == LIBRARIAN || role == PUBLISHER) return kind == KIND_CENTRE;
        return false;
    }
}
