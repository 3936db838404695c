"""The same tables as CSV: for programs, and for people whose spreadsheet cannot be trusted with an .xlsx. Findings name line and column.

Written as UTF-8 with a byte order mark, so that spreadsheets show Chinese; read with or without one, and as GB18030 where it is no UTF-8.
A text that a spreadsheet would run as a formula is written with an apostrophe in front, which is taken off again on reading: what is
written is read back as it was, and writes the same bytes again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from ledger.errors import NotFound
from ledger.indicators.release import Release
from ledger.records.activity import Activity
from ledger.records.findings import Finding, has_errors
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.workbook.activity_items import Setting
from ledger.workbook.columns import Table
from ledger.workbook.filling import Texts, texts_of
from ledger.workbook.grid import Cell, Grid, Row
from ledger.workbook.offers import Making, offer_activity, offer_others
from ledger.workbook.reading import WorkbookReading, find_table, read_grids
from ledger.workbook.sheets import MAX_CELL_TEXT, MAX_COLUMN, MAX_ROWS
from ledger.workbook.tables import ACTIVITY, ACTIVITY_TABLES

MAX_BYTES = 32 << 20
_BOM = "\ufeff"
# What starts a formula in some spreadsheet program, and the apostrophe itself, so that the way back is sure.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "'")


def make_csv(
    organisation: Organisation,
    period: Period,
    release: Release,
    table: str = ACTIVITY.key,
    *,
    language: str = "zh",
    previous: Activity | None = None,
) -> bytes:
    """Return one table of the template as CSV, with the rows and columns that the workbook has.

    Raises:
        NotFound: there is no such table.
    """
    chosen = find_table(table)
    if chosen is None:
        raise NotFound(f"no table {table[:40]!r}", hint=", ".join(table.key for table in ACTIVITY_TABLES))
    making = Making(organisation, period, release, language, previous)
    rows = [offer.texts for offer in offer_activity(making)] if chosen is ACTIVITY else offer_others(making)[chosen.key]
    return write_csv(chosen, rows, language)


def activity_csv(
    activity: Activity, organisation: Organisation, release: Release, table: str = ACTIVITY.key, *, language: str = "zh"
) -> bytes:
    """Return one list of an activity as CSV, its items in the order of the document.

    Raises:
        NotFound: there is no such table.
    """
    chosen = find_table(table)
    if chosen is None:
        raise NotFound(f"no table {table[:40]!r}", hint=", ".join(table.key for table in ACTIVITY_TABLES))
    items = activity.to_document()[chosen.list]
    names = Making(organisation, activity.period, release, language).names
    return write_csv(chosen, [texts_of(chosen, item, names, language) for item in items if isinstance(items, list)], language)  # type: ignore[attr-defined]


def write_csv(table: Table, rows: Iterable[Texts], language: str) -> bytes:
    """Return rows of texts by column key as CSV, with the titles of the columns in this language."""
    titles = [column.title.in_language(language) for column in table.columns]
    lines = [[row.get(column.key, "") for column in table.columns] for row in rows]
    return write_lines([titles, *lines])


def write_lines(lines: Iterable[Sequence[str]]) -> bytes:
    """Return lines of texts as the bytes of a CSV file that no spreadsheet runs."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    for line in lines:
        writer.writerow([f"'{text}" if text.startswith(_RISKY) else text for text in line])
    return (_BOM + buffer.getvalue()).encode()


def read_csv(data: bytes, title: str = "") -> tuple[Grid, tuple[Finding, ...]]:
    """Return the cells of a CSV file, by line and column, and what keeps it from being read; empty lines are left out.

    A line's number is that of the line in the file on which the row begins.
    """
    empty = Grid(title, ())
    if len(data) > MAX_BYTES:
        action = "send less data in one file"
        return empty, (Finding("CSV_TOO_LARGE", "error", "file", action, f"{len(data)} bytes", f"at most {MAX_BYTES} bytes"),)
    text, findings = _decode(data)
    if text is None:
        return empty, findings
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for line in reader:
            cells = {number: Cell(_plain(cell)) for number, cell in enumerate(line, start=1) if cell.strip()}
            if len(line) > MAX_COLUMN or any(len(cell.text) > MAX_CELL_TEXT for cell in cells.values()) or len(rows) >= MAX_ROWS:
                action = "send less data in one file"
                got = f"line {start}: {len(line)} columns, or a text or a file that is too long"
                return empty, (*findings, Finding("CSV_TOO_LARGE", "error", f"line {start}", action, got, f"{MAX_COLUMN} columns"))
            if cells:
                rows.append(Row(start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        action = "look for a quotation mark that is not closed; save the table again as CSV"
        return empty, (*findings, Finding("CSV_UNREADABLE", "error", f"line {reader.line_num}", action, str(error)[:80], "a table"))
    return Grid(title, tuple(rows)), findings


def read_activity_tables(
    files: Mapping[str, bytes], organisation: Organisation | None, release: Release, *, institution: str, period: Period
) -> WorkbookReading:
    """Return the activity of CSV files by table key; a table that is not there is empty.

    CSV says neither whose it is nor of when: institution and period are given along.

    Raises:
        NotFound: a key that is no table.
    """
    grids: dict[str, Grid] = {}
    findings: list[Finding] = []
    for key, data in files.items():
        if find_table(key) is None:
            raise NotFound(f"no table {key[:40]!r}", hint=", ".join(table.key for table in ACTIVITY_TABLES))
        grid, found = read_csv(data)
        findings.extend(found)
        if not has_errors(found):
            grids[key] = grid
    if has_errors(findings):
        return WorkbookReading(None, tuple(findings), 0)
    reading = read_grids(grids, institution, Setting(release, organisation, period))
    return WorkbookReading(reading.activity_document, (*findings, *reading.findings), reading.rows, reading.places)


def _plain(text: str) -> str:
    return text[1:] if text.startswith("'") else text


def _decode(data: bytes) -> tuple[str | None, tuple[Finding, ...]]:
    if b"\0" in data:
        action = "save the table again as CSV"
        return None, (Finding("CSV_NUL", "error", "file", action, "a NUL byte: a damaged file or another kind of file", "text"),)
    if not data.strip():
        return None, (Finding("CSV_EMPTY", "error", "file", "send a header line and the rows", "an empty file", "a table"),)
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        place = f"byte {error.start}"
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return None, (Finding("CSV_ENCODING", "error", place, "save the table as UTF-8", "neither UTF-8 nor GB18030", "UTF-8"),)
    return text, (Finding("CSV_GB18030", "info", "file", "nothing to do; UTF-8 is safer", "GB18030", "UTF-8"),)
