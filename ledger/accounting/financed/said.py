"""What the exact path over columns has to say of rows: the same notices as the reference, gathered as row numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ledger.accounting.financed.division import Bool
from ledger.accounting.methods.attribution import GUARDS, Notice
from ledger.loans.book import Book
from ledger.records.findings import Finding

LISTED_PER_CODE = 1_000
RowNumbers = NDArray[np.intp]


@dataclass
class Said:
    """Notices about the rows of one run. `errors` marks rows with one that is an error."""

    errors: Bool
    notices: list[tuple[Notice, RowNumbers]] = field(default_factory=list)

    @classmethod
    def of(cls, size: int) -> Said:
        """Return a run of which nothing is said yet."""
        return cls(np.zeros(size, np.bool_))

    def add(self, code: str, column: str, where: Bool) -> None:
        """Say `code` of `column` for every row that `where` marks."""
        rows = np.flatnonzero(where)
        if rows.size:
            notice = Notice(code, column)
            self.notices.append((notice, rows))
            if notice.severity == "error":
                self.errors[rows] = True


@dataclass(frozen=True)
class Notices:
    """Notices of a whole book: each with its rows, ascending, from 0."""

    by_notice: dict[Notice, RowNumbers]

    @classmethod
    def joined(cls, runs: Iterable[tuple[int, Said]]) -> Notices:
        """Return the notices of consecutive runs, each with the number of its first row."""
        gathered: dict[Notice, list[RowNumbers]] = {}
        for start, said in runs:
            for notice, rows in said.notices:
                gathered.setdefault(notice, []).append(rows + start)
        return cls({notice: np.unique(np.concatenate(parts)) for notice, parts in gathered.items()})

    @property
    def has_errors(self) -> bool:
        """Whether any notice is an error."""
        return any(notice.severity == "error" for notice in self.by_notice)

    def of_row(self, index: int) -> tuple[Notice, ...]:
        """Return the notices of one row, as the reference gives them."""
        return tuple(sorted(notice for notice, rows in self.by_notice.items() if index in rows))

    def findings(self, book: Book, listed: int = LISTED_PER_CODE) -> Iterator[Finding]:
        """Yield the findings of the book by row: at most `listed` of one code one by one, then one with how many there are."""
        named: list[tuple[int, Notice]] = []
        counted: list[Finding] = []
        for code in sorted({notice.code for notice in self.by_notice}):
            of_code = sorted((int(row), notice) for notice, rows in self.by_notice.items() if notice.code == code for row in rows[:listed])
            total = sum(len(rows) for notice, rows in self.by_notice.items() if notice.code == code)
            named += of_code[:listed]
            if total > listed:
                guard = GUARDS[code]
                params = {"rows": str(total), "listed": str(listed)}
                counted.append(Finding(code, guard.severity, "book", guard.action, f"{total} rows", guard.expected, params))
        for row, notice in sorted(named):
            yield notice.finding(f"row {row + 1} column {notice.column}", _got(book, row, notice.column))
        yield from counted


def _got(book: Book, row: int, column: str) -> str | None:
    exposure = book.exposure(row)
    value = getattr(exposure, column, None)
    return None if value is None else str(value)
