"""Put a book together from chunks of rows or from whole columns: header, conversion, then the checks over all rows (spec: loan-book §3)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ledger.loans import checks
from ledger.loans.book import Book, constant
from ledger.loans.columns import COLUMNS, NAMES, NEEDED, Column, find_column, get_column
from ledger.loans.convert import Converted, convert_text, convert_typed
from ledger.loans.exposure import MONTHS
from ledger.loans.faults import Faults
from ledger.loans.head import Head
from ledger.records.findings import Finding

MAX_ROWS = 10_000_000
MAX_ERRORS = 200_000
_OF_THE_SUM = {"outstanding", "currency", "asset_class", "exposure", ""}
_MONTH = re.compile(r"m[0-9]{1,4}")


@dataclass(frozen=True)
class BookReading:
    """What reading a book gave: the book (None if any finding is an error), every finding, and how many rows were seen."""

    book: Book | None
    findings: tuple[Finding, ...]
    rows: int


class Assembly:
    """Takes the header and then the rows, in chunks; or whole columns, one after the other."""

    def __init__(self, head: Head) -> None:
        self.faults = Faults()
        self.rows = 0
        self.whole = True
        """False where reading stopped before the end of the file."""
        self._head = head
        self._parts: dict[str, list[pl.Series]] = {}
        self._given: list[np.ndarray[tuple[int], np.dtype[np.uint16]]] = []

    def take_header(self, titles: Sequence[str]) -> dict[str, int]:
        """Return the position of every known column; unknown, repeated and missing ones are findings."""
        places: dict[str, int] = {}
        for position, title in enumerate(titles):
            name = title.strip()
            if find_column(name) is None:
                if name:
                    self._find_unknown(name)
            elif name in places:
                action = "keep one of the two columns"
                self.faults.add_of_file(Finding("COLUMN_TWICE", "error", f"column {name}", action, name, "once"))
            else:
                places[name] = position
        for name in NEEDED:
            if name not in places:
                action = f"add the column {name}; names are those of the table in docs/spec/loan-book.md"
                self.faults.add_of_file(Finding("COLUMN_MISSING", "error", f"column {name}", action, "nothing", name))
        return places

    def _find_unknown(self, name: str) -> None:
        shown = name[:40]
        if _MONTH.fullmatch(name):
            action = "a book covers at most twelve months: m01 to m12, and m00 for the balance at the start"
            self.faults.add_of_file(Finding("MONTH_UNKNOWN", "error", f"column {shown}", action, shown, "m01 to m12"))
            return
        near = difflib.get_close_matches(name, NAMES, 1)
        action = (
            f"is {near[0]} meant? this column is not read" if near else "nothing to do, if the column is one of your own: it is not read"
        )
        self.faults.add_of_file(Finding("COLUMN_UNKNOWN", "warning", f"column {shown}", action, shown, near[0] if near else None))

    def take_rows(self, texts: Mapping[str, pl.Series], rows: int) -> bool:
        """Take the next rows, each known column as texts; return False where there are more than a book may have."""
        if not self.check_rows(self.rows + rows):
            return False
        converted = {name: convert_text(get_column(name), series) for name, series in texts.items()}
        for name, made in converted.items():
            self._keep(name, made, self.rows)
        self._keep_given({name: made.given for name, made in converted.items()}, rows)
        self.rows += rows
        return self._check_errors()

    def _check_errors(self) -> bool:
        """Tell whether reading goes on; a book in which nearly every cell is wrong is not read to its end."""
        if self.faults.errors <= MAX_ERRORS:
            return True
        self.whole = False
        action = "correct the export and check it again; reading stopped here"
        got, expected = f"{self.faults.errors} errors", f"at most {MAX_ERRORS}"
        self.faults.add_of_file(Finding("BOOK_TOO_MANY_ERRORS", "error", "file", action, got, expected))
        return False

    def check_rows(self, rows: int) -> bool:
        """Tell whether a book may have so many rows."""
        if rows <= MAX_ROWS:
            return True
        self.whole = False
        action = "send one book for each institution and period"
        self.faults.add_of_file(Finding("BOOK_TOO_LARGE", "error", "file", action, f"{rows} rows", f"at most {MAX_ROWS} rows"))
        return False

    def take_columns(self, columns: Iterable[tuple[str, pl.Series]], rows: int) -> None:
        """Take typed columns of all rows, one after the other: only one of them need be in memory as it was read."""
        given: dict[str, pl.Series] = {}
        self.rows = rows
        for name, series in columns:
            made = convert_typed(get_column(name), series)
            if made is None:
                self._refuse_type(get_column(name), series.dtype)
                continue
            if series.dtype.is_float():
                action = "write the column as decimal(38, 2), or as text; each value was taken as its shortest decimal"
                self.faults.add_of_file(
                    Finding("COLUMN_FLOAT", "warning", f"column {name}", action, str(series.dtype), "decimals, integers or text")
                )
            self._keep(name, made, 0)
            if name in MONTHS:
                given[name] = made.given
            if not self._check_errors():
                return
        self._keep_given(given, rows)

    def _refuse_type(self, column: Column, dtype: pl.DataType) -> None:
        expected = "decimals, integers or text" if column.is_integer else "booleans or text" if column.kind == "flag" else "text"
        action = "write the column with another type"
        self.faults.add_of_file(Finding("COLUMN_TYPE", "error", f"column {column.name}", action, str(dtype)[:40], expected))

    def _keep(self, name: str, made: Converted, first: int) -> None:
        for index, refused in made.refused:
            self.faults.refuse(first + index + 1, name, refused)
        column = get_column(name)
        empty = column.default is None and not column.needed and made.series.null_count() == len(made.series)
        # A chunk in which nothing is known costs no memory.
        kept = pl.Series(name, dtype=pl.Null).extend_constant(None, len(made.series)) if empty else made.series
        self._parts.setdefault(name, []).append(kept)

    def _keep_given(self, given: Mapping[str, pl.Series], rows: int) -> None:
        bits = np.zeros(rows, dtype=np.uint16)
        for month, name in enumerate(MONTHS[1:]):
            if name in given:
                bits |= given[name].to_numpy().astype(np.uint16) << np.uint16(month)
        self._given.append(bits)

    def conclude(self) -> BookReading:
        """Look at the book as a whole; return it unless an error was found."""
        if self.rows == 0 and not self.faults.errors:
            action = "send a header line and one row for each exposure"
            self.faults.add_of_file(Finding("BOOK_EMPTY", "error", "file", action, "no rows", "exposures"))
        if not self.whole:
            # What was not read says nothing of repeats, months or sums.
            return BookReading(None, self.faults.close(), self.rows)
        columns = self._columns()
        given = np.concatenate(self._given) if self._given else np.zeros(0, dtype=np.uint16)
        checks.check_repeats(columns, self.faults)
        checks.check_months(given, self._head, self.faults)
        checks.check_sources(columns, self.faults)
        checks.check_signs(columns, self.faults)
        checks.convert_currencies(columns, self._head, self.faults)
        checks.check_units(columns, self._head, self.faults)
        # Where a balance could not be read the sum says nothing.
        if not self.faults.refused_columns & _OF_THE_SUM:
            checks.check_general_ledger(columns, self._head, self.faults)
        findings = self.faults.close()
        book = None if self.faults.errors else Book(self._head, pl.DataFrame(list(columns.values())))
        return BookReading(book, findings, self.rows)

    def _columns(self) -> checks.Columns:
        """Return the columns in which anything is known, those with a default always, in the order of the table."""
        columns: checks.Columns = {}
        for column in COLUMNS:
            parts = self._parts.pop(column.name, [])
            dtype = next((part.dtype for part in parts if part.dtype != pl.Null), None)
            if dtype is not None:
                columns[column.name] = pl.concat([part.cast(dtype) for part in parts], rechunk=True)
            elif column.default is not None:
                columns[column.name] = constant(column, self.rows)
        return columns
