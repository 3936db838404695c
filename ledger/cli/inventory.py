"""`lingtan inventory compute`: an inventory from one file, without a server (spec: inventory-input)."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.bank import end_by_findings
from ledger.cli.invocation import Invocation, this, write_result
from ledger.cli.offline import read_inventory_file
from ledger.clock import SystemClock
from ledger.errors import InputError
from ledger.records import canonical

app = typer.Typer()
inventories = typer.Typer(no_args_is_help=True, help="Inventories from one file, without a server.")
app.add_typer(inventories, name="inventory", rich_help_panel="Bank")
LINE_COLUMNS = ("period", "unit", "indicator", "quantity", "factor", "tonnes")
TOTAL_COLUMNS = ("period", "scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g")


@inventories.command("compute")
def compute(
    context: typer.Context,
    input: Annotated[Path, typer.Option(help="the inventory (lingtan.inventory-input/1)", exists=True, dir_okay=False, readable=True)],
    library: Annotated[
        Path | None, typer.Option(help="a release (lingtan.library/1) to use instead of the shipped one", exists=True, dir_okay=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="also write the answer's canonical bytes to this file")] = None,
    today: Annotated[str | None, typer.Option(help="what dates in the future are told from, as 2026-01-31; the machine's day else")] = None,
) -> None:
    """Compute lines, totals, findings and analysis. Exit 1 where a finding is an error."""
    run = this(context)
    from ledger.accounting.inventory import compute_inventory, inventory_document, refused_document

    given, findings = read_inventory_file(input, library)
    answer: dict[str, Any] = refused_document(findings) if given is None else inventory_document(compute_inventory(given, _day(today)))
    data = canonical.dump(answer)
    if out is not None:
        write_result(out, data)
    if run.out.json:
        sys.stdout.write(data.decode("utf-8") + "\n")
    else:
        _show(run, answer)
    end_by_findings(run, answer["findings"], accepted=bool(answer["accepted"]))


def _day(text: str | None) -> date:
    if text is None:
        return datetime.fromtimestamp(SystemClock().now(), UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text[:40]!r} is no day", hint="write it as 2026-01-31") from None


def _show(run: Invocation, answer: dict[str, Any]) -> None:
    """Write lines, totals and findings as tables."""
    lines = [(period["id"], *_cells(line)) for period in answer["periods"] for line in period["lines"]]
    totals = [
        (period["id"], *(f"{period['totals']['tonnes'][name.removesuffix('_g')]} t" for name in TOTAL_COLUMNS[1:]))
        for period in answer["periods"]
        if period["totals"] is not None
    ]
    run.out.table(answer, LINE_COLUMNS, lines)
    run.out.table(answer, TOTAL_COLUMNS, totals)
    run.out.findings(answer["findings"])


def _cells(line: dict[str, Any]) -> tuple[str, ...]:
    column = {1: "scope1", 2: "scope2_location", 3: "scope3"}[line["scope"]]
    quantity = f"{line['quantity']['value']} {line['quantity']['unit']}"
    return (line["unit"], line["indicator"], quantity, line["factor"], f"{line['tonnes'][column]} t")
