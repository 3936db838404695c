"""`lingtan reductions`: a bank's own projects, from savings files to a signed statement of the dataset REDUCTIONS and its bundle."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.bank import Cause, judge
from ledger.cli.bundle import OutOption, PolicyOption, fetch_bundle
from ledger.cli.dataset_statements import View, check_request, list_statements, sign_statement
from ledger.cli.invocation import Invocation, my_institution, this, write_result
from ledger.errors import IntegrityError, MalformedDocument
from ledger.records import canonical

app = typer.Typer()
reductions = typer.Typer(no_args_is_help=True, help="What the bank's own projects avoided: apart from the inventory, never netted with it.")
app.add_typer(reductions, name="reductions", rich_help_panel="Bank")

MEASURES = ("avoided_g", "saved_wh", "self_used_wh", "exported_wh")
COLUMNS = ("id", "period", "revision", "cause", "state", "lines", *MEASURES, "prepared_by")
IdArgument = Annotated[str, typer.Argument(help="the id of the statement of reductions")]


@reductions.command("submit")
def submit(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="one file per project (lingtan.savings/1)", exists=True, dir_okay=False)],
    period: Annotated[str, typer.Option(help="the period's id, such as 2025")],
    cause: Annotated[Cause, typer.Option(help="why this statement follows another one; `first` where none is attested")] = "first",
) -> None:
    """Hand projects in with their files. The server computes each again, from the files or from its own meter-days, and keeps a draft."""
    from ledger.cli.meter_savings import MAX_DOCUMENT, files_beside
    from ledger.client.projects import hand_in_projects, project_of, read_project
    from ledger.clock import SystemClock

    run, projects = this(context), []
    for file in files:
        if file.stat().st_size > MAX_DOCUMENT:
            raise MalformedDocument(f"{file} is larger than {MAX_DOCUMENT >> 20} MiB", hint="put readings into CSV files beside it")
        projects.append(project_of(read_project(file), files_beside(file), SystemClock().now()))
    with run.client() as client:
        answer = hand_in_projects(client, my_institution(client), period, projects, cause)
    names = ("id", "period", "revision", "state", "hash", "lines", "root")
    fields = [*((name, answer[name]) for name in names), *_figures(answer["totals"])]
    judge(run, answer, fields, answer["findings"], accepted=bool(answer["accepted"]))


@reductions.command("status")
def status(
    context: typer.Context,
    id: Annotated[str | None, typer.Argument(help="a statement of reductions; all without it")] = None,
    period: Annotated[str | None, typer.Option(help="of this period only")] = None,
) -> None:
    """Say how far the bank's statements of reductions are, or show one of them with its lines."""
    run = this(context)
    with run.client() as client:
        if id is not None:
            view = client.get(f"/v1/reductions/{id}")
            _show(run, view, canonical.load_canonical(client.get_bytes(f"/v1/reductions/{id}/document")))
            return
        items = list_statements(client, "reductions", period)
    rows = [[{**item, **dict(_figures(item["totals"]))}.get(name) for name in COLUMNS] for item in items]
    run.out.table({"items": items}, COLUMNS, rows)


@reductions.command("sign")
def sign(
    context: typer.Context,
    id: IdArgument,
    key: Annotated[Path, typer.Option(help="the approver's encrypted key file", exists=True, dir_okay=False)],
    wait: Annotated[float, typer.Option(help="how many seconds to wait for the chain; 0: do not wait", min=0)] = 120,
) -> None:
    """Sign a statement of reductions with the bank's own key, after showing its lines, and wait until it is anchored."""
    run = this(context)

    def review(view: View, request: View, document: bytes) -> None:
        statement = check_reductions_request(view, request, document)
        if not run.out.json:
            _show(run, view, statement)

    sign_statement(run, "reductions", id, key, wait, name="statement of reductions", review=review)


@reductions.command("bundle")
def bundle(context: typer.Context, id: IdArgument, out: OutOption, policy: PolicyOption = None) -> None:
    """Download the proof bundle with every line, for a stranger who has `lingtan-verify` and a policy."""
    fetch_bundle(this(context), f"/v1/reductions/{id}/bundle", out, policy)


@reductions.command("evidence")
def evidence(
    context: typer.Context,
    id: IdArgument,
    sha256: Annotated[str, typer.Argument(help="of an input, an answer or a file, as the lines name it")],
    out: Annotated[Path, typer.Option(help="the file to write")],
) -> None:
    """Download what a line rests on, and check that it has this SHA-256."""
    run = this(context)
    with run.client() as client:
        data = client.get_bytes(f"/v1/reductions/{id}/evidence/{sha256}")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise IntegrityError("the server gave other bytes than those of this hash", hint="tell the operator")
    write_result(out, data)
    run.out.record({"file": str(out), "bytes": len(data), "sha256": sha256}, [("file", out), ("bytes", len(data)), ("hash", sha256)])


def check_reductions_request(view: View, request: View, document: bytes) -> View:
    """Return the document, if its sums follow from its lines and the message attests exactly it.

    Raises:
        IntegrityError: the server shows one thing and asks for a signature on another.
    """
    from ledger.savings.reductions import read_reductions

    statement, _ = read_reductions(canonical.load_canonical(document))
    if statement is None:
        raise IntegrityError("the statement is none, or contradicts itself", hint="do not sign; tell the operator")
    return check_request(view, request, document, "REDUCTIONS")


def _figures(totals: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, f"{int(totals[name]):,}") for name in MEASURES if name in totals]


def _show(run: Invocation, view: View, document: object) -> None:
    names = ("id", "institution", "period", "revision", "cause", "state", "hash", "root", "prepared_by")
    read: View = dict(document) if isinstance(document, dict) else {}
    shown = {**view, "document": document}
    run.out.record(shown, [*((name, view[name]) for name in names), *_figures(view["totals"])])
    if not run.out.json:
        columns = ("id", "unit", "kind", "option", *MEASURES)
        run.out.table(
            read, columns, [[line[name] if name not in MEASURES else f"{int(line[name]):,}" for name in columns] for line in read["lines"]]
        )
    run.out.findings(view["findings"])
