"""The organisation tree as a workbook or as one CSV file, there and back without loss (spec: documents §1).

The workbook has a sheet for each table; the CSV file has all tables below each other, and says in its first column which one a line
belongs to. Rows may stand in any order. Findings name the cell, also those that only the whole tree shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.records.findings import Finding, has_errors
from ledger.records.organisation import SCHEMA, Organisation, check_organisation
from ledger.workbook.columns import Table
from ledger.workbook.csv_twin import read_csv, write_lines
from ledger.workbook.filling import texts_of
from ledger.workbook.grid import Grid, Row
from ledger.workbook.organisation_tables import ALLOCATIONS, INSTITUTION, ORGANISATION_TABLES, PLACEMENTS, UNITS
from ledger.workbook.rows import Item, RowItem, TableRules, read_table
from ledger.workbook.sheets import read_sheets
from ledger.workbook.xlsx_writer import FilledRow, XlsxWriter

RECORD_TITLES = ("记录类型", "Record")


@dataclass(frozen=True)
class OrganisationReading:
    """What a workbook or CSV file gave: the organisation (None if any error was found), and all findings."""

    organisation: Organisation | None
    findings: tuple[Finding, ...]


def make_organisation_workbook(organisation: Organisation, language: str = "zh") -> bytes:
    """Return the tree as an .xlsx workbook."""
    writer = XlsxWriter(language)
    for table, items in _items(organisation):
        rows = [FilledRow(texts_of(table, item, {}, language)) for item in items]
        lists = {column.key: tuple(name.in_language(language) for _, name in column.labels) for column in table.columns if column.labels}
        writer.add_table(table, rows, lists)
    return writer.to_bytes()


def make_organisation_csv(organisation: Organisation, language: str = "zh") -> bytes:
    """Return the tree as one CSV file."""
    titles: list[str] = []
    for table in ORGANISATION_TABLES:
        titles.extend(title for column in table.columns if (title := column.title.in_language(language)) not in titles)
    lines: list[list[str]] = [[RECORD_TITLES[0] if language == "zh" else RECORD_TITLES[1], *titles]]
    for table, items in _items(organisation):
        place = {column.key: 1 + titles.index(column.title.in_language(language)) for column in table.columns}
        for item in items:
            line = [table.key, *("" for _ in titles)]
            for key, text in texts_of(table, item, {}, language).items():
                line[place[key]] = text
            lines.append(line)
    return write_lines(lines)


def read_organisation_workbook(data: bytes) -> OrganisationReading:
    """Return the tree of an .xlsx workbook, and every finding at its cell."""
    sheets, findings = read_sheets(data)
    if has_errors(findings):
        return OrganisationReading(None, findings)
    grids = {}
    for table in ORGANISATION_TABLES:
        grid = next((sheets[title] for title in (table.title.zh, table.title.en) if title in sheets), None)
        if grid is not None:
            grids[table.key] = grid
    return _read(grids, ())


def read_organisation_csv(data: bytes) -> OrganisationReading:
    """Return the tree of a CSV file, and every finding at its line and column."""
    grid, findings = read_csv(data)
    if has_errors(findings):
        return OrganisationReading(None, findings)
    head = grid.rows[0].cells.get(1) if grid.rows else None
    if head is None or head.text not in RECORD_TITLES:
        action = "write the header that an export has"
        got = None if head is None else head.text[:80]
        return OrganisationReading(
            None, (*findings, Finding("HEADER_MISSING", "error", "line 1 column 1", action, got, " or ".join(RECORD_TITLES)))
        )
    known = {text: table for table in ORGANISATION_TABLES for text in (table.key, table.title.zh, table.title.en)}
    rows: dict[str, list[Row]] = {table.key: [] for table in ORGANISATION_TABLES}
    wrong = []
    for row in grid.rows[1:]:
        kind = row.cells.get(1)
        named = None if kind is None else known.get(kind.text)
        if named is None:
            expected = "one of " + ", ".join(table.key for table in ORGANISATION_TABLES)
            got = None if kind is None else kind.text[:80]
            wrong.append(Finding("CELL_INVALID", "error", f"line {row.number} column 1", f"write {expected}", got, expected))
        else:
            rows[named.key].append(row)
    grids = {table.key: _part(grid, table, rows[table.key]) for table in ORGANISATION_TABLES}
    return _read(grids, (*findings, *wrong))


def _items(organisation: Organisation) -> Iterable[tuple[Table, list[Mapping[str, object]]]]:
    document = organisation.to_document()
    units = document["units"] if isinstance(document["units"], list) else []
    yield INSTITUTION, [document]
    yield UNITS, units
    for table in (PLACEMENTS, ALLOCATIONS):
        yield table, [{"unit": unit["id"], **item} for unit in units for item in unit[table.list]]


def _part(grid: Grid, table: Table, rows: Iterable[Row]) -> Grid:
    """Return the lines of one table with the header's titles of this table only."""
    titles = {text for column in table.columns for text in (column.title.zh, column.title.en)}
    head = grid.rows[0]
    kept = {number: cell for number, cell in head.cells.items() if cell.text in titles}
    return Grid(grid.title, (Row(head.number, kept), *rows))


def _read(grids: Mapping[str, Grid], before: tuple[Finding, ...]) -> OrganisationReading:
    findings = list(before)
    rows: dict[str, tuple[RowItem, ...]] = {}
    for table in ORGANISATION_TABLES:
        rows[table.key] = ()
        if table.key in grids:
            reading = read_table(grids[table.key], table, TableRules({}))
            findings.extend(reading.findings)
            rows[table.key] = reading.items
        elif table in (INSTITUTION, UNITS):
            action = "put the sheet back, with its name"
            findings.append(Finding("SHEET_MISSING", "error", "file", action, None, f"{table.title.zh} {table.title.en}"))
    heads = rows[INSTITUTION.key]
    if not has_errors(findings) and len(heads) != 1:
        place = heads[1].place if heads else "file"
        findings.append(Finding("ROW_COUNT", "error", place, "write one row of the institution", str(len(heads)), "exactly one"))
    if has_errors(findings):
        return OrganisationReading(None, tuple(findings))
    assembled = _Assembled(heads[0], rows)
    findings.extend(assembled.strangers)
    organisation, more = check_organisation(assembled.document)
    findings.extend(
        Finding(item.code, item.severity, assembled.place_of(item.place), item.action, item.got, item.expected, item.params)
        for item in more
    )
    return OrganisationReading(None if has_errors(findings) else organisation, tuple(findings))


class _Assembled:
    """The document that rows make together, and the way back from its pointers to cells."""

    def __init__(self, head: RowItem, rows: Mapping[str, tuple[RowItem, ...]]) -> None:
        self._head = head
        self._units = sorted(rows[UNITS.key], key=lambda row: str(row.item["id"]).encode())
        self._inner: dict[tuple[str, str], list[RowItem]] = {}
        for table in (PLACEMENTS, ALLOCATIONS):
            for row in sorted(rows[table.key], key=lambda row: str(row.item["since"])):
                self._inner.setdefault((str(row.item["unit"]), table.list), []).append(row)
        known = {str(row.item["id"]) for row in self._units}
        self.strangers = [
            Finding("UNIT_UNKNOWN", "error", row.place_of(("unit",)), "name a unit of the sheet of units", unit, "a unit's code")
            for (unit, _), found in self._inner.items()
            if unit not in known
            for row in found
        ]
        units = [
            {**row.item, **{name: [_without_unit(inner.item) for inner in self._of(row, name)] for name in ("placements", "allocations")}}
            for row in self._units
        ]
        self.document: dict[str, object] = {"schema": SCHEMA, **head.item, "units": units}

    def place_of(self, pointer: str) -> str:
        steps = pointer.strip("/").split("/")
        if steps[0] != "units":
            return self._head.place_of(tuple(steps))
        if len(steps) < 2 or not steps[1].isdecimal() or int(steps[1]) >= len(self._units):
            return self._units[0].place if self._units else self._head.place
        unit = self._units[int(steps[1])]
        if len(steps) >= 4 and steps[2] in ("placements", "allocations"):
            return self._of(unit, steps[2])[int(steps[3])].place_of(tuple(steps[4:]))
        return unit.place_of(tuple(steps[2:]))

    def _of(self, unit: RowItem, name: str) -> list[RowItem]:
        return self._inner.get((str(unit.item["id"]), name), [])


def _without_unit(item: Item) -> Item:
    return {key: value for key, value in item.items() if key != "unit"}
