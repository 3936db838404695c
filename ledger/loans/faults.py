"""Findings on a loan book: row and column of each, a thousand of a kind listed, all of them counted (spec: loan-book §3)."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.loans.columns import NAMES
from ledger.records.findings import Finding, Severity

LISTED_PER_CODE = 1_000
SHOWN_CHARACTERS = 40
_ORDER = {name: at for at, name in enumerate(NAMES)}


@dataclass(frozen=True)
class Refused(Exception):
    """A cell that does not hold what its column takes. Inside the reading of books only: callers get findings."""

    code: str
    action: str
    got: str
    expected: str | None = None


class Faults:
    """Collects findings of rows in any order; bounded, whatever the book holds."""

    def __init__(self) -> None:
        self._of_file: list[Finding] = []
        self._kept: dict[tuple[str, str], list[tuple[int, Finding]]] = {}
        self._counts: dict[str, int] = {}
        self.errors = 0
        self.refused_columns: set[str] = set()

    def add_of_file(self, finding: Finding) -> None:
        """Add a finding about the file or a column as a whole."""
        self._of_file.append(finding)
        self.errors += finding.severity == "error"

    def refuse(self, row: int, column: str, refused: Refused) -> None:
        """Add an error about one cell; rows count from 1."""
        self.refused_columns.add(column)
        self.add(row, column, refused.code, "error", refused.action, refused.got, refused.expected)

    def add(self, row: int, column: str, code: str, severity: Severity, action: str, got: str, expected: str | None = None) -> None:
        """Add a finding about one cell; of the row as a whole where `column` is empty."""
        self._counts[code] = self._counts.get(code, 0) + 1
        self.errors += severity == "error"
        # Rows of one column come in order, so that the first thousand of every column hold the first thousand of all.
        kept = self._kept.setdefault((code, column), [])
        if len(kept) < LISTED_PER_CODE:
            params = {"row": str(row), "column": column}
            place = f"row {row} column {column}" if column else f"row {row}"
            kept.append((row, Finding(code, severity, place, action, show(got), expected, params)))

    def close(self) -> tuple[Finding, ...]:
        """Return the findings: of the file first, then by row and column; then a count of each kind that was not listed whole."""
        listed: list[tuple[int, int, Finding]] = []
        rest: list[Finding] = []
        for code, count in self._counts.items():
            of_code = [
                (row, _ORDER.get(column, len(_ORDER)), finding)
                for (kept_code, column), kept in self._kept.items()
                if kept_code == code
                for row, finding in kept
            ]
            of_code.sort(key=lambda item: item[:2])
            listed.extend(of_code[:LISTED_PER_CODE])
            if count > LISTED_PER_CODE:
                first = of_code[0][2]
                params = {"count": str(count), "listed": str(LISTED_PER_CODE)}
                rest.append(Finding(code, first.severity, "file", first.action, f"{count} in all", first.expected, params))
        listed.sort(key=lambda item: item[:2])
        return (*self._of_file, *(finding for _, _, finding in listed), *sorted(rest, key=lambda finding: finding.code))


def show(text: str) -> str:
    """Return at most 40 characters of a rejected text, with what cannot be printed replaced."""
    cut = text[: SHOWN_CHARACTERS + 1]
    printable = "".join(character if character.isprintable() else "\ufffd" for character in cut)
    return printable if len(printable) <= SHOWN_CHARACTERS else printable[: SHOWN_CHARACTERS - 1] + "…"
