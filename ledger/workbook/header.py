"""Find the header of a table, so that columns may be moved, hidden or translated, but not lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.records.findings import Finding
from ledger.workbook.columns import Table
from ledger.workbook.grid import Grid, Row

_ROWS_LOOKED_AT = 10


@dataclass(frozen=True)
class Header:
    """The row of the header and the column number of each known key."""

    row: int
    columns: Mapping[str, int]


def find_header(grid: Grid, table: Table) -> tuple[Header | None, tuple[Finding, ...]]:
    """Return the header of a table, None where it cannot be used, and what is wrong with it."""
    known = _titles(table)
    candidates = [row for row in grid.rows if row.number <= _ROWS_LOOKED_AT]
    best = max(candidates, key=lambda row: _matches(row, known), default=None)
    if best is None or _matches(best, known) < 2:
        expected = ", ".join(column.title.zh for column in table.columns if not column.hidden)
        action = "leave the row of column titles as the template has it"
        return None, (Finding("HEADER_MISSING", "error", grid.whole, action, "no row of column titles", expected),)
    columns: dict[str, int] = {}
    findings: list[Finding] = []
    for number, cell in sorted(best.cells.items()):
        place, title = grid.place(best.number, number), cell.text.strip()
        key = known.get(title.casefold())
        if key is None:
            findings.append(
                Finding("COLUMN_UNKNOWN", "warning", place, "nothing of this column is read", title[:80], "a column of the template")
            )
        elif key in columns:
            findings.append(Finding("COLUMN_TWICE", "error", place, "remove one of the two", title[:80], "each column once"))
        else:
            columns[key] = number
    for column in table.columns:
        # A code is not missed where the name is there, nor a name where the code is.
        other = {column.names} if column.names else {named.key for named in table.columns if named.names == column.key}
        if column.key in columns or column.optional or other & set(columns):
            continue
        action = "put the column back, with its title"
        findings.append(Finding("COLUMN_MISSING", "error", grid.whole, action, None, f"{column.title.zh} {column.title.en}"))
    broken = any(finding.severity == "error" for finding in findings)
    return (None if broken else Header(best.number, columns)), tuple(findings)


def _titles(table: Table) -> dict[str, str]:
    # Titles come first: in one table a column's key may be the title of another.
    keys = {column.key.casefold(): column.key for column in table.columns}
    return keys | {text.casefold(): column.key for column in table.columns for text in (column.title.zh, column.title.en)}


def _matches(row: Row, known: Mapping[str, str]) -> int:
    return sum(cell.text.strip().casefold() in known for cell in row.cells.values())
