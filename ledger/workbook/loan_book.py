"""A loan book as a file of any kind, told by its first bytes; and the rows of an .xlsx workbook for ledger.loans (spec: loan-book).

A workbook is refused before anything in it is parsed where it could harm (safety.py); its sheet is then read row by row. A number cell
stands for the number that was typed, with at most 15 digits; formulas, errors, dates and percents are findings, never values.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ledger.loans.assembly import Assembly, BookReading
from ledger.loans.columns import Column, get_column
from ledger.loans.exposure import MONTHS
from ledger.loans.faults import Refused
from ledger.loans.head import DEFAULT_HEAD, Head
from ledger.loans.reading import PROGRESS_PARTS, Progress, read_book
from ledger.records.findings import Finding
from ledger.workbook.grid import TooManyDigits, number_text
from ledger.workbook.safety import Limits, check_workbook

BOOK_LIMITS = Limits(bytes=192 << 20, unpacked=3 << 30)
MAX_STRINGS_BYTES = 256 << 20
MAX_COLUMNS = 256
_CHUNK = 5_000
_PARQUET, _ZIP, _OLE = b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read_loan_file(path: Path, head: Head = DEFAULT_HEAD, *, progress: Progress | None = None) -> BookReading:
    """Return the book of a CSV, Parquet or xlsx file with every finding; no book where one of them is an error."""
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(_PARQUET):
        return read_book(path, "parquet", head, progress=progress)
    if start.startswith((_ZIP, _OLE)):
        return read_loan_workbook(path, head, progress=progress)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        action = "give JSON to `lingtan loans compute --input FILE`, or send the book as CSV, Parquet or xlsx"
        return BookReading(None, (Finding("BOOK_KIND", "error", "file", action, "JSON", "CSV, Parquet or xlsx"),), 0)
    return read_book(path, "csv", head, progress=progress)


def read_loan_workbook(source: Path | bytes, head: Head = DEFAULT_HEAD, *, progress: Progress | None = None) -> BookReading:
    """Return the book of an .xlsx workbook: the one sheet whose first row has the columns `exposure` and `borrower`."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > BOOK_LIMITS.bytes:
        action = "send the book as CSV or Parquet, which have no limit in bytes"
        got, expected = f"{size} bytes", f"at most {BOOK_LIMITS.bytes} bytes"
        return BookReading(None, (Finding("WORKBOOK_TOO_LARGE", "error", "file", action, got, expected),), 0)
    data = source if isinstance(source, bytes) else source.read_bytes()
    findings = check_workbook(data, BOOK_LIMITS) or _check_strings(data)
    if findings:
        return BookReading(None, findings, 0)
    assembly = Assembly(head)
    try:
        _Sheet(assembly, progress or (lambda _: None)).read(data)
    except Exception as error:  # on odd XML the library raises whatever it stumbles over
        action = "save the workbook again as .xlsx, or send the book as CSV"
        assembly.whole = False
        assembly.faults.add_of_file(Finding("WORKBOOK_DAMAGED", "error", "file", action, type(error).__name__, "a workbook"))
    return assembly.conclude()


def _check_strings(data: bytes) -> tuple[Finding, ...]:
    """Refuse a workbook whose texts would not fit into memory; what is unpacked never exceeds the size declared."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = max((entry.file_size for entry in archive.infolist() if "worksheets/" not in entry.filename), default=0)
    if size <= MAX_STRINGS_BYTES:
        return ()
    return (
        Finding("WORKBOOK_TOO_LARGE", "error", "file", "send the book as CSV or Parquet", f"{size} bytes of text", f"{MAX_STRINGS_BYTES}"),
    )


class _Sheet:
    """Feeds the rows of one sheet to an assembly, some thousand at a time."""

    def __init__(self, assembly: Assembly, tell: Callable[[int], None]) -> None:
        self._assembly = assembly
        self._tell = tell
        self._columns: list[tuple[int, Column]] = []

    def read(self, data: bytes) -> None:
        """Find the sheet and read it."""
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        try:
            self._read_book(book)
        finally:
            book.close()

    def _read_book(self, book: Any) -> None:
        found = [(sheet, titles) for sheet in book.worksheets if {"exposure", "borrower"} <= set(titles := _titles(sheet))]
        if len(found) != 1:
            action = "put the book on one sheet, the names of the columns in its first row"
            got = f"{len(found)} sheets with the columns exposure and borrower"
            self._assembly.whole = False
            self._assembly.faults.add_of_file(Finding("SHEET_MISSING", "error", "file", action, got, "one sheet"))
            return
        sheet, titles = found[0]
        places = self._assembly.take_header(titles)
        self._columns = [(place, get_column(name)) for name, place in places.items()]
        rows = max(1, sheet.max_row or 1)
        sheet.reset_dimensions()
        done = 0
        for chunk in _chunks(sheet.iter_rows(min_row=2, max_col=min(MAX_COLUMNS, len(titles)))):
            done += len(chunk)
            self._tell(min(PROGRESS_PARTS, done * PROGRESS_PARTS // rows))
            if not self._take(chunk):
                return

    def _take(self, chunk: list[Sequence[Any]]) -> bool:
        filled = [row for row in chunk if any(cell.value is not None for cell in row)]
        if not filled:
            return True
        first = self._assembly.rows + 1
        texts: dict[str, pl.Series] = {}
        for place, column in self._columns:
            made: list[str | None] = []
            for at, row in enumerate(filled):
                text: str | None = None
                try:
                    text = _text(row[place], column) if place < len(row) else None
                except Refused as error:
                    self._assembly.faults.refuse(first + at, column.name, error)
                    # A cell that is refused is not missing as well.
                    text = _stand_in(column, first + at)
                made.append(text)
            texts[column.name] = pl.Series(column.name, made, dtype=pl.String)
        return self._assembly.take_rows(texts, len(filled))


def _titles(sheet: Any) -> list[str]:
    for row in sheet.iter_rows(min_row=1, max_row=1, max_col=MAX_COLUMNS, values_only=True):
        return ["" if value is None else str(value).strip() for value in row]
    return []


def _chunks(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    chunk: list[Sequence[Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _stand_in(column: Column, row: int) -> str | None:
    if column.name in MONTHS:
        return "0"
    if not column.needed:
        return None
    return column.choices[0] if column.choices else f"refused-{row}"


def _text(cell: Any, column: Column) -> str | None:
    """Return what stands in a cell as text.

    Raises:
        Refused: it is no typed value, or one that a spreadsheet cannot keep.
    """
    value = cell.value
    if value is None:
        return None
    if cell.data_type == "f":
        raise Refused("CELL_FORMULA", "paste it as a value: a formula cannot be signed", str(value)[:80], "a typed value")
    if cell.data_type == "e":
        raise Refused("CELL_ERROR", "type the value", str(value)[:80], "a typed value")
    if isinstance(value, bool):
        if column.kind != "flag":
            raise Refused("CELL_INVALID", "type the value again", str(value).upper(), "a text or a number")
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(cell, value)
    if isinstance(value, str):
        return value
    raise Refused("CELL_INVALID", "format the cell as a number or text and type it again: it holds a date", str(value)[:40], "no date")


def _number(cell: Any, value: float) -> str:
    if "%" in str(cell.number_format or ""):
        action = "format the cell as a number and type the number itself: a fraction as 0.85"
        raise Refused("VALUE_PERCENT", action, f"{value} shown as percent", "a number")
    try:
        return number_text(repr(value))
    except TooManyDigits:
        action = "format the cell as text and type it again: a spreadsheet keeps 15 digits only"
        raise Refused("CELL_DIGITS", action, repr(value), "at most 15 digits in a number cell") from None
    except ValueError:
        raise Refused("CELL_INVALID", "type the number again", repr(value), "a number") from None
