"""One table of an activity as one CSV file, as a bank sends it: with the titles of the template, or with short names for programs.

A header of short names is one in which nothing but keys of columns stands, as `id,unit,indicator,value,measure,…`; there `unit` and
`indicator` are codes. The first release of the fuel table called two of them `quantity_unit` and `source_kind`: they are still read.
"""

from __future__ import annotations

from datetime import date

from ledger.errors import NotFound
from ledger.records.findings import has_errors
from ledger.records.period import Period
from ledger.workbook.activity_items import Setting
from ledger.workbook.columns import Table
from ledger.workbook.csv_twin import read_csv, write_lines
from ledger.workbook.grid import Cell, Grid, Row
from ledger.workbook.reading import WorkbookReading, find_table, read_grids
from ledger.workbook.tables import ACTIVITY, ACTIVITY_TABLES

ANY_PERIOD = Period.of_dates("any", date(1970, 1, 2), date(2999, 12, 31), "UTC")
"""What a file is read for where nobody says of when it is: every day of it is inside."""
_EARLIER_NAMES = {"quantity_unit": "measure", "source_kind": "source"}
_EXAMPLE = {
    "id": "example-petrol",
    "unit": "hq",
    "indicator": "fuel.petrol.vehicles",
    "value": "120.5",
    "measure": "L",
    "start": "2025-01-01",
    "end": "2025-12-31",
    "source": "invoice",
    "reference": "fuel cards 2025",
    "quality": "2",
}


def get_table(key: str) -> Table:
    """Return the table of an activity with this key.

    Raises:
        NotFound: there is none.
    """
    table = find_table(key)
    if table is None:
        raise NotFound(f"no table {key[:40]!r}", hint="one of " + ", ".join(table.key for table in ACTIVITY_TABLES))
    return table


def read_table_file(data: bytes, table: Table, institution: str, setting: Setting) -> WorkbookReading:
    """Return the activity of one CSV file, in which all lists but that of the table are empty; findings name line and column.

    Args:
        setting: what the rows are read against; its period must be given, `ANY_PERIOD` where it is not known.
    """
    grid, findings = read_csv(data)
    if has_errors(findings):
        return WorkbookReading(None, findings, 0)
    reading = read_grids({table.key: with_titles(grid, table)}, institution, setting)
    return WorkbookReading(reading.activity_document, (*findings, *reading.findings), reading.rows, reading.places)


def with_titles(grid: Grid, table: Table) -> Grid:
    """Return the grid with the titles of the columns where its header has their short names; any other grid as it is."""
    keys = {column.key: column for column in table.columns}
    for old, new in _EARLIER_NAMES.items():
        if table is ACTIVITY:
            keys[old] = keys[new]
    if not grid.rows or any(cell.text.strip() not in keys for cell in grid.rows[0].cells.values()):
        return grid
    head = grid.rows[0]
    cells = {number: Cell(keys[cell.text.strip()].title.en) for number, cell in head.cells.items()}
    return Grid(grid.title, (Row(head.number, cells, head.hidden), *grid.rows[1:]), grid.merged)


def make_example() -> bytes:
    """Return a CSV file of one record with short names, to start from without a server."""
    return write_lines([list(_EXAMPLE), list(_EXAMPLE.values())])


def is_activity_header(grid: Grid) -> bool:
    """Tell whether the first row of a CSV file is a header of the table of records."""
    if not grid.rows:
        return False
    titles = {title for column in ACTIVITY.columns for title in (column.title.zh, column.title.en)}
    head = with_titles(grid, ACTIVITY).rows[0]
    return sum(cell.text.strip() in titles for cell in head.cells.values()) >= len(_EXAMPLE) // 2
