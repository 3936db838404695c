"""A bounded list of findings: every kind is reported, no kind can flood the rest."""

from __future__ import annotations

from ledger.records.findings import Finding, Severity

LISTED_PER_CODE = 100
SHOWN_CHARACTERS = 40


class FindingList:
    """Collects findings in order, lists the first hundred of each code and counts all of them."""

    def __init__(self, place_of_rest: str = "file") -> None:
        self._place_of_rest = place_of_rest
        self._listed: list[Finding] = []
        self._counts: dict[str, int] = {}
        self._last: dict[str, Finding] = {}

    @property
    def errors(self) -> int:
        """Return how many findings of severity error were added."""
        return sum(count for code, count in self._counts.items() if self._last[code].severity == "error")

    def add(
        self,
        code: str,
        severity: Severity,
        place: str,
        action: str,
        got: str | None = None,
        expected: str | None = None,
        **params: str,
    ) -> None:
        """Add a finding; `got` is cut to 40 printable characters."""
        self.take(Finding(code, severity, place, action, None if got is None else show(got), expected, params))

    def take(self, finding: Finding) -> None:
        """Add a finding that was made elsewhere."""
        code = finding.code
        self._counts[code] = self._counts.get(code, 0) + 1
        self._last[code] = finding
        if self._counts[code] <= LISTED_PER_CODE:
            self._listed.append(finding)

    def add_uncounted(self, code: str, more: int) -> None:
        """Count `more` further findings of a code whose first hundred were added."""
        if more > 0:
            self._counts[code] += more

    def close(self) -> tuple[Finding, ...]:
        """Return the findings; for a code with more than a hundred, a last one carries the whole count."""
        rest = []
        for code, count in self._counts.items():
            if count > LISTED_PER_CODE:
                last = self._last[code]
                params = {"count": str(count), "listed": str(LISTED_PER_CODE)}
                rest.append(Finding(code, last.severity, self._place_of_rest, last.action, f"{count} in all", last.expected, params))
        return (*self._listed, *rest)


def show(text: str) -> str:
    """Return at most 40 characters of a rejected text, with what cannot be printed replaced."""
    cut = text[: SHOWN_CHARACTERS + 1]
    printable = "".join(character if character.isprintable() else "\ufffd" for character in cut)
    return printable if len(printable) <= SHOWN_CHARACTERS else printable[: SHOWN_CHARACTERS - 1] + "…"
