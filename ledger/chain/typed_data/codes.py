"""The small numbers inside signed structs, with their names (spec: typed-data, head and per contract)."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """What a key may sign; each role belongs to certain kinds of institution."""

    APPROVER = 1
    LOGKEEPER = 2
    VERIFIER = 3
    CERTIFIER = 4
    LIBRARIAN = 5
    PUBLISHER = 6


class InstitutionKind(IntEnum):
    """What an institution is."""

    BANK = 1
    CENTRE = 2
    VERIFIER = 3
    AUDITOR = 4
    GOVERNMENT = 5


class Cause(IntEnum):
    """Why a revision was made; FIRST for the first revision of a period alone."""

    FIRST = 0
    DATA = 1
    FACTOR = 2
    BOUNDARY = 3
    METHOD = 4
    ERROR = 5


class KeyStatus(IntEnum):
    """The answer of `keyStatusAt`."""

    UNKNOWN = 0
    IN_FORCE = 1
    NOT_YET_VALID = 2
    ENDED = 3
    KEY_SUSPENDED = 4
    INSTITUTION_SUSPENDED = 5


class ReleaseKind(IntEnum):
    """What a release of the library registry is."""

    INDICATOR_LIBRARY = 1
    DATASET_SCHEMA = 2
    SCHEME = 3


class ReleaseStatus(IntEnum):
    """The answer of the library registry's `statusAt`."""

    UNKNOWN = 0
    PROPOSED = 1
    NOT_YET_VALID = 2
    IN_FORCE = 3


class AttestationStatus(IntEnum):
    """The answer of the period ledger's `statusAt`."""

    UNKNOWN = 0
    CURRENT = 1
    SUPERSEDED = 2


class Assurance(IntEnum):
    """The level of assurance of a verdict."""

    LIMITED = 1
    REASONABLE = 2


class Opinion(IntEnum):
    """What the verifier concludes."""

    UNQUALIFIED = 1
    QUALIFIED = 2
    ADVERSE = 3


class ClaimState(IntEnum):
    """Where a claim stands."""

    UNKNOWN = 0
    SUBMITTED = 1
    ATTESTED = 2
    REJECTED = 3
    DISPUTED = 4
    CERTIFIED = 5


class CertificateState(IntEnum):
    """The signed statuses of a certificate, and what `statusAt` adds to them."""

    UNKNOWN = 0
    IN_FORCE = 1
    SUSPENDED = 2
    REVOKED = 3
    EXPIRED = 4
    NOT_YET_VALID = 5
