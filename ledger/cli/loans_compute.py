"""`lingtan loans compute`: financed emissions of a JSON file or of a whole book, without a server (spec: financed-input, loan-book)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ledger.cli.bank import end_by_findings
from ledger.cli.invocation import Invocation, this, write_result
from ledger.errors import MalformedDocument
from ledger.records import canonical

app = typer.Typer()
MethodName = Literal["pcaf_2", "pboc_2021"]
EXPOSURE_COLUMNS = ("exposure", "asset_class", "amount", "attribution", "s12", "s3", "score")
BLOCK_COLUMNS = ("asset_class", "exposures", "amount", "s12", "s3", "score", "economic_intensity")


@app.command("compute")
def compute(
    context: typer.Context,
    input: Annotated[Path, typer.Option(help="the exposures (lingtan.loan-input/1)", exists=True, dir_okay=False, readable=True)],
    method: Annotated[MethodName | None, typer.Option(help="the method; comes before the one that the file names")] = None,
    out: Annotated[Path | None, typer.Option(help="also write the answer's canonical bytes to this file")] = None,
) -> None:
    """Compute attributed emissions, sums, ratios and findings. Exit 1 where a finding is an error."""
    run = this(context)
    answer = compute_input(input, method)
    data = canonical.dump(answer)
    if out is not None:
        write_result(out, data)
    if run.out.json:
        sys.stdout.write(data.decode("utf-8") + "\n")
    else:
        show_answer(run, answer)
    end_by_findings(run, answer["findings"], accepted=bool(answer["accepted"]))


def compute_input(file: Path, method: str | None) -> dict[str, Any]:
    """Return the answer `lingtan.loans/1` to a file.

    Raises:
        MalformedDocument: it is no JSON that can be read.
    """
    from ledger.accounting.financed.input_reading import read_loan_input
    from ledger.accounting.financed.result_compute import compute_loans
    from ledger.accounting.financed.result_document import loans_document, refused_loans_document
    from ledger.accounting.inventory import load_inventory
    from ledger.indicators.shipped import shipped_release

    try:
        document = load_inventory(file.read_bytes())
    except MalformedDocument as error:
        raise MalformedDocument(f"{file}: {error}", hint=error.hint or "correct the file at this place") from error
    given, findings = read_loan_input(document, shipped_release(), method)
    return refused_loans_document(findings) if given is None else loans_document(compute_loans(given, findings))


def show_answer(run: Invocation, answer: dict[str, Any]) -> None:
    """Write exposures, classes and findings as tables."""
    rows = [_cells(item) for item in answer["exposures"]]
    if rows:
        run.out.table(answer, EXPOSURE_COLUMNS, rows)
    if answer["totals"] is not None:
        blocks = [(item["class"], item) for item in answer["classes"]] + [(run.out.say("all_classes"), answer["totals"])]
        run.out.table(answer, BLOCK_COLUMNS, [_block_cells(name, item) for name, item in blocks])
    run.out.findings(answer["findings"])


def _cells(item: dict[str, Any]) -> tuple[object, ...]:
    if item["state"] != "calculated":
        reason = item.get("excluded") or item["state"]
        return (item["exposure"], item.get("asset_class"), item.get("exposure_amount"), reason, None, None, None)
    tonnes = item["attributed"]["tonnes"]
    figures = (f"{tonnes['s12']} t", None if tonnes["s3"] is None else f"{tonnes['s3']} t", item["score_s12"])
    return (item["exposure"], item["asset_class"], item["exposure_amount"], item["factor"]["decimal"], *figures)


def _block_cells(name: str, item: dict[str, Any]) -> tuple[object, ...]:
    tonnes = item["tonnes"]
    return (name, item["rows"], item["exposure"], f"{tonnes['s12']} t", f"{tonnes['s3']} t", item["score"], item["intensity"])
