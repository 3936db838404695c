"""Look at a whole inventory: is every unit in it, and do published figures tie out (spec: method-operational-1 §7).

Sum trees prove that a total is the sum of its parts, not that all parts are there; these checks are about the missing ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.ranges import find_range, for_people
from ledger.errors import InputError
from ledger.indicators.factor import BASE_UNITS, Factor, GwpSet
from ledger.indicators.release import Release
from ledger.records.activity import DeclaredTotal
from ledger.records.findings import Finding
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.records.statement import Line, Measures, Statement
from ledger.units import format_decimal, parse_decimal

GRAMS_PER_KG = 1000
GRAMS_PER_TONNE = 1_000_000


@dataclass(frozen=True)
class DeclaredFigure:
    """A published figure in exact grams, with its index in document order."""

    index: int
    total: DeclaredTotal
    grams: Fraction
    tolerance: Fraction

    @property
    def place(self) -> str:
        """Return the JSON pointer of the figure's value."""
        return f"/declared_totals/{self.index}/value"

    def ties_out(self, grams: Fraction | int) -> bool:
        """Tell whether computed grams are within the tolerance."""
        return abs(grams - self.grams) <= self.tolerance


def check_units_have_data(organisation: Organisation, period: Period, with_data: Collection[str]) -> tuple[Finding, ...]:
    """Return a finding for every unit but the root that was open in the period and has no data itself nor below it."""
    covered: set[str] = set()
    findings = []
    first, last = period.first_day, period.last_day
    for unit in organisation.depth_order():
        if unit.id in with_data or any(child.id in covered for child in organisation.children(unit.id)):
            covered.add(unit.id)
        elif unit.parent is not None and unit.is_open(first, last):
            action = "add its data; if it used nothing, record 0 with the reason"
            params = {"unit": unit.id, "kind": unit.kind}
            findings.append(Finding("UNIT_WITHOUT_DATA", "error", f"unit {unit.id}", action, "no line", "at least one line", params))
    return tuple(sorted(findings, key=lambda finding: finding.place))


def check_reports(statement: Statement) -> tuple[Finding, ...]:
    """Return a finding where a statement has no line: it has no leaf to commit to, and the contract records none without."""
    if statement.lines:
        return ()
    action = "add the activity and the readings of the period; if nothing was used, record 0 with the reason"
    return (Finding("NOTHING_TO_REPORT", "error", f"period {statement.period.id}", action, "no line", "at least one line"),)


def read_declared(declared: Iterable[DeclaredTotal], release: Release) -> tuple[tuple[DeclaredFigure, ...], tuple[Finding, ...]]:
    """Return the published figures in grams, and findings about units and indicators the release does not have."""
    figures, findings = [], []
    for index, total in enumerate(sorted(declared, key=lambda total: total.id)):
        place, params = f"/declared_totals/{index}", {"total": total.id, "measure": total.measure}
        unit = release.find_unit(total.unit)
        if total.indicator is not None and release.find_indicator(total.indicator) is None:
            action, expected = "use an indicator of the library", "an indicator of the library release"
            findings.append(Finding("INDICATOR_UNKNOWN", "error", f"{place}/measure", action, total.indicator, expected, params))
        if unit is None or unit.dimension != "emissions":
            action = "give the figure in tCO2e"
            findings.append(Finding("MEASURE_UNKNOWN", "error", f"{place}/unit", action, total.unit, "an emissions unit, as tCO2e", params))
            continue
        try:
            value, tolerance = parse_decimal(total.value), parse_decimal(total.tolerance)
        except InputError:
            action = "write decimal strings, as 123.456"
            findings.append(Finding("QUANTITY_INVALID", "error", f"{place}/value", action, total.value[:80], "a decimal string", params))
            continue
        grams = unit.base_units * GRAMS_PER_KG
        figures.append(DeclaredFigure(index, total, value * grams, tolerance * grams))
    return tuple(figures), tuple(findings)


def check_declared(
    figures: Iterable[DeclaredFigure],
    totals: Measures,
    lines: Collection[Line],
    factors: Mapping[str, Factor],
    release: Release,
    gwp: GwpSet,
) -> tuple[Finding, ...]:
    """Return what published figures say against the computed ones.

    `TOTAL_MISMATCH` where they differ by more than the tolerance; for a figure of one indicator also `IMPLIED_FACTOR_RANGE`, where
    no physical factor leads to it, and `FACTOR_NOT_IDENTIFIABLE`, where no factor of the release does.
    """
    findings: list[Finding] = []
    for figure in figures:
        measured = [line for line in lines if line.indicator == figure.total.indicator]
        if figure.total.indicator is None:
            computed = _total(figure.total.measure, totals)
        else:
            computed = sum(sum(line.measures.as_tuple()) for line in measured)
        if figure.ties_out(computed):
            continue
        consistent: tuple[str, ...] = ()
        if figure.total.indicator is not None and measured:
            range_findings = _check_implied(figure, measured, factors[figure.total.indicator].carrier)
            findings.extend(range_findings)
            consistent = _consistent_factors(figure, measured, release, gwp)
            if not consistent and not range_findings:
                findings.append(_not_identifiable(figure))
        findings.append(_mismatch(figure, computed, consistent))
    return tuple(findings)


def _total(measure: str, totals: Measures) -> int:
    if measure == "scope1_scope2_location_g":
        return totals.scope1_g + totals.scope2_location_g
    return totals.scope1_g if measure == "scope1_g" else totals.scope2_location_g


def _mismatch(figure: DeclaredFigure, computed: int, consistent: tuple[str, ...]) -> Finding:
    total = figure.total
    params = {
        "total": total.id,
        "measure": total.measure,
        "tolerance": f"{_tonnes(figure.tolerance)} tCO2e",
        "difference": f"{_tonnes(computed - figure.grams)} tCO2e",
        "consistent_with": ", ".join(consistent),
    }
    hint = f"; it would follow from {', '.join(consistent)}" if consistent else ""
    action = f"look for a missing or doubled part, or correct the published figure{hint}"
    expected = f"{_tonnes(figure.grams)} ± {_tonnes(figure.tolerance)} tCO2e"
    return Finding("TOTAL_MISMATCH", "error", figure.place, action, f"{_tonnes(Fraction(computed))} tCO2e", expected, params)


def _check_implied(figure: DeclaredFigure, lines: list[Line], carrier: str) -> list[Finding]:
    quantity = _common_quantity(lines)
    if quantity is None:
        return []
    dimension, amount = quantity
    bounds = find_range(carrier, dimension)
    kilograms = amount * GRAMS_PER_KG
    if bounds is None or kilograms == 0:
        return []
    low, high = (figure.grams - figure.tolerance) / kilograms, (figure.grams + figure.tolerance) / kilograms
    if low <= bounds.high and high >= bounds.low:
        return []
    implied = for_people(figure.grams / kilograms)
    params = {"total": figure.total.id, "measure": figure.total.measure, "carrier": carrier, "implied": implied}
    action = "check the unit and the decimal point of the quantity and of the published figure"
    return [Finding("IMPLIED_FACTOR_RANGE", "error", figure.place, action, f"{implied} {bounds.unit}", bounds.text, params)]


def _consistent_factors(figure: DeclaredFigure, lines: list[Line], release: Release, gwp: GwpSet) -> tuple[str, ...]:
    """Return the admitted factors of the release that reproduce the figure within its tolerance."""
    quantity, indicator = _common_quantity(lines), release.indicator(lines[0].indicator)
    if quantity is None:
        return ()
    dimension, amount = quantity
    return tuple(
        factor.id
        for factor in release.factors
        if indicator.admits_factor(factor)
        and factor.serves(dimension)
        and figure.ties_out(amount * GRAMS_PER_KG * factor.gases(dimension).co2e(gwp))
    )


def _not_identifiable(figure: DeclaredFigure) -> Finding:
    params = {"total": figure.total.id, "measure": figure.total.measure}
    action = "name the factor behind the published figure, with its document"
    return Finding("FACTOR_NOT_IDENTIFIABLE", "warning", figure.place, action, "no factor", "a factor of the release", params)


def _common_quantity(lines: list[Line]) -> tuple[str, Fraction] | None:
    """Return (dimension, quantity) of lines in one base unit, or None where they have several."""
    units = {line.quantity.unit for line in lines}
    if len(units) != 1:
        return None
    unit = units.pop()
    dimension = next(dimension for dimension, base in BASE_UNITS.items() if base == unit)
    return dimension, sum((line.quantity.exact for line in lines), Fraction(0))


def _tonnes(grams: Fraction) -> str:
    return format_decimal(Fraction(round(grams), GRAMS_PER_TONNE))
