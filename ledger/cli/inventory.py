"""`lingtan inventory compute`: an inventory from one file, without a server (spec: inventory-input)."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ledger.cli.bank import end_by_findings
from ledger.cli.invocation import Invocation, this, write_result
from ledger.cli.offline import read_inventory_file, read_release
from ledger.clock import SystemClock
from ledger.errors import InputError
from ledger.records import canonical

if TYPE_CHECKING:
    from ledger.indicators.factor import Factor
    from ledger.indicators.measure import Indicator
    from ledger.indicators.release import Release

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


@inventories.command("names")
def names(
    context: typer.Context,
    kind: Annotated[Literal["indicators", "factors", "measures", "gwp-sets"], typer.Argument(help="what a file may name")],
    indicator: Annotated[str | None, typer.Option(help="only the factors that this indicator admits")] = None,
    library: Annotated[Path | None, typer.Option(help="a release instead of the shipped one", exists=True, dir_okay=False)] = None,
) -> None:
    """List what an inventory may name: indicators, factors with their values, units of measure, GWP sets."""
    run = this(context)
    release = read_release(library)
    admits = None if indicator is None else release.indicator(indicator)
    columns, rows = _names(kind, release, admits, run.out.language)
    run.out.table({"items": [dict(zip(columns, row, strict=True)) for row in rows]}, columns, rows)


def _names(kind: str, release: Release, admits: Indicator | None, language: str) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    from ledger.indicators.factor import BASE_UNITS

    if kind == "indicators":
        indicators = ((item.id, item.scope, BASE_UNITS[item.dimension], item.name.in_language(language)) for item in release.indicators)
        return ("id", "scope", "unit", "name"), list(indicators)
    if kind == "measures":
        return ("id", "names", "kind"), [(unit.code, " ".join(unit.aliases), unit.dimension) for unit in release.units]
    if kind == "gwp-sets":
        return ("id", "CH4", "N2O"), [(gwp.id, gwp.values["CH4"], gwp.values["N2O"]) for gwp in release.gwp_sets]
    factors = [item for item in release.factors if admits is None or admits.admits_factor(item) or admits.admits_factor(item, "market")]
    columns = ("id", "value", "unit", "kind", "region", "data_year", "document")
    return columns, [(item.id, _value(item), item.unit, item.kind, item.region, item.data_year, item.document) for item in factors]


def _value(factor: Factor) -> str:
    """Return the value, for a fuel the kg CO2 per `per`, for a refrigerant its parts."""
    from ledger.accounting.validators.ranges import for_people
    from ledger.indicators.factor import BASE_UNITS

    if factor.fuel is None:
        return factor.value or " + ".join(f"{item.share} {item.gas}" for item in factor.blend or ())
    dimension = next(dimension for dimension, unit in BASE_UNITS.items() if unit == factor.fuel.per)
    return for_people(factor.gases(dimension).amounts["CO2"])


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
