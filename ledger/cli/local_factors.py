"""Commands about local factors: a bank submits them, the centre's librarian decides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ledger.cli.bank import judge
from ledger.cli.invocation import my_institution, this
from ledger.cli.offline import read_document

app = typer.Typer()
factors = typer.Typer(no_args_is_help=True, help="Local factors: submitted by a bank for itself, reviewed by the centre.")
app.add_typer(factors, name="factor", rich_help_panel="Librarian")

COLUMNS = ("id", "institution", "factor", "state", "submitted_by", "reviewed_by", "review_reason")


@factors.command("submit")
def submit(context: typer.Context, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Submit a factor for your own bank (lingtan.local_factor/1) with the document it is from; the centre reviews it."""
    run = this(context)
    document = read_document(file)
    with run.client() as client:
        answer = client.post(f"/v1/institutions/{my_institution(client)}/local-factors", document)
    judge(run, answer, _fields(answer), answer["findings"], accepted=bool(answer["accepted"]))


@factors.command("list")
def list_factors(context: typer.Context, institution: Annotated[str | None, typer.Option(help="of this institution only")] = None) -> None:
    """List local factors and what was decided about them."""
    run = this(context)
    query = {} if institution is None else {"institution": institution}
    with run.client() as client:
        items = list(client.get_all("/v1/local-factors", **query))
    run.out.table({"items": items}, COLUMNS, [[item[name] for name in COLUMNS] for item in items])


@factors.command("review")
def review(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="the local factor's id")],
    decision: Annotated[Literal["accepted", "refused"], typer.Argument(help="what the centre decides")],
    reason: Annotated[str, typer.Option(help="why; it is kept and the bank reads it")],
) -> None:
    """Decide about a local factor as the centre's librarian, once and for all. An accepted one enters the next draft."""
    run = this(context)
    with run.client() as client:
        shown = client.get(f"/v1/local-factors/{id}")
        run.confirm(shown["factor"])
        answer = client.post(f"/v1/local-factors/{id}/review", {"decision": decision, "reason": reason})
    run.out.record(answer, _fields(answer))


def _fields(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, answer[name]) for name in COLUMNS]
