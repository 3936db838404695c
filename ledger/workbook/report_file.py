"""Write the tables of a report as a workbook or as CSV: no cell is ever a formula, the same tables give the same bytes.

Numbers that a spreadsheet keeps exactly (15 digits) are number cells, all others texts. CSV has the tables one below the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.accounting.financed.report.tables import ReportTable
from ledger.workbook.csv_twin import write_lines
from ledger.workbook.xlsx_writer import XlsxWriter

MAX_SHEET_TITLE = 31
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def write_report_xlsx(tables: Sequence[ReportTable], language: str) -> bytes:
    """Return a workbook with a sheet for each table."""
    writer = XlsxWriter(language)
    for table in tables:
        numbers = [column.is_number for column in table.columns]
        notes = [note.in_language(language) for note in table.notes]
        title = table.title.in_language(language).translate(_FORBIDDEN)[:MAX_SHEET_TITLE]
        writer.add_grid(title, table.header(language), table.lines(language), numbers, notes)
    return writer.to_bytes()


def write_report_csv(tables: Sequence[ReportTable], language: str) -> bytes:
    """Return the tables as CSV, each under its title, with an empty line between them."""
    lines: list[list[str]] = []
    for table in tables:
        lines += [[]] if lines else []
        lines += [[table.title.in_language(language)], table.header(language), *table.lines(language)]
        lines += [[note.in_language(language)] for note in table.notes]
    return write_lines(lines)
