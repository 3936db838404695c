"""Errors of the ledger, grouped by who must act.

Every error has a stable `code`, the facts as attributes, and a message that says what, got, expected and what to do. A
finding (ledger.records.findings) is data about the input; an error means that the work cannot go on.
"""

from __future__ import annotations


class LedgerError(Exception):
    """Base of all our errors. `code` is stable and part of the interface; `hint` says what to do."""

    code = "ledger.error"

    def __init__(self, message: str, *, hint: str = "", **facts: object) -> None:
        super().__init__(message)
        self.hint = hint
        self.facts: dict[str, object] = facts


class InputError(LedgerError):
    """The caller must change what was sent."""

    code = "input.invalid"


class MalformedDocument(InputError):
    """The bytes cannot be read as the document they should be."""

    code = "input.malformed"


class NotFound(LedgerError):
    """No such thing, or not visible to this caller."""

    code = "not_found"


class Conflict(LedgerError):
    """The thing exists already with other content, or its state does not allow this."""

    code = "conflict"


class Forbidden(LedgerError):
    """The caller is known but may not do this (role, two-person rule)."""

    code = "forbidden"


class SignatureRefused(LedgerError):
    """A signature does not recover the signer it should, or the key is not in force.

    `reason`, where it is known, is the finer code of this very error: signature.malformed, .deadline_passed, .unknown_key, .foreign_key,
    .wrong_role, .not_yet_valid, .key_ended, .key_suspended, .institution_suspended, .not_admin.
    """

    code = "signature.refused"

    def __init__(self, message: str, *, reason: str = "", hint: str = "", **facts: object) -> None:
        if reason:
            facts["reason"] = self.code = reason
        super().__init__(message, hint=hint, **facts)


class IntegrityError(LedgerError):
    """Stored data contradicts its own commitment: somebody must investigate before work goes on."""

    code = "integrity.broken"


class ConfigurationError(LedgerError):
    """The operator must change the settings."""

    code = "configuration.invalid"


class UnitError(InputError):
    """A unit is unknown, or belongs to another dimension."""

    code = "unit.invalid"
