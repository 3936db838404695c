"""`lingtan loans compute`: financed emissions of a JSON file or of a whole book, without a server (spec: financed-input, loan-book)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import typer

from ledger.cli.bank import end_by_findings
from ledger.cli.invocation import Invocation, this, write_result
from ledger.errors import InputError, MalformedDocument
from ledger.records import canonical

app = typer.Typer()
MethodName = Literal["pcaf_2", "pboc_2021"]
CauseName = Literal["first", "data", "factor", "boundary", "method", "error"]
EXPOSURE_COLUMNS = ("exposure", "asset_class", "amount", "attribution", "s12", "s3", "score")
SHOWN_OF_A_CODE = 10
STATEMENT_FACTS = ("hash", "dataset", "revision", "exposures", "groups", "root")
BLOCK_COLUMNS = ("asset_class", "exposures", "amount", "s12", "s3", "score", "economic_intensity")


@app.command("compute")
def compute(
    context: typer.Context,
    book: Annotated[
        Path | None, typer.Argument(help="a whole book: CSV, Parquet or xlsx; or give --input", exists=True, dir_okay=False, readable=True)
    ] = None,
    input: Annotated[
        Path | None, typer.Option(help="exposures in one JSON file (lingtan.loan-input/1)", exists=True, dir_okay=False, readable=True)
    ] = None,
    method: Annotated[MethodName | None, typer.Option(help="the method; comes before the one that an input file names")] = None,
    out: Annotated[
        Path | None, typer.Option(help="also write the answer's canonical bytes to this file; for a book a folder with all that came of it")
    ] = None,
    head: Annotated[
        Path | None, typer.Option(help="the head of the book: institution, period, rates, general ledger", exists=True, dir_okay=False)
    ] = None,
    policies: Annotated[
        Path | None, typer.Option(help="the policies of the method (JSON), for a book", exists=True, dir_okay=False)
    ] = None,
    vault: Annotated[
        Path | None, typer.Option(help="the folder to keep a book's salts, records and statement in; it stays with the bank")
    ] = None,
    pseudonym_key: Annotated[Path | None, typer.Option(help="the bank's pseudonym key", exists=True, dir_okay=False)] = None,
    commitment_key: Annotated[Path | None, typer.Option(help="the bank's commitment key", exists=True, dir_okay=False)] = None,
    centre_policy: Annotated[
        Path | None, typer.Option(help="the policy file of the centre: where the statement will be anchored", exists=True, dir_okay=False)
    ] = None,
    library: Annotated[
        Path | None, typer.Option(help="the release in force (lingtan.library/1); the shipped one without it", exists=True, dir_okay=False)
    ] = None,
    previous: Annotated[Path | None, typer.Option(help="the statement that the new one replaces", exists=True, dir_okay=False)] = None,
    cause: Annotated[CauseName | None, typer.Option(help="why it is replaced")] = None,
) -> None:
    """Compute attributed emissions, sums, ratios and findings of a book or an input file. Exit 1 where a finding is an error."""
    run = this(context)
    if (book is None) == (input is None):
        raise InputError("give a book, or an input file", hint="lingtan loans compute BOOK --method M, or --input FILE")
    if book is not None:
        answer = _compute_book(
            run, book, head, method, policies, Keeping(vault, pseudonym_key, commitment_key, centre_policy, library, previous, cause), out
        )
    else:
        if any(
            option is not None for option in (head, policies, vault, pseudonym_key, commitment_key, centre_policy, library, previous, cause)
        ):
            raise InputError("an input file holds all that it needs", hint="with --input give --method and --out alone")
        answer = compute_input(Path(str(input)), method)
        if out is not None:
            write_result(out, canonical.dump(answer))
    if run.out.json:
        sys.stdout.write(canonical.dump(answer).decode("utf-8") + "\n")
    else:
        show_answer(run, answer)
    end_by_findings(run, answer["findings"], accepted=bool(answer["accepted"]))


class Keeping(NamedTuple):
    """The options that make a vault of a book; all or none of the first four."""

    vault: Path | None
    pseudonym_key: Path | None
    commitment_key: Path | None
    policy: Path | None
    library: Path | None
    previous: Path | None
    cause: str | None


def _compute_book(
    run: Invocation, book: Path, head: Path | None, method: str | None, policies: Path | None, keeping: Keeping, out: Path | None
) -> dict[str, Any]:
    from ledger.cli.loans_book import Sealing, compute_book_file

    if method is None:
        raise InputError("no method is named", hint="give --method pcaf_2 or --method pboc_2021")
    vault, pseudonym_key, commitment_key, policy = keeping[:4]
    sealing = None
    if vault is not None and pseudonym_key is not None and commitment_key is not None and policy is not None:
        sealing = Sealing(vault, pseudonym_key, commitment_key, policy, keeping.library, keeping.previous, keeping.cause)
    elif any(option is not None for option in keeping):
        raise InputError(
            "a vault needs its keys and its place", hint="give --vault, --pseudonym-key, --commitment-key and --centre-policy together"
        )
    return compute_book_file(run, book, head, method, policies, sealing, out)


def compute_input(file: Path, method: str | None) -> dict[str, Any]:
    """Return the answer `lingtan.loans/1` to a file.

    Raises:
        MalformedDocument: it is no JSON that can be read.
    """
    from ledger.accounting.financed.input_reading import read_loan_input
    from ledger.accounting.financed.input_text import load_loan_file
    from ledger.accounting.financed.result_compute import compute_loans
    from ledger.accounting.financed.result_document import loans_document, refused_loans_document
    from ledger.indicators.shipped import shipped_release

    try:
        document = load_loan_file(file.read_bytes())
    except MalformedDocument as error:
        raise MalformedDocument(f"{file}: {error}", hint=error.hint or "correct the file at this place") from error
    given, findings = read_loan_input(document, shipped_release(), method)
    return refused_loans_document(findings) if given is None else loans_document(compute_loans(given, findings))


def show_answer(run: Invocation, answer: dict[str, Any]) -> None:
    """Write exposures, classes and findings as tables."""
    rows = [_cells(item) for item in answer["exposures"] or []]
    if rows:
        run.out.table(answer, EXPOSURE_COLUMNS, rows)
    if answer["totals"] is not None:
        blocks = [(item["class"], item) for item in answer["classes"]] + [(run.out.say("all_classes"), answer["totals"])]
        run.out.table(answer, BLOCK_COLUMNS, [_block_cells(name, item) for name, item in blocks])
    statement = answer.get("statement")
    if statement is not None:
        run.out.record(answer, [(name, statement[name]) for name in STATEMENT_FACTS])
    shown = answer["findings"] if answer["exposures"] is not None else _first_of_each(answer["findings"])
    run.out.findings(shown)
    if len(shown) < len(answer["findings"]):
        run.out.note("findings_more", count=len(answer["findings"]) - len(shown))


def _first_of_each(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first findings of each code of a book: a screen is no place for thousands."""
    counts: dict[str, int] = {}
    shown = []
    for finding in findings:
        counts[finding["code"]] = counts.get(finding["code"], 0) + 1
        if counts[finding["code"]] <= SHOWN_OF_A_CODE:
            shown.append(finding)
    return shown


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
