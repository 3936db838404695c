"""`lingtan workbook`: templates that people fill in, read back, and the organisation tree as a table; all without a server."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.bank import judge
from ledger.cli.invocation import this, write_result
from ledger.cli.offline import read_document
from ledger.errors import InputError
from ledger.records import canonical

if TYPE_CHECKING:
    from ledger.indicators.release import Release
    from ledger.records.organisation import Organisation
    from ledger.records.period import Period

app = typer.Typer()
workbooks = typer.Typer(no_args_is_help=True, help="Workbooks (.xlsx) and tables (.csv) to fill in and read back, without a server.")
app.add_typer(workbooks, name="workbook", rich_help_panel="Bank")

_YEAR = re.compile(r"[0-9]{4}")
InFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
OrganisationOption = Annotated[Path, typer.Option(help="the tree (lingtan.organisation/1)", exists=True, dir_okay=False)]
LibraryOption = Annotated[
    Path | None, typer.Option(help="a release (lingtan.library/1); the shipped one without it", exists=True, dir_okay=False)
]
PeriodOption = Annotated[str | None, typer.Option(help="the period's id; a year such as 2025 says its days by itself")]
FirstOption = Annotated[str | None, typer.Option(help="its first day, as 2025-01-01")]
LastOption = Annotated[str | None, typer.Option(help="its last day, included")]
TableOption = Annotated[
    str, typer.Option(help="of CSV: activity, instruments, totals, declared-factors, choices or denominators; a workbook has them all")
]


@workbooks.command("make")
def make(
    context: typer.Context,
    organisation: OrganisationOption,
    period: PeriodOption = None,
    first: FirstOption = None,
    last: LastOption = None,
    library: LibraryOption = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            help="activity data (lingtan.activity/1): of this period filled in whole, of an earlier one to start from", exists=True
        ),
    ] = None,
    table: TableOption = "activity",
    out: Annotated[Path | None, typer.Option(help="the file to write, .xlsx or .csv; named by institution and period without it")] = None,
) -> None:
    """Make the template of an institution and period, in the language of --lang."""
    run = this(context)
    from ledger.records.activity import Activity
    from ledger.records.shorthand import write_out_activity
    from ledger.workbook.csv_twin import make_csv
    from ledger.workbook.template import make_workbook

    tree = read_organisation(organisation)
    days = _period(tree, period, first, last)
    before = None if previous is None else Activity.from_document(write_out_activity(read_document(previous)))
    path = out or Path(f"{tree.institution}-{days.id}.xlsx")
    language, release = run.out.language, _release(library)
    if _is_csv(path):
        data = make_csv(tree, days, release, table, language=language, previous=before)
    else:
        data = make_workbook(tree, days, release, language=language, previous=before)
    write_result(path, data)
    run.out.record({"file": str(path), "bytes": len(data)}, [("file", path), ("bytes", len(data))])


@workbooks.command("read")
def read(
    context: typer.Context,
    file: InFile,
    organisation: OrganisationOption,
    period: PeriodOption = None,
    first: FirstOption = None,
    last: LastOption = None,
    library: LibraryOption = None,
    table: TableOption = "activity",
    out: Annotated[Path | None, typer.Option(help="where to write the activity data (lingtan.activity/1)")] = None,
) -> None:
    """Read a filled-in workbook or table; every finding is named by its cell. Exit 1 where one is an error."""
    run = this(context)
    from ledger.workbook.csv_twin import read_activity_tables
    from ledger.workbook.reading import read_workbook

    tree, release = read_organisation(organisation), _release(library)
    data = file.read_bytes()
    if data.startswith(b"PK") or not _is_csv(file):
        days = None if period is None else _period(tree, period, first, last)
        reading = read_workbook(data, tree, release, period=days)
    else:
        days = _period(tree, period, first, last)
        reading = read_activity_tables({table: data}, tree, release, institution=tree.institution, period=days)
    if out is not None and reading.activity_document is not None:
        write_result(out, canonical.dump(reading.activity_document))
    findings = [finding.to_document() for finding in reading.findings]
    accepted = reading.activity_document is not None
    document = {"accepted": accepted, "rows": reading.rows, "activity": reading.activity_document, "findings": findings}
    judge(run, document, [("accepted", accepted), ("rows", reading.rows)], findings, accepted=accepted)


@workbooks.command("export-tree")
def export_tree(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="the tree (lingtan.organisation/1)", exists=True, dir_okay=False, readable=True)],
    out: Annotated[Path, typer.Argument(help="the file to write: .xlsx or .csv")],
) -> None:
    """Write the organisation tree as a workbook or as one CSV table."""
    run = this(context)
    from ledger.workbook.organisation_sheet import make_organisation_csv, make_organisation_workbook

    tree = read_organisation(file)
    data = (make_organisation_csv if _is_csv(out) else make_organisation_workbook)(tree, run.out.language)
    write_result(out, data)
    run.out.record({"file": str(out), "bytes": len(data)}, [("file", out), ("bytes", len(data))])


@workbooks.command("import-tree")
def import_tree(
    context: typer.Context,
    file: InFile,
    out: Annotated[Path | None, typer.Option(help="where to write the tree (lingtan.organisation/1)")] = None,
) -> None:
    """Read the organisation tree from a workbook or CSV table; every finding is named by its cell. Exit 1 where one is an error."""
    run = this(context)
    from ledger.workbook.organisation_sheet import read_organisation_csv, read_organisation_workbook

    data = file.read_bytes()
    workbook = data.startswith(b"PK") or not _is_csv(file)
    reading = (read_organisation_workbook if workbook else read_organisation_csv)(data)
    tree = None if reading.organisation is None else reading.organisation.to_document()
    if out is not None and tree is not None:
        write_result(out, canonical.dump(tree))
    findings = [finding.to_document() for finding in reading.findings]
    units = 0 if reading.organisation is None else len(reading.organisation.units)
    document = {"accepted": tree is not None, "units": units, "organisation": tree, "findings": findings}
    judge(run, document, [("accepted", tree is not None), ("units", units)], findings, accepted=tree is not None)


def read_organisation(path: Path) -> Organisation:
    """Return the tree of a file.

    Raises:
        MalformedDocument: it is none; with the first finding.
    """
    from ledger.records.organisation import Organisation
    from ledger.records.shorthand import write_out_organisation

    return Organisation.from_document(write_out_organisation(read_document(path)))


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _release(path: Path | None) -> Release:
    from ledger.indicators.reading import release_from_document
    from ledger.indicators.shipped import shipped_release

    return shipped_release() if path is None else release_from_document(read_document(path))


def _period(tree: Organisation, id: str | None, first: str | None, last: str | None) -> Period:
    from ledger.records.period import Period

    if id is None:
        raise InputError("which period?", hint="give --period, as --period 2025")
    if first is None and last is None and _YEAR.fullmatch(id):
        first, last = f"{id}-01-01", f"{id}-12-31"
    if first is None or last is None:
        raise InputError(f"the days of the period {id} are not given", hint="give --first and --last, as 2025-03-01 and 2025-03-31")
    return Period.of_dates(id, _day(first), _day(last), tree.timezone)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text[:40]!r} is no day", hint="write it as 2025-01-31") from None
