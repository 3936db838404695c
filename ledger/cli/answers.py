"""Commands about findings of a statement: show them again, answer one, list the answers."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.cli.invocation import this

app = typer.Typer()

StatementArgument = Annotated[str, typer.Argument(help="the statement's id")]
COLUMNS = ("code", "place", "reason", "by", "at")


@app.command("findings")
def show_findings(context: typer.Context, statement: StatementArgument) -> None:
    """Show the findings on a statement once more, with code and place as an answer names them."""
    run = this(context)
    with run.client() as client:
        answer = client.get(f"/v1/statements/{statement}/findings")
    if run.out.json:
        run.out.document(answer)
        return
    run.out.findings(answer["items"])


@app.command("answer")
def answer_finding(
    context: typer.Context,
    statement: StatementArgument,
    code: Annotated[str, typer.Option(help="the finding's code, as it stands in the table of findings")],
    place: Annotated[str, typer.Option(help="the finding's place, as it stands there")],
    reason: Annotated[str, typer.Option(help="what the bank says to it, up to 2,000 characters")],
) -> None:
    """Answer a finding of a statement; the answer is kept for ever and goes into the evidence package. An error stays an error."""
    run = this(context)
    with run.client() as client:
        answer = client.post(f"/v1/statements/{statement}/answers", {"code": code, "place": place, "reason": reason})
    run.out.record(answer, [(name, answer[name]) for name in ("statement", *COLUMNS)])


@app.command("answers")
def list_answers(context: typer.Context, statement: StatementArgument) -> None:
    """List what was answered to the findings of a statement."""
    run = this(context)
    with run.client() as client:
        items = client.get(f"/v1/statements/{statement}/answers")["items"]
    run.out.table({"items": items}, COLUMNS, [[item[name] for name in COLUMNS] for item in items])
