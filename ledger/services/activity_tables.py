"""Activity data as people keep them: a workbook, or one of its tables as CSV, read before anything is stored and then taken whole.

Reading takes as long as a file is large, so it is a step of its own that writes nothing; the second step decides again who may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.records import canonical
from ledger.records.activity import SCHEMA, Activity, check_activity
from ledger.records.fields import period_document
from ledger.records.findings import Finding, has_errors
from ledger.records.organisation import Organisation
from ledger.services.activity import ActivityView, keep_activity
from ledger.services.context import Work, require_own, require_visible
from ledger.services.library_reference import load_release_in_force
from ledger.services.organisation import load_organisation
from ledger.services.periods import load_period_row, to_period
from ledger.store.repositories import institutions, periods
from ledger.workbook.activity_items import Setting
from ledger.workbook.csv_twin import make_csv
from ledger.workbook.reading import WorkbookReading, read_workbook
from ledger.workbook.table_file import get_table, read_table_file
from ledger.workbook.tables import ACTIVITY, ACTIVITY_TABLES
from ledger.workbook.template import make_workbook

TABLES = tuple(table.key for table in ACTIVITY_TABLES)


@dataclass(frozen=True)
class ReadTables:
    """A file that was read: the lists of the activity document that it gives, and every finding. Errors leave no lists."""

    institution: str
    period: str
    lists: Mapping[str, object]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class TemplateFile:
    """A file to fill in."""

    filename: str
    data: bytes


def read_activity_workbook(work: Work, institution: str, period: str, data: bytes) -> ReadTables:
    """Read a workbook that was made for this institution, period and the release in force; it gives every list.

    Raises:
        NotFound: there is no such period, or no organisation tree.
        Conflict: no library release is in force.
    """
    require_own(work, institution, "preparer")
    row = load_period_row(work, institution, period)
    _, organisation = load_organisation(work, institution)
    reading = read_workbook(data, organisation, load_release_in_force(work).release, period=to_period(row))
    return _read(institution, period, reading, tuple(table.list for table in ACTIVITY_TABLES))


def read_activity_csv(work: Work, institution: str, period: str, data: bytes, table: str = ACTIVITY.key) -> ReadTables:
    """Read one table as CSV; it gives one list. Without a tree units are taken as written, as in a document.

    Raises:
        NotFound: there is no such period, or no such table.
        Conflict: no library release is in force.
    """
    require_own(work, institution, "preparer")
    row = load_period_row(work, institution, period)
    chosen = get_table(table)
    setting = Setting(load_release_in_force(work).release, _find_organisation(work, institution), to_period(row))
    reading = read_table_file(data, chosen, institution, setting)
    return _read(institution, period, reading, (chosen.list,))


def submit_activity_tables(work: Work, read: ReadTables) -> ActivityView:
    """Add the next version of the activity data from a file that was read, or give back every finding that keeps it out.

    Lists that the file does not give stay as the latest version has them.
    """
    require_own(work, read.institution, "preparer")
    row = load_period_row(work, read.institution, read.period)
    if has_errors(read.findings):
        return keep_activity(work, read.institution, read.period, None, read.findings)
    latest = periods.find_latest_activity(work.session, read.institution, read.period)
    stored = {} if latest is None else canonical.load_canonical(latest.document)
    document: dict[str, object] = {
        **{table.list: [] for table in ACTIVITY_TABLES},
        **(stored if isinstance(stored, dict) else {}),
        "schema": SCHEMA,
        "institution": read.institution,
        "period": period_document(to_period(row)),
        **read.lists,
    }
    activity, more = check_activity(document)
    return keep_activity(work, read.institution, read.period, activity, (*read.findings, *more))


def make_activity_workbook(work: Work, institution: str, period: str, language: str = "zh") -> TemplateFile:
    """Return the workbook to fill in: with what this period's latest activity says, else with the rows of the period before.

    Raises:
        NotFound: there is no such period, or no organisation tree.
        Conflict: no library release is in force.
    """
    require_visible(work, institution)
    row = load_period_row(work, institution, period)
    _, organisation = load_organisation(work, institution)
    release = load_release_in_force(work).release
    data = make_workbook(organisation, to_period(row), release, language=language, previous=_find_previous(work, institution, period))
    return TemplateFile(f"{institution}-{period}.xlsx", data)


def make_activity_csv(work: Work, institution: str, period: str, table: str = ACTIVITY.key, language: str = "zh") -> TemplateFile:
    """Return one table of the same template as CSV.

    Raises:
        NotFound: there is no such period or table, or no organisation tree.
        Conflict: no library release is in force.
    """
    require_visible(work, institution)
    row = load_period_row(work, institution, period)
    chosen = get_table(table)
    _, organisation = load_organisation(work, institution)
    release = load_release_in_force(work).release
    previous = _find_previous(work, institution, period)
    data = make_csv(organisation, to_period(row), release, chosen.key, language=language, previous=previous)
    return TemplateFile(f"{institution}-{period}-{chosen.key}.csv", data)


def _read(institution: str, period: str, reading: WorkbookReading, lists: tuple[str, ...]) -> ReadTables:
    document = reading.activity_document
    return ReadTables(institution, period, {} if document is None else {name: document[name] for name in lists}, reading.findings)


def _find_previous(work: Work, institution: str, period: str) -> Activity | None:
    """Return this period's latest activity, else that of the last period before it that has any."""
    row = load_period_row(work, institution, period)
    found = periods.find_latest_activity(work.session, institution, period)
    if found is None:
        for earlier in periods.list_periods_in_time(work.session, institution, before=row.start):
            found = periods.find_latest_activity(work.session, institution, earlier.id) or found
    return None if found is None else Activity.from_document(canonical.load_canonical(found.document))


def _find_organisation(work: Work, institution: str) -> Organisation | None:
    known = institutions.find_latest_organisation(work.session, institution) is not None
    return load_organisation(work, institution)[1] if known else None
