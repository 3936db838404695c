"""Findings: what validation says of its input, all at once (system law 8; spec: documents §8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One observation: a stable code, its severity, where it is, got and expected, and what to do.

    `params` are the facts for a translated text; the code names the text in the message catalogue.
    """

    code: str
    severity: Severity
    place: str
    action: str
    got: str | None = None
    expected: str | None = None
    params: dict[str, str] = field(default_factory=dict)

    def to_document(self) -> dict[str, object]:
        """Return the finding as an item of a `lingtan.findings/1` document."""
        return {
            "code": self.code,
            "severity": self.severity,
            "place": self.place,
            "got": self.got,
            "expected": self.expected,
            "action": self.action,
            "params": dict(self.params),
        }


def findings_document(findings: Iterable[Finding]) -> dict[str, object]:
    """Return the `lingtan.findings/1` document of these findings, in their order."""
    return {"schema": "lingtan.findings/1", "items": [finding.to_document() for finding in findings]}


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether any finding forbids going on."""
    return any(finding.severity == "error" for finding in findings)
