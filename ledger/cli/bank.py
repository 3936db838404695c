"""Commands of a bank's preparer: templates, the offline check, submitting, meters, periods, statements."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ledger.cli.failures import FINDINGS, Failure
from ledger.cli.invocation import Invocation, my_institution, this, write_result
from ledger.cli.offline import JSON_TYPE, Kind, check_file, media_type_of, read_document, template
from ledger.client.http import Client
from ledger.clock import SystemClock
from ledger.errors import InputError

app = typer.Typer()
templates = typer.Typer(no_args_is_help=True, help="Files to start from.")
submissions = typer.Typer(no_args_is_help=True, help="Hand data in; every finding comes back at once.")
meters = typer.Typer(no_args_is_help=True, help="Meters and their readings.")
organisations = typer.Typer(no_args_is_help=True, help="The organisation tree.")
periods = typer.Typer(no_args_is_help=True, help="Reporting periods.")
statements = typer.Typer(no_args_is_help=True, help="Statements of a period.")
for name, group in (
    ("template", templates),
    ("submit", submissions),
    ("organisation", organisations),
    ("meter", meters),
    ("period", periods),
    ("statement", statements),
):
    app.add_typer(group, name=name, rich_help_panel="Bank")

FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
PeriodOption = Annotated[str, typer.Option(help="the period's id, such as 2025")]
Table = Literal["activity", "instruments", "totals", "declared-factors", "choices", "denominators"]
Cause = Literal["first", "data", "factor", "boundary", "method", "error"]
STATEMENT_COLUMNS = ("id", "period", "revision", "cause", "state", "scope1_g", "scope2_location_g", "prepared_by")


@templates.command("get")
def get_template(
    context: typer.Context,
    kind: Annotated[Literal["workbook", "activity", "meters", "organisation"], typer.Argument(help="what you want to hand in")],
    out: Annotated[Path | None, typer.Option(help="the file to write; a usual name without it")] = None,
    period: Annotated[str | None, typer.Option(help="the period that the workbook is for")] = None,
    table: Annotated[Table | None, typer.Option(help="this one table of the workbook, as CSV")] = None,
) -> None:
    """Write a file to start from; the workbook comes from the server, with your units and what you sent last."""
    run = this(context)
    name, data = _get_workbook(run, period, table) if kind == "workbook" else template(kind)
    path = out or Path(name)
    write_result(path, data)
    run.out.record({"file": str(path), "bytes": len(data)}, [("file", path), ("bytes", len(data))])


@app.command(rich_help_panel="Bank")
def check(
    context: typer.Context,
    file: FileArgument,
    kind: Annotated[Kind, typer.Option(help="what the file is")] = "auto",
    meters: Annotated[
        Path | None, typer.Option(help="the registered meters, from `lingtan --json meter list`; else any meter is taken", exists=True)
    ] = None,
    institution: Annotated[str | None, typer.Option(help="whose file it should be")] = None,
    organisation: Annotated[Path | None, typer.Option(help="the tree (JSON): activity data are computed as well", exists=True)] = None,
    previous: Annotated[Path | None, typer.Option(help="the activity (JSON) of the period before, to compare with", exists=True)] = None,
    library: Annotated[Path | None, typer.Option(help="the library release (JSON); the shipped one without it", exists=True)] = None,
) -> None:
    """Check a file by the server's own rules, without a server. Exit 1 where a finding is an error."""
    run = this(context)
    now, beside = SystemClock().now(), {"organisation": organisation, "previous": previous, "library": library}
    checked = check_file(file, kind=kind, meters=meters, institution=institution, now=now, **beside)
    findings = [finding.to_document() for finding in checked.findings]
    document = {"kind": checked.kind, "accepted": checked.accepted, **checked.facts, "unchecked": checked.unchecked, "findings": findings}
    fields = [("kind", checked.kind), ("accepted", checked.accepted), *checked.facts.items()]
    judge(run, document, fields, findings, accepted=checked.accepted)


@submissions.command("organisation")
def submit_organisation(context: typer.Context, file: FileArgument) -> None:
    """Submit the organisation tree as its next version: lingtan.organisation/1, or the workbook or CSV file of it."""
    run = this(context)
    with run.client() as client:
        answer = _send(client, f"/v1/institutions/{my_institution(client)}/organisation", file)
    fields = [("version", answer["version"]), ("hash", answer["hash"]), ("units", answer["units"])]
    judge(run, answer, fields, answer["findings"], accepted=bool(answer["accepted"]))


@submissions.command("activity")
def submit_activity(
    context: typer.Context,
    file: FileArgument,
    period: PeriodOption,
    table: Annotated[Table, typer.Option(help="which table a CSV file is; it replaces this list only")] = "activity",
) -> None:
    """Submit a period's activity data: the filled-in workbook, a CSV table, or lingtan.activity/1."""
    run = this(context)
    with run.client() as client:
        answer = _send(client, f"/v1/institutions/{my_institution(client)}/periods/{period}/activity", file, table=table)
    fields = [("period", answer["period"]), ("version", answer["version"]), ("hash", answer["hash"])]
    judge(run, answer, fields, answer["findings"], accepted=bool(answer["accepted"]))


@submissions.command("meters")
def submit_meters(context: typer.Context, file: FileArgument) -> None:
    """Submit meter readings in our own CSV; the same as `meter import` without a map."""
    send_readings(this(context), file)


@organisations.command("get")
def get_organisation(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="the file to write: .xlsx or .csv to edit, .json the document as it was hashed")],
    version: Annotated[int | None, typer.Option(help="the latest without it", min=1)] = None,
) -> None:
    """Write the tree to a file that can be edited and submitted again."""
    run = this(context)
    form = out.suffix.lower().lstrip(".")
    if form not in ("xlsx", "csv", "json"):
        raise InputError(f"{out} has no ending that says what to write", hint="name a file that ends in .xlsx, .csv or .json")
    wanted = {} if version is None else {"version": str(version)}
    with run.client() as client:
        path = f"/v1/institutions/{my_institution(client)}/organisation"
        data = client.get_bytes(path, format=form, language=run.out.language, **wanted)
    write_result(out, data)
    run.out.record({"file": str(out), "bytes": len(data)}, [("file", out), ("bytes", len(data))])


def send_readings(run: Invocation, file: Path) -> None:
    """Send a CSV of readings: taken whole, or not at all with every finding."""
    with run.client() as client, run.out.progress(file.stat().st_size, "uploading", file=file.name) as advance:
        path = f"/v1/institutions/{my_institution(client)}/telemetry"
        # A fresh key: a file that was refused may be good once its meters are registered; one that was taken changes nothing again.
        answer = client.post_file(path, file, "text/csv", key=uuid.uuid4().hex, progress=advance)
    fields = [("id", answer["id"]), ("rows", answer["rows"]), ("meters", answer["meters"]), ("accepted", answer["accepted"])]
    judge(run, answer, fields, answer["findings"], accepted=bool(answer["accepted"]))


@periods.command("open")
def open_period(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="such as 2025")],
    first_day: Annotated[str, typer.Option(help="the first local day, such as 2025-01-01")],
    last_day: Annotated[str, typer.Option(help="the last local day, included")],
) -> None:
    """Open a reporting period in the bank's own time zone."""
    run = this(context)
    with run.client() as client:
        document = {"id": id, "first_day": first_day, "last_day": last_day}
        answer = client.post(f"/v1/institutions/{my_institution(client)}/periods", document)
    run.out.record(answer, [(name, answer[name]) for name in ("id", "start", "end", "timezone", "state")])


@periods.command("list")
def list_periods(context: typer.Context) -> None:
    """List the bank's periods."""
    run = this(context)
    with run.client() as client:
        items = list(client.get_all(f"/v1/institutions/{my_institution(client)}/periods"))
    columns = ("id", "start", "end", "timezone", "state")
    run.out.table({"items": items}, columns, [[item[name] for name in columns] for item in items])


@statements.command("prepare")
def prepare_statement(context: typer.Context, period: PeriodOption, cause: Annotated[Cause, typer.Option(help="why")] = "first") -> None:
    """Compute the statement of a period from what is recorded now, with every finding."""
    prepare(this(context), period, cause)


@statements.command("list")
def list_statements(context: typer.Context, period: Annotated[str | None, typer.Option(help="of this period only")] = None) -> None:
    """List the bank's statements, every revision."""
    run = this(context)
    with run.client() as client:
        items = all_statements(client, period)
    show_statements(run, items)


@app.command(rich_help_panel="Bank")
def amend(
    context: typer.Context,
    reason: Annotated[Literal["data", "factor", "boundary", "method", "error"], typer.Option(help="what was wrong with the last revision")],
    period: PeriodOption,
) -> None:
    """Prepare the next revision of a period that was signed; the earlier one stays and is superseded by the signature."""
    prepare(this(context), period, reason)


def _send(client: Client, path: str, file: Path, *, table: str = "activity") -> Any:
    kind = media_type_of(file)
    if kind == JSON_TYPE:
        return client.post(path, read_document(file))
    # Only a CSV file can be one table of several.
    return client.post_bytes(path if table == "activity" else f"{path}?table={table}", file.read_bytes(), kind)


def _get_workbook(run: Invocation, period: str | None, table: str | None) -> tuple[str, bytes]:
    if period is None:
        raise InputError("the workbook is made for one period", hint="give --period, such as --period 2025")
    with run.client() as client:
        institution = my_institution(client)
        chosen = {} if table is None else {"table": table}
        data = client.get_bytes(f"/v1/institutions/{institution}/periods/{period}/workbook", language=run.out.language, **chosen)
    return f"{institution}-{period}{'.xlsx' if table is None else f'-{table}.csv'}", data


def prepare(run: Invocation, period: str, cause: Cause) -> None:
    """Have a statement computed and show it."""
    with run.client() as client:
        answer = client.post(f"/v1/institutions/{my_institution(client)}/periods/{period}/statements", {"cause": cause})
    fields = [(name, answer[name]) for name in ("id", "period", "revision", "cause", "state", "hash", "lines")]
    judge(run, answer, [*fields, *totals_of(answer)], answer["findings"], accepted=not answer["has_errors"])


def judge(
    run: Invocation, document: dict[str, Any], fields: list[tuple[str, Any]], findings: list[dict[str, Any]], *, accepted: bool
) -> None:
    """Show a result with its findings, and end with exit code 1 where they refuse it."""
    run.out.record(document, fields)
    run.out.findings(findings)
    end_by_findings(run, findings, accepted=accepted)


def end_by_findings(run: Invocation, findings: list[dict[str, Any]], *, accepted: bool) -> None:
    """End with exit code 1 where findings refuse what was shown."""
    if not accepted:
        count = sum(1 for finding in findings if finding["severity"] == "error")
        run.out.failure(Failure(FINDINGS, "findings", run.out.say("findings_refused", count=count), run.out.say("findings_hint")))
        raise typer.Exit(FINDINGS)


def totals_of(statement: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a statement's totals as exact tonnes."""
    from ledger.cli.output import tonnes

    return [(name, f"{tonnes(grams)} CO2e") for name, grams in statement["totals"].items()]


def all_statements(client: Client, period: str | None = None) -> list[dict[str, Any]]:
    """Return the statements of the token's bank, of one period or of all."""
    institution = my_institution(client)
    names = [period] if period is not None else [item["id"] for item in client.get_all(f"/v1/institutions/{institution}/periods")]
    return [item for name in names for item in client.get_all(f"/v1/institutions/{institution}/periods/{name}/statements")]


def show_statements(run: Invocation, items: list[dict[str, Any]]) -> None:
    """Show statements as a table."""
    rows = [[dict(totals_of(item)).get(name, item.get(name)) for name in STATEMENT_COLUMNS] for item in items]
    run.out.table({"items": items}, STATEMENT_COLUMNS, rows)
