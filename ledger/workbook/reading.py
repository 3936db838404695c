"""Read a workbook that somebody filled in back to an activity document, with every finding at its cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.errors import LedgerError
from ledger.indicators.release import Release
from ledger.records.activity import SCHEMA, check_activity
from ledger.records.fields import period_document, period_from_document
from ledger.records.findings import Finding, has_errors
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.workbook.activity_items import Setting, check_keys, give_ids, key_of, rules_of
from ledger.workbook.columns import Table
from ledger.workbook.grid import Grid
from ledger.workbook.rows import RowItem, read_table
from ledger.workbook.sheets import read_sheets
from ledger.workbook.tables import ACTIVITY, ACTIVITY_TABLES

META_SHEET = "_lingtan"
WORKBOOK_SCHEMA = "lingtan.workbook/1"
TEMPLATE_VERSION = "1"
META_KEYS = ("schema", "version", "institution", "period", "start", "end", "timezone", "release", "release_hash")


@dataclass(frozen=True)
class WorkbookReading:
    """What a workbook gave: the activity document (None if any error was found), all findings, and how many rows say something.

    `places` leads from a pointer into the document to its cell, for findings that are made later about the document.
    """

    activity_document: dict[str, object] | None
    findings: tuple[Finding, ...]
    rows: int
    places: Mapping[tuple[str, int], RowItem] = field(default_factory=dict, repr=False)

    def place_of(self, pointer: str) -> str:
        """Return the cell behind a pointer such as `/records/4/quantity/value`; the pointer itself where no row is behind it."""
        steps = pointer.strip("/").split("/")
        row = self.places.get((steps[0], int(steps[1]))) if len(steps) > 1 and steps[1].isdecimal() else None
        return pointer if row is None else row.place_of(tuple(steps[2:]))


def read_workbook(data: bytes, organisation: Organisation | None, release: Release, *, period: Period | None = None) -> WorkbookReading:
    """Return the activity of a workbook that was made for this institution, period and release.

    Args:
        data: the bytes of the file; they may be anything.
        organisation: whose workbook it must be, and where names lead; without it rows need their hidden codes.
        release: the release it must be made for.
        period: the period it must be for; without it the one that the workbook names.
    """
    sheets, findings = read_sheets(data)
    if has_errors(findings):
        return WorkbookReading(None, findings, 0)
    institution, found_period, more = _read_meta(sheets.get(META_SHEET), organisation, release, period)
    if found_period is None or has_errors(more):
        return WorkbookReading(None, more, 0)
    grids: dict[str, Grid] = {}
    missing = []
    for table in ACTIVITY_TABLES:
        grid = next((sheets[title] for title in (table.title.zh, table.title.en) if title in sheets), None)
        if grid is not None:
            grids[table.key] = grid
        elif table is ACTIVITY:
            action = "put the sheet back, with its name"
            missing.append(Finding("SHEET_MISSING", "error", "file", action, None, f"{table.title.zh} {table.title.en}"))
    if missing:
        return WorkbookReading(None, tuple(missing), 0)
    return read_grids(grids, institution, Setting(release, organisation, found_period))


def read_grids(grids: Mapping[str, Grid], institution: str, setting: Setting) -> WorkbookReading:
    """Return the activity of tables by their keys; the setting must have a period. A table that is not there is empty."""
    findings: list[Finding] = []
    rows: dict[str, list[RowItem]] = {}
    counted = 0
    for table in ACTIVITY_TABLES:
        items: list[RowItem] = []
        if table.key in grids:
            reading = read_table(grids[table.key], table, rules_of(table, setting))
            give_ids(table, reading.items)
            items = sorted(reading.items, key=lambda item, table=table: [part.encode() for part in key_of(table, item.item)])  # type: ignore[misc]
            findings.extend(reading.findings)
            findings.extend(check_keys(table, reading.items))
            counted += reading.rows
        rows[table.list] = items
    if has_errors(findings):
        return WorkbookReading(None, tuple(findings), counted)
    places = {(name, index): row for name, items in rows.items() for index, row in enumerate(items)}
    document: dict[str, object] = {
        "schema": SCHEMA,
        "institution": institution,
        "period": None if setting.period is None else period_document(setting.period),
        **{name: [row.item for row in items] for name, items in rows.items()},
    }
    reading_of_all = WorkbookReading(document, tuple(findings), counted, places)
    _, more = check_activity(document)
    if not more:
        return reading_of_all
    moved = [Finding(f.code, f.severity, reading_of_all.place_of(f.place), f.action, f.got, f.expected, f.params) for f in more]
    return WorkbookReading(None, (*findings, *moved), counted)


def _read_meta(
    grid: Grid | None, organisation: Organisation | None, release: Release, period: Period | None
) -> tuple[str, Period | None, tuple[Finding, ...]]:
    """Return institution and period that the hidden sheet names, and what is wrong with it."""
    values = {}
    for row in () if grid is None else grid.rows:
        key, value = row.cells.get(1), row.cells.get(2)
        if key is not None and value is not None:
            values[key.text] = value.text
    place, action = f"sheet {META_SHEET}", "fill in a workbook that `lingtan workbook make` made, with all its sheets"
    if grid is None or any(key not in values for key in META_KEYS):
        return "", None, (Finding("WORKBOOK_FOREIGN", "error", place, action, "no workbook of ours", WORKBOOK_SCHEMA),)
    if (values["schema"], values["version"]) != (WORKBOOK_SCHEMA, TEMPLATE_VERSION):
        got = f"{values['schema'][:40]} version {values['version'][:20]}"
        return "", None, (Finding("WORKBOOK_FOREIGN", "error", place, action, got, f"{WORKBOOK_SCHEMA} version {TEMPLATE_VERSION}"),)
    try:
        document = {"id": values["period"], "start": values["start"], "end": values["end"], "timezone": values["timezone"]}
        found = period_from_document(document)
    except (LedgerError, ValueError):
        return "", None, (Finding("WORKBOOK_FOREIGN", "error", place, action, f"period {values['period'][:40]}", "a period"),)
    findings = []
    if organisation is not None and values["institution"] != organisation.institution:
        action = "send the workbook of your own institution"
        findings.append(Finding("INSTITUTION_DIFFERS", "error", place, action, values["institution"][:63], organisation.institution))
    if period is not None and found != period:
        findings.append(Finding("PERIOD_DIFFERS", "error", place, f"send the workbook of {period.id}", found.id, period.id))
    if values["release_hash"] != release.hash:
        got = f"{values['release'][:40]} {values['release_hash'][:64]}"
        action = "make the workbook again from this release and copy the values over, or read it with the release it was made for"
        findings.append(Finding("RELEASE_DIFFERS", "error", place, action, got, f"{release.release} {release.hash}"))
    return values["institution"], found, tuple(findings)


def find_table(key: str) -> Table | None:
    """Return the table of an activity with this key, or None."""
    return next((table for table in ACTIVITY_TABLES if table.key == key), None)
