"""`lingtan loans`: a bank's loan book, without a server: the book itself never leaves the bank (spec: loan-book)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ledger.cli import loans_compute, loans_report, loans_vault
from ledger.cli.bank import judge
from ledger.cli.invocation import this
from ledger.cli.loans_reading import read_loans
from ledger.cli.offline import read_document

if TYPE_CHECKING:
    from ledger.loans.assembly import BookReading
    from ledger.records.findings import Finding

app = typer.Typer()
loans = typer.Typer(no_args_is_help=True, help="The loan book: financed emissions, without a server.")
app.add_typer(loans, name="loans", rich_help_panel="Bank")
loans.add_typer(loans_compute.app)
loans.add_typer(loans_report.app)
loans.add_typer(loans_vault.app)

BookArgument = Annotated[Path, typer.Argument(help="the book: CSV, Parquet or xlsx", exists=True, dir_okay=False, readable=True)]
HeadOption = Annotated[
    Path | None, typer.Option(help="the head of the book (lingtan.book-head/1): period, rates, general ledger", exists=True, dir_okay=False)
]
MethodName = Literal["pcaf_2", "pboc_2021"]


@loans.command("check")
def check(
    context: typer.Context,
    file: BookArgument,
    head: HeadOption = None,
    method: Annotated[MethodName | None, typer.Option(help="also say what computing by this method finds")] = None,
    policies: Annotated[Path | None, typer.Option(help="the policies of the method (JSON)", exists=True, dir_okay=False)] = None,
) -> None:
    """Check a loan book row by row. Exit 1 where a finding is an error."""
    run = this(context)
    reading = read_loans(run, file, head)
    found: tuple[Finding, ...] = reading.findings
    unchecked = "" if method else "denominators, options and emissions: give --method"
    if method is not None and reading.book is not None:
        found = (*found, *_compute(reading, method, policies))
    elif method is not None:
        unchecked = "denominators, options and emissions: the book could not be read whole"
    findings = [finding.to_document() for finding in found]
    accepted = not any(finding.severity == "error" for finding in found)
    facts = {"rows": str(reading.rows), "months": str(0 if reading.book is None else len(reading.book.months))}
    document = {"kind": "loan book", "accepted": accepted, **facts, "unchecked": unchecked, "findings": findings}
    judge(run, document, [("kind", "loan book"), ("accepted", accepted), *facts.items()], findings, accepted=accepted)


def _compute(reading: BookReading, method: MethodName, policies: Path | None) -> tuple[Finding, ...]:
    from ledger.accounting.financed.compute import compute_book
    from ledger.accounting.financed.methods import get_method

    if reading.book is None:
        return ()
    given: dict[str, Any] = {} if policies is None else read_document(policies)
    chosen = get_method(method)
    return compute_book(reading.book, chosen.read_policies(given)).findings(reading.book)
