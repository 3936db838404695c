"""`lingtan loans submit|sign|status|match|package`: a computed book, from the bank's vault to the chain.

The book stays at the bank: the server gets the statement and, for every group of fifty exposures or more, four sums and two hashes.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ledger.cli.bank import judge
from ledger.cli.dataset_statements import View, check_request, list_statements, sign_statement
from ledger.cli.invocation import Invocation, my_institution, this, write_result
from ledger.cli.keys import read_secret_key
from ledger.cli.offline import read_document
from ledger.cli.output import tonnes
from ledger.errors import Conflict, InputError

if TYPE_CHECKING:
    from ledger.accounting.financed.methods import Policies
    from ledger.loans.book import Book

app = typer.Typer()
MethodName = Literal["pcaf_2", "pboc_2021"]
BookArgument = Annotated[Path, typer.Argument(help="the book: CSV, Parquet or xlsx", exists=True, dir_okay=False, readable=True)]
HeadOption = Annotated[Path | None, typer.Option(help="the head of the book (lingtan.book-head/1)", exists=True, dir_okay=False)]
PoliciesOption = Annotated[Path | None, typer.Option(help="the policies of the method (JSON)", exists=True, dir_okay=False)]
MethodOption = Annotated[MethodName, typer.Option(help="the method; figures of two methods are never added")]
PeriodOption = Annotated[str, typer.Option(help="the period's id, such as 2025")]
VaultOption = Annotated[Path, typer.Option(help="the folder that computing the book wrote", exists=True, file_okay=False)]
PseudonymOption = Annotated[Path, typer.Option(help="the bank's pseudonym key, from `loans key`", exists=True, dir_okay=False)]
IdArgument = Annotated[str, typer.Argument(help="the financed statement's id")]
WaitOption = Annotated[float, typer.Option(help="how many seconds to wait for the chain; 0: do not wait", min=0)]
COLUMNS = ("id", "period", "dataset", "revision", "cause", "state", "exposure_cny", "s12", "s3", "prepared_by")


@app.command("submit")
def submit(context: typer.Context, vault: VaultOption, period: PeriodOption) -> None:
    """Hand the statement and the leaves of its groups in: no loan, no borrower, no salt. The same again changes nothing."""
    from ledger.client.lending import hand_in
    from ledger.client.vault import Vault

    run, opened = this(context), Vault.open(vault)
    with run.client() as client:
        answer = hand_in(client, my_institution(client), period, opened)
    fields = [(name, answer[name]) for name in ("id", "period", "dataset", "revision", "state", "hash", "rows", "groups", "root")]
    judge(run, answer, fields, answer["findings"], accepted=bool(answer["accepted"]))


@app.command("status")
def status(
    context: typer.Context,
    id: Annotated[str | None, typer.Argument(help="a financed statement; all without it")] = None,
    period: Annotated[str | None, typer.Option(help="of this period only")] = None,
) -> None:
    """Say how far the bank's financed statements are, or one of them in detail."""
    run = this(context)
    with run.client() as client:
        if id is not None:
            answer = client.get(f"/v1/financed/{id}")
            _show(run, answer)
            return
        items = list_statements(client, "financed", period)
    rows = [[{**item, **_figures(item["totals"])}.get(name) for name in COLUMNS] for item in items]
    run.out.table({"items": items}, COLUMNS, rows)


@app.command("sign")
def sign(
    context: typer.Context,
    id: IdArgument,
    key: Annotated[Path, typer.Option(help="the approver's encrypted key file", exists=True, dir_okay=False)],
    wait: WaitOption = 120,
) -> None:
    """Sign a financed statement with the bank's own key, after showing what is signed, and wait until it is anchored."""
    run = this(context)

    def review(view: View, request: View, document: bytes) -> None:
        check_request(view, request, document)
        if not run.out.json:
            _show(run, view)

    sign_statement(run, "financed", id, key, wait, name="financed statement", review=review)


@app.command("match")
def match(
    context: typer.Context,
    file: BookArgument,
    period: PeriodOption,
    method: MethodOption,
    pseudonym_key: PseudonymOption,
    head: HeadOption = None,
    policies: PoliciesOption = None,
) -> None:
    """Hand in the shares of companies for matching across banks; then list your exposures whose borrower is claimed more than once."""
    from ledger.accounting.financed.compute import compute_book
    from ledger.client.lending import hand_in_matching, matching_lines
    from ledger.loans.pseudonyms import PseudonymKey

    run = this(context)
    names = PseudonymKey(bytes.fromhex(read_secret_key(pseudonym_key, "pseudonym key")))
    chosen = _policies(method, policies)
    book = _read(run, file, head)
    computed = compute_book(book, chosen)
    if computed.figures is None:
        found = [finding.to_document() for finding in computed.findings(book)]
        judge(run, {"findings": found}, [("file", file)], found, accepted=False)
    with run.client() as client:
        institution = my_institution(client)
        answer = hand_in_matching(client, institution, period, method, matching_lines(book, computed.attribution, names))
        path = f"/v1/institutions/{institution}/periods/{period}/attribution-findings"
        above = list(client.get_all(path, method=method))
    exposures = dict(zip(names.exposures(book.series("exposure")).to_list(), book.series("exposure").to_list(), strict=True))
    rows = [{**item, "id": exposures.get(item["exposure"])} for item in above]
    if run.out.json:
        run.out.document({**answer, "above_one": rows})
        return
    run.out.record(answer, [(name, answer[name]) for name in ("period", "method", "version", "lines")])
    run.out.table({"items": rows}, ("code", "id", "exposure"), [(item["code"], item["id"], item["exposure"]) for item in rows])


@app.command("package")
def package(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="the zip to write")],
    id: Annotated[str | None, typer.Option(help="the financed statement: download its package, the book stays closed")] = None,
    vault: Annotated[Path | None, typer.Option(help="the book's vault, to open or disclose it", exists=True, file_okay=False)] = None,
    package: Annotated[Path | None, typer.Option(help="the downloaded package that is added to", exists=True, dir_okay=False)] = None,
    group: Annotated[list[int] | None, typer.Option("--open", help="a group to open in the package; may be repeated", min=0)] = None,
    disclose: Annotated[bool, typer.Option("--disclose", help="put every record of the book into the package")] = False,
) -> None:
    """Download the evidence package of a financed statement; or, at home, add opened groups or the whole book to it."""
    run, groups = this(context), group or []
    if id is not None and vault is None and package is None and not disclose and not groups:
        with run.client() as client:
            write_result(out, client.get_bytes(f"/v1/financed/{id}/package"))
    elif id is None and vault is not None and package is not None and disclose != bool(groups):
        _add_to_package(run, vault, package, groups, out)
    else:
        hint = "give --id to download one, or --vault and --package with --open or --disclose to add to it"
        raise InputError("which package?", hint=hint)
    size, digest = _measure(out)
    run.out.record({"file": str(out), "bytes": size, "sha256": digest}, [("file", out), ("bytes", size), ("hash", digest)])


def _add_to_package(run: Invocation, vault: Path, package: Path, groups: list[int], out: Path) -> None:
    from ledger.client.lending import disclose, open_groups
    from ledger.client.vault import Vault

    opened = Vault.open(vault)
    try:
        handle = os.open(out, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise Conflict(f"{out} is there already", hint="name another file, or move that one away") from None
    try:
        with os.fdopen(handle, "w+b") as file:
            if groups:
                open_groups(opened, package, file, groups)
            else:
                with run.out.progress((vault / "records.jsonl").stat().st_size, "writing", file=out.name) as advance:
                    disclose(opened, package, file, advance)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _policies(method: MethodName, policies: Path | None) -> Policies:
    from ledger.accounting.financed.methods import get_method

    return get_method(method).read_policies({} if policies is None else read_document(policies))


def _read(run: Invocation, file: Path, head: Path | None) -> Book:
    from ledger.cli.loans_reading import read_loans

    reading = read_loans(run, file, head)
    if reading.book is None:
        found = [finding.to_document() for finding in reading.findings]
        judge(run, {"findings": found}, [("file", file)], found, accepted=False)
        raise InputError(f"{file} cannot be read", hint="`lingtan loans check` lists every finding")
    return reading.book


def _figures(totals: dict[str, str]) -> dict[str, str]:
    if not totals:
        return {}
    cents = int(totals["exposure_cents"])
    return {
        "exposure_cny": f"{cents // 100:,}.{cents % 100:02d}",
        "s12": f"{tonnes(totals['s12_g'])} CO2e",
        "s3": f"{tonnes(totals['s3_g'])} CO2e",
    }


def _show(run: Invocation, view: dict[str, Any]) -> None:
    names = ("id", "institution", "period", "dataset", "revision", "cause", "state", "hash", "rows", "groups", "root", "prepared_by")
    run.out.record(view, [*((name, view[name]) for name in names), *_figures(view["totals"]).items()])
    run.out.findings(view["findings"])
