"""Compute the inventory lines: exact inside, one rounding per line and output, to the gram (spec: method-operational-1 §4–5)."""

from __future__ import annotations

from fractions import Fraction

from ledger.accounting.methods.operational_1.factors import Decisions
from ledger.accounting.methods.operational_1.inputs import Inputs
from ledger.accounting.methods.operational_1.sources import SourceAmount, Sources
from ledger.indicators.factor import BASE_UNITS, Factor, GwpSet
from ledger.indicators.measure import Indicator
from ledger.records.activity import Amount
from ledger.records.findings import Finding
from ledger.records.statement import Gases, Line, Measures
from ledger.units import format_decimal, round_half_even

GRAMS_PER_KG = 1000
MAX_GRAMS = 2**96 - 1


def compute_lines(inputs: Inputs, sources: Sources, decisions: Decisions, gwp: GwpSet) -> tuple[tuple[Line, ...], tuple[Finding, ...]]:
    """Return the lines by (unit, indicator), and a finding for each that no sum-tree leaf can hold.

    Every indicator of `sources` must have its factor in `decisions`, serving the one dimension of the line.
    """
    lines, findings = [], []
    for (unit, name), amounts in sources.by_line.items():
        line = _line(unit, inputs.release.indicator(name), decisions.factors[name], amounts, gwp)
        if max(line.measures.as_tuple()) > MAX_GRAMS:
            params, action = {"unit": unit, "indicator": name}, "check quantity and unit"
            findings.append(Finding("LINE_TOO_LARGE", "error", amounts[0].place, action, None, "less than 2^96 g", params))
        lines.append(line)
    return tuple(sorted(lines, key=lambda line: (line.unit.encode(), line.indicator.encode()))), tuple(findings)


def _line(unit: str, indicator: Indicator, factor: Factor, amounts: tuple[SourceAmount, ...], gwp: GwpSet) -> Line:
    dimension = amounts[0].dimension
    quantity = sum((amount.quantity for amount in amounts), Fraction(0))
    gases = factor.gases(dimension)
    grams = quantity * GRAMS_PER_KG
    co2e = round_half_even(grams * gases.co2e(gwp))
    return Line(
        unit=unit,
        indicator=indicator.id,
        scope=indicator.scope,
        quantity=Amount(format_decimal(quantity), BASE_UNITS[dimension]),
        factor=factor.id,
        gases=Gases(*(round_half_even(grams * gas) for gas in (gases.co2, gases.ch4, gases.n2o))),
        measures=_measures(indicator.scope, co2e),
        quality=max(amount.quality for amount in amounts),
        sources=tuple(amount.source for amount in amounts),
    )


def _measures(scope: int, grams: int) -> Measures:
    if scope == 1:
        return Measures(scope1_g=grams)
    if scope == 2:
        return Measures(scope2_location_g=grams)
    return Measures(scope3_g=grams)
