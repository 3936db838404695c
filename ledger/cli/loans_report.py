"""`lingtan loans report`: tables of financed emissions for disclosure, as a workbook or CSV (spec: financed-input §8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ledger.cli.invocation import this, write_result
from ledger.cli.offline import read_document
from ledger.errors import NotFound

if TYPE_CHECKING:
    from ledger.accounting.financed.report.figures import ReportFigures
    from ledger.client.vault import Vault

app = typer.Typer()
TableName = Literal["pcaf", "jiangsu", "jrt0227", "ifrs_s2", "cerf"]
FileFormat = Literal["xlsx", "csv"]


@app.command("report")
def report(
    context: typer.Context,
    source: Annotated[
        Path, typer.Argument(help="a statement, a vault, the folder or the answer that `loans compute --out` wrote", exists=True)
    ],
    table: Annotated[TableName, typer.Option(help="which tables")],
    out: Annotated[Path, typer.Option(help="the file to write")],
    format: Annotated[FileFormat | None, typer.Option(help="xlsx or csv; the ending of the file's name without it")] = None,
) -> None:
    """Write the tables of a report, in the language of --lang; every figure follows from the statement."""
    run = this(context)
    from ledger.accounting.financed.report.registry import make_report
    from ledger.workbook.report_file import write_report_csv, write_report_xlsx

    kind = format or ("csv" if out.suffix.lower() == ".csv" else "xlsx")
    tables = make_report(table, read_figures(source))
    data = (write_report_csv if kind == "csv" else write_report_xlsx)(tables, run.out.language)
    write_result(out, data)
    titles = [item.title.in_language(run.out.language) for item in tables]
    document = {"file": str(out), "format": kind, "tables": titles, "bytes": len(data)}
    run.out.record(document, [("file", out), ("format", kind), ("tables", ", ".join(titles)), ("bytes", len(data))])


def read_figures(source: Path) -> ReportFigures:
    """Return the figures of a statement or an answer, or of a folder that holds them.

    Raises:
        NotFound: the folder holds neither.
        MalformedDocument: a file is not what it should be.
    """
    from ledger.accounting.financed.green_loans import green_loans_from_document

    if not source.is_dir():
        return _of_file(source, None)
    if (source / "vault.json").exists():
        from ledger.client.vault import Vault

        return _of_file(source / "statement.json", Vault.open(source))
    for name in ("statement.json", "answer.json"):
        if (source / name).exists():
            figures = _of_file(source / name, None)
            break
    else:
        raise NotFound(f"{source} holds no statement and no answer", hint="name a vault, or the folder that `loans compute --out` wrote")
    green = source / "green-loans.json"
    return replace(figures, green=green_loans_from_document(read_document(green))) if green.exists() else figures


def _of_file(file: Path, vault: Vault | None) -> ReportFigures:
    from ledger.accounting.financed.report.figures import ANSWER_SCHEMA, figures_of_answer, figures_of_statement
    from ledger.accounting.financed.statement_reading import financed_statement_from_document

    document = read_document(file)
    if document.get("schema") == ANSWER_SCHEMA:
        return figures_of_answer(document)
    statement = financed_statement_from_document(document)
    erased = vault is not None and bool(vault.erasures())
    return figures_of_statement(statement, None if vault is None or erased else _records(vault))


def _records(vault: Vault) -> Iterator[bytes]:
    from ledger.accounting.financed.openings import OpenExposure

    for shown in vault.exposures():
        if isinstance(shown, OpenExposure):
            yield shown.record
