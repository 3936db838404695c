"""Name what can go wrong while verifying, so that wrong, unreadable and unchecked never share a name."""

from __future__ import annotations

from collections.abc import Mapping


class VerifierError(Exception):
    """Carry a stable code and the facts of a failure."""

    def __init__(self, code: str, message: str, **facts: str) -> None:
        super().__init__(message)
        self.code = code
        self.facts: Mapping[str, str] = facts


class Malformed(VerifierError):
    """The input cannot be read as what it claims to be (exit code 3)."""

    def __init__(self, code: str, place: str, message: str, **facts: str) -> None:
        super().__init__(code, f"{place}: {message}" if place else message, **facts)
        self.place = place
        self.detail = message


class Refused(VerifierError):
    """A proof or signature was read and does not hold (exit code 1)."""


class UsageError(VerifierError):
    """The command cannot run as given (exit code 2)."""


class Disagreement(VerifierError):
    """Our own arithmetic and an installed library gave different answers (exit code 70); neither may be trusted."""
