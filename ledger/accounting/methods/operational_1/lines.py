"""Compute the inventory lines: exact inside, one rounding per line and output, to the gram (spec: method-operational-1 §4–5)."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class GramRates:
    """Exact grams of CO2, CH4, N2O and of CO2e per base unit; the same for every line with one factor and dimension."""

    gases: tuple[Fraction, Fraction, Fraction]
    co2e: Fraction

    @classmethod
    def of(cls, factor: Factor, dimension: str, gwp: GwpSet) -> GramRates:
        """Return the rates of a factor that serves `dimension`."""
        gases = factor.gases(dimension)
        co2, ch4, n2o = (GRAMS_PER_KG * gas for gas in (gases.co2, gases.ch4, gases.n2o))
        return cls((co2, ch4, n2o), GRAMS_PER_KG * gases.co2e(gwp))


def compute_lines(inputs: Inputs, sources: Sources, decisions: Decisions, gwp: GwpSet) -> tuple[tuple[Line, ...], tuple[Finding, ...]]:
    """Return the lines by (unit, indicator), and a finding for each that no sum-tree leaf can hold.

    Every indicator of `sources` must have its factor in `decisions`, serving the one dimension of the line.
    """
    lines, findings = [], []
    rates: dict[tuple[str, str], GramRates] = {}
    for (unit, name), amounts in sources.by_line.items():
        factor, dimension = decisions.factors[name], amounts[0].dimension
        if (factor.id, dimension) not in rates:
            rates[factor.id, dimension] = GramRates.of(factor, dimension, gwp)
        line = _line(unit, inputs.release.indicator(name), factor, amounts, rates[factor.id, dimension])
        if max(line.measures.as_tuple()) > MAX_GRAMS:
            params, action = {"unit": unit, "indicator": name}, "check quantity and unit"
            findings.append(Finding("LINE_TOO_LARGE", "error", amounts[0].place, action, None, "less than 2^96 g", params))
        lines.append(line)
    return tuple(sorted(lines, key=lambda line: (line.unit.encode(), line.indicator.encode()))), tuple(findings)


def _line(unit: str, indicator: Indicator, factor: Factor, amounts: tuple[SourceAmount, ...], rates: GramRates) -> Line:
    quantity = sum((amount.quantity for amount in amounts), Fraction(0))
    return Line(
        unit=unit,
        indicator=indicator.id,
        scope=indicator.scope,
        quantity=Amount(format_decimal(quantity), BASE_UNITS[amounts[0].dimension]),
        factor=factor.id,
        gases=Gases(*(round_half_even(quantity * rate) for rate in rates.gases)),
        measures=_measures(indicator.scope, round_half_even(quantity * rates.co2e)),
        quality=max(amount.quality for amount in amounts),
        sources=tuple(amount.source for amount in amounts),
    )


def _measures(scope: int, grams: int) -> Measures:
    if scope == 1:
        return Measures(scope1_g=grams)
    if scope == 2:
        return Measures(scope2_location_g=grams)
    return Measures(scope3_g=grams)
