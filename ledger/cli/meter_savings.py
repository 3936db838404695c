"""`lingtan meter savings`: the savings of a project from one file, without a server (spec: savings)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.bank import end_by_findings
from ledger.cli.invocation import Invocation, this, write_result
from ledger.clock import SystemClock
from ledger.errors import InputError, MalformedDocument
from ledger.records import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DOCUMENT = 64 << 20
MAX_FILE = 512 << 20
ROW_COLUMNS = ("period", "claimed_days", "base_wh", "reporting_wh", "routine_wh", "non_routine_wh", "savings_wh")
PV_COLUMNS = ("period", "claimed_days", "generation_wh", "exported_wh", "self_used_wh")
MODEL_COLUMNS = ("term", "wh", "t", "p")


def register(group: typer.Typer) -> None:
    """Add the command to `lingtan meter`."""
    group.command("savings")(savings)


def savings(
    context: typer.Context,
    input: Annotated[Path, typer.Option(help="the project (lingtan.savings/1)", exists=True, dir_okay=False, readable=True)],
    out: Annotated[Path | None, typer.Option(help="also write the answer's canonical bytes to this file")] = None,
    line: Annotated[Path | None, typer.Option(help="write the line for REDUCTIONS (lingtan.reduction/1) to this file")] = None,
) -> None:
    """Compute what a retrofit or a PV plant saved (IPMVP options A, B, C). Exit 1 where nothing may be claimed."""
    run = this(context)
    from ledger.savings import compute, load_savings, read_savings, refused_savings_document, savings_document

    if input.stat().st_size > MAX_DOCUMENT:
        raise MalformedDocument(f"{input} is larger than {MAX_DOCUMENT >> 20} MiB", hint="put readings into CSV files beside it")
    try:
        document = load_savings(input.read_bytes())
    except MalformedDocument as error:
        raise MalformedDocument(f"{input}: {error}", hint=error.hint or "correct the file at this place") from error
    given, findings = read_savings(document, files_beside(input), SystemClock().now())
    answer: dict[str, Any] = refused_savings_document(findings) if given is None else savings_document(compute(given, findings))
    data = canonical.dump(answer)
    if out is not None:
        write_result(out, data)
    if line is not None and answer["reduction"] is not None:
        write_result(line, canonical.dump(answer["reduction"]))
    if run.out.json:
        sys.stdout.write(data.decode("utf-8") + "\n")
    else:
        _show(run, answer)
    end_by_findings(run, answer["findings"], accepted=bool(answer["accepted"]))


def files_beside(document: Path) -> Callable[[str], bytes]:
    """Return what reads a file by the name that a document has for it: relative names are beside the document."""

    def read(name: str) -> bytes:
        path = document.parent / name
        if path.stat().st_size > MAX_FILE:
            raise InputError(f"{path} is larger than {MAX_FILE >> 20} MiB")
        return path.read_bytes()

    return read


def _show(run: Invocation, answer: dict[str, Any]) -> None:
    """Write rows and totals, the model, the line and the findings as tables."""
    if answer["totals"] is not None:
        columns = PV_COLUMNS if answer["kind"] == "pv" else ROW_COLUMNS
        total = {"period": run.out.say("savings_total"), **answer["totals"]}
        run.out.table(answer, columns, [[_cell(row.get(name)) for name in columns] for row in [*answer["rows"], total]])
    model = answer["model"]
    if model is not None:
        run.out.heading("savings_model")
        run.out.table(answer, MODEL_COLUMNS, [[item[name] for name in MODEL_COLUMNS] for item in model["coefficients"]])
        run.out.record(model, [(name, value) for name, value in {"base_c": model["base_c"], **model["statistics"]}.items()])
    if answer["uncertainty"] is not None:
        run.out.record(answer, [(f"uncertainty_{name}", value) for name, value in answer["uncertainty"].items()])
    reduction = answer["reduction"]
    if reduction is not None:
        run.out.heading("savings_line")
        names = ("avoided_g", "saved_wh", "self_used_wh", "exported_wh")
        run.out.record(reduction, [("id", reduction["id"]), *((name, _cell(reduction[name])) for name in names)])
    run.out.findings(answer["findings"])


def _cell(value: object) -> str:
    """Return Wh or g with separators; anything else as it is."""
    text = "" if value is None else str(value)
    return f"{int(text):,}" if text.removeprefix("-").isdigit() else text
