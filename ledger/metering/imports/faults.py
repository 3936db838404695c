"""Findings on an imported file: every one of them is kept, up to a bound that no honest file reaches."""

from __future__ import annotations

from collections import Counter

from ledger.metering.finding_list import show
from ledger.records.findings import Finding, Severity

KEPT_PER_CODE = 200_000


class Faults:
    """Collects findings in order; beyond 200,000 of one code they are counted only."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counts: Counter[str] = Counter()
        self._last: dict[str, Finding] = {}

    @property
    def errors(self) -> int:
        """Return how many findings of severity error were added."""
        return sum(count for code, count in self._counts.items() if self._last[code].severity == "error")

    def add(self, code: str, severity: Severity, place: str, action: str, got: str = "", expected: str = "", **params: str) -> None:
        """Add a finding; `got` is cut to 40 printable characters."""
        self._counts[code] += 1
        if self._counts[code] > KEPT_PER_CODE:
            return
        finding = Finding(code, severity, place, action, show(got) if got else None, expected or None, params)
        self._last[code] = finding
        self._found.append(finding)

    def close(self) -> tuple[Finding, ...]:
        """Return every finding kept, and for a code with more a last one with the count."""
        rest = []
        for code, count in self._counts.items():
            if count > KEPT_PER_CODE:
                last = self._last[code]
                params = {"count": str(count), "listed": str(KEPT_PER_CODE)}
                rest.append(Finding(code, last.severity, "file", last.action, f"{count} in all", last.expected, params))
        return (*self._found, *rest)


def shorten(findings: tuple[Finding, ...], listed: int) -> tuple[Finding, ...]:
    """Return the first `listed` findings of each code, and for a code with more one that carries the count: for people to read."""
    counts = Counter(finding.code for finding in findings)
    seen: Counter[str] = Counter()
    shown = []
    for finding in findings:
        seen[finding.code] += 1
        if seen[finding.code] <= listed:
            shown.append(finding)
        if seen[finding.code] == counts[finding.code] > listed:
            params = {"count": str(counts[finding.code]), "listed": str(listed)}
            got = f"{counts[finding.code]} in all"
            shown.append(Finding(finding.code, finding.severity, "file", finding.action, got, finding.expected, params))
    return tuple(shown)
