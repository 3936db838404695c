"""The answer `lingtan.inventory/1`: lines, totals, units, findings and analysis of every period (spec: inventory-input §7)."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from ledger.accounting.inventory.reading import InventoryInput
from ledger.accounting.inventory.run import InventoryResult, PeriodResult
from ledger.accounting.methods.operational_1 import METHOD
from ledger.accounting.validators.figures import COLUMNS, GRAMS_PER_TONNE
from ledger.indicators.factor import BASE_UNITS
from ledger.records.findings import Finding, has_errors
from ledger.records.statement import Line, Measures, Statement
from ledger.units import format_decimal

SCHEMA = "lingtan.inventory/1"
RATE_DECIMALS = 10
_DIMENSIONS = {unit: dimension for dimension, unit in BASE_UNITS.items()}


def inventory_document(result: InventoryResult) -> dict[str, object]:
    """Return the answer to an input that could be read; equal inputs give equal canonical bytes."""
    given = result.given
    periods = [_period(period, given) for period in result.periods]
    findings = [_finding(finding, None) for finding in result.findings]
    findings += [_finding(finding, period.given.period.id) for period in result.periods for finding in period.findings]
    document: dict[str, object] = {
        "schema": SCHEMA,
        "accepted": result.is_clean,
        "input": given.hash,
        "institution": given.organisation.institution,
        "organisation": given.organisation.digest(),
        "library": {
            "release": given.base.release,
            "hash": given.base.hash,
            "local": [factor.id for factor in given.release.factors if given.base.find_factor(factor.id) is None],
            "effective": given.release.hash,
        },
        "gwp": given.gwp,
        "method": METHOD,
        "periods": periods,
        "analysis": result.analysis,
        "findings": findings,
    }
    if given.is_single:
        document |= {name: periods[0][name] for name in ("lines", "totals", "units")}
    return document


def refused_document(findings: Iterable[Finding]) -> dict[str, object]:
    """Return the answer to an input that could not be read: findings alone."""
    known = tuple(findings)
    return {
        "schema": SCHEMA,
        "accepted": not has_errors(known),
        "periods": [],
        "analysis": None,
        "findings": [_finding(finding, None) for finding in known],
    }


def tonnes_of(grams: int) -> str:
    """Return grams as exact tonnes, as `2884.828541`."""
    return format_decimal(Fraction(grams, GRAMS_PER_TONNE))


def totals_document(measures: Measures) -> dict[str, object]:
    """Return the four columns and their four sums in grams, and the same in tonnes."""
    grams = {name: sum(int(getattr(measures, column)) for column in columns) for name, columns in COLUMNS.items()}
    texts: dict[str, object] = {name: str(value) for name, value in grams.items()}
    return texts | {"tonnes": {name.removesuffix("_g"): tonnes_of(value) for name, value in grams.items()}}


def _finding(finding: Finding, period: str | None) -> dict[str, object]:
    return {**finding.to_document(), "period": period}


def _period(result: PeriodResult, given: InventoryInput) -> dict[str, object]:
    period, statement = result.given.period, result.statement
    rates = _rates(statement, given)
    lines = [] if statement is None else [_line(line, rates[line.factor, line.quantity.unit]) for line in statement.lines]
    return {
        "id": period.id,
        "start": period.first_day.isoformat(),
        "end": period.last_day.isoformat(),
        "accepted": not has_errors(result.findings),
        "statement": result.hash,
        "lines": lines,
        "totals": None if statement is None else totals_document(statement.totals),
        "units": [] if statement is None else _units(statement, result, given),
        "findings": [_finding(finding, period.id) for finding in result.findings],
    }


def _rates(statement: Statement | None, given: InventoryInput) -> dict[tuple[str, str], str]:
    """Return kg CO2e per base unit, rounded for people, by (factor, base unit)."""
    gwp, found = given.release.gwp_set(given.gwp), {}
    for line in () if statement is None else statement.lines:
        key = (line.factor, line.quantity.unit)
        if key not in found:
            rate = given.release.factor(line.factor).gases(_DIMENSIONS[line.quantity.unit]).co2e(gwp)
            found[key] = format_decimal(Fraction(round(rate * 10**RATE_DECIMALS), 10**RATE_DECIMALS))
    return found


def _line(line: Line, rate: str) -> dict[str, object]:
    document = line.to_document()
    document.pop("schema", None)
    columns = {name: int(getattr(line.measures, f"{name}_g")) for name in ("scope1", "scope2_location", "scope2_market", "scope3")}
    return {
        **document,
        "rate": {"value": rate, "unit": f"kgCO2e/{line.quantity.unit}"},
        "tonnes": {name: tonnes_of(grams) for name, grams in columns.items()},
    }


def _units(statement: Statement, result: PeriodResult, given: InventoryInput) -> list[object]:
    tree = given.organisation.tree(result.given.period.last_day)
    found: list[object] = []
    for item in statement.rollup:
        parent = tree.parent(item.unit)
        own, total = totals_document(item.own), totals_document(item.total)
        found.append({"unit": item.unit, "parent": None if parent is None else parent.id, "own": own, "total": total})
    return found
