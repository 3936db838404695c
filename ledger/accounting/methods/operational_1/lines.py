"""Compute the inventory lines: exact inside, one rounding per line and output, to the gram (spec: method-operational-1 §4–7)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.methods.operational_1.factors import Decisions
from ledger.accounting.methods.operational_1.inputs import Inputs
from ledger.accounting.methods.operational_1.instruments import CoveringInstrument
from ledger.accounting.methods.operational_1.market import Coverage, cover
from ledger.accounting.methods.operational_1.sources import LineKey, SourceAmount, Sources
from ledger.accounting.methods.operational_1.uncertainty import activity_uncertainty
from ledger.indicators.factor import BASE_UNITS, Factor, GwpSet
from ledger.indicators.release import Release
from ledger.records.activity import Amount
from ledger.records.findings import Finding
from ledger.records.statement import GasAmount, Gases, Line, LineUncertainty, MarketBased, Measures
from ledger.units import format_decimal, round_half_even

GRAMS_PER_KG = 1000
MAX_GRAMS = 2**96 - 1
_NAMED_GASES = ("CO2", "CH4", "N2O")


@dataclass(frozen=True)
class GramRates:
    """Exact grams of each gas and of CO2e per base unit; the same for every line with one factor and dimension."""

    named: tuple[Fraction, Fraction, Fraction]
    others: tuple[tuple[str, Fraction], ...]
    co2e: Fraction

    @classmethod
    def of(cls, factor: Factor, dimension: str, gwp: GwpSet) -> GramRates:
        """Return the rates of a factor that serves `dimension`, whose gases the GWP set knows."""
        gases = factor.gases(dimension)
        co2, ch4, n2o = (GRAMS_PER_KG * gases.amounts[gas] for gas in _NAMED_GASES)
        others = sorted((gas for gas in gases.amounts if gas not in _NAMED_GASES), key=str.encode)
        return cls((co2, ch4, n2o), tuple((gas, GRAMS_PER_KG * gases.amounts[gas]) for gas in others), GRAMS_PER_KG * gases.co2e(gwp))


def compute_lines(
    inputs: Inputs, sources: Sources, decisions: Decisions, instruments: tuple[CoveringInstrument, ...], gwp: GwpSet
) -> tuple[tuple[Line, ...], tuple[Finding, ...]]:
    """Return the lines by (unit, indicator), and findings: instruments with a surplus, and lines that no sum-tree leaf can hold.

    Every indicator of `sources` must have its factors in `decisions`, serving the one dimension of the line.
    """
    quantities = {key: sum((amount.quantity for amount in amounts), Fraction(0)) for key, amounts in sources.by_line.items()}
    consumption = {key: quantity for key, quantity in quantities.items() if key[1] in decisions.market}
    coverage, surplus = cover(instruments, consumption, inputs.tree)
    lines, findings = [], list(surplus)
    rates: dict[tuple[str, str], GramRates] = {}
    for key, amounts in sources.by_line.items():
        factor, dimension = decisions.location[key[1]], amounts[0].dimension
        if (factor.id, dimension) not in rates:
            rates[factor.id, dimension] = GramRates.of(factor, dimension, gwp)
        market = None
        if key in coverage:
            market = _market(coverage[key], quantities[key], decisions.market[key[1]], gwp)
        line = _line(key, amounts, quantities[key], factor, rates[factor.id, dimension], market, inputs.release)
        if max(line.measures.as_tuple()) > MAX_GRAMS:
            params, action = {"unit": key[0], "indicator": key[1]}, "check quantity and unit"
            findings.append(Finding("LINE_TOO_LARGE", "error", amounts[0].place, action, None, "less than 2^96 g", params))
        lines.append(line)
    return tuple(lines), tuple(findings)


def _market(coverage: Coverage, kwh: Fraction, factor: Factor, gwp: GwpSet) -> tuple[MarketBased, int]:
    residual = factor.gases("electricity").co2e(gwp)
    return coverage.document(factor.id, kwh), round_half_even(coverage.grams(kwh, residual))


def _line(
    key: LineKey,
    amounts: tuple[SourceAmount, ...],
    quantity: Fraction,
    factor: Factor,
    rates: GramRates,
    market: tuple[MarketBased, int] | None,
    release: Release,
) -> Line:
    indicator = release.indicator(key[1])
    grams = round_half_even(quantity * rates.co2e)
    factor_bp = factor.uncertainty_bp
    if factor_bp is None:
        factor_bp = release.policies.factor_uncertainty_bp[factor.confidence]
    return Line(
        unit=key[0],
        indicator=indicator.id,
        scope=indicator.scope,
        quantity=Amount(format_decimal(quantity), BASE_UNITS[amounts[0].dimension]),
        factor=factor.id,
        gases=Gases(*(round_half_even(quantity * rate) for rate in rates.named)),
        fluorinated=tuple(GasAmount(gas, round_half_even(quantity * rate)) for gas, rate in rates.others),
        market=None if market is None else market[0],
        measures=_measures(indicator.scope, grams, grams if market is None else market[1]),
        quality=max(amount.quality for amount in amounts),
        uncertainty=LineUncertainty(activity_uncertainty(amounts), factor_bp),
        sources=tuple(amount.source for amount in amounts),
    )


def _measures(scope: int, grams: int, market_grams: int) -> Measures:
    if scope == 1:
        return Measures(scope1_g=grams)
    if scope == 2:
        return Measures(scope2_location_g=grams, scope2_market_g=market_grams)
    return Measures(scope3_g=grams)
