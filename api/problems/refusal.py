"""The API's own errors: what HTTP itself refuses, before any use case runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.records.findings import Finding


@dataclass(frozen=True)
class FieldError:
    """What is wrong at one place of the request. `pointer` is a JSON pointer into the body, or `query/limit`, `header/…`, `path/…`.

    `detail` is our own sentence about the form that is expected; it never holds the value that was sent.
    """

    pointer: str
    code: str
    detail: str


class Refusal(Exception):
    """A request that is answered with a problem of `kind` (a code of the catalogue)."""

    def __init__(
        self,
        kind: str,
        detail: str = "",
        *,
        errors: tuple[FieldError, ...] = (),
        findings: tuple[Finding, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or kind)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.findings = findings
        self.headers = dict(headers or {})
