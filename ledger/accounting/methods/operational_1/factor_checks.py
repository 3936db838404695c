"""Check a factor against the indicator and the lines it is for (spec: method-operational-1 §3–5, §9)."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.accounting.methods.operational_1.inputs import Inputs
from ledger.accounting.methods.operational_1.sources import SourceAmount, Sources
from ledger.accounting.validators.ranges import find_range, for_people
from ledger.indicators.factor import BASE_UNITS, Factor, GwpSet
from ledger.indicators.measure import Indicator
from ledger.records.findings import Finding


def check_permitted(inputs: Inputs, factor: Factor, indicator: Indicator, use: str, place: str) -> Iterable[Finding]:
    """Yield what forbids this institution the factor for the indicator and use: its kind, its carrier, its owner."""
    params = {"indicator": indicator.id, "use": use, "factor": factor.id}
    if not indicator.admits_factor(factor, use):
        kinds = " or ".join(indicator.admitted_kinds(use)) or f"no factor for use {use}"
        got, expected = f"{factor.kind} of {factor.carrier}", f"{kinds} of {indicator.carrier}"
        yield Finding("FACTOR_NOT_ADMITTED", "error", place, "choose a factor of a kind made for this use", got, expected, params)
    if factor.owner not in (None, inputs.organisation.institution):
        action = "choose a factor that is everybody's, or have one of your own accepted"
        got, expected = f"a local factor of {factor.owner}", f"a factor of everybody, or of {inputs.organisation.institution}"
        yield Finding("FACTOR_OF_ANOTHER", "error", place, action, got, expected, params)


def check_factor(inputs: Inputs, sources: Sources, factor: Factor, indicator: Indicator, use: str, gwp: GwpSet | None) -> Iterable[Finding]:
    """Yield what is wrong with a permitted factor for the lines of an indicator, and what its user should know of it."""
    params = {"indicator": indicator.id, "use": use, "factor": factor.id}
    served: list[str] = []
    for dimension, unit, amount in sources.dimensions(indicator.id):
        if factor.serves(dimension):
            served.append(dimension)
        else:
            yield _base_wrong(factor, dimension, amount, {**params, "unit": unit})
    yield from _check_age(inputs, factor, params)
    yield from _check_confidence(factor, params)
    if gwp is None:
        return
    unknown = sorted({gas for dimension in served for gas in factor.gases(dimension).amounts if gwp.find(gas) is None}, key=str.encode)
    for gas in unknown:
        action, expected = "choose a GWP set that knows the gas, or have its value added to the library", f"a gas of the GWP set {gwp.id}"
        yield Finding("GAS_WITHOUT_GWP", "error", "/gwp", action, gas, expected, {**params, "gas": gas, "gwp": gwp.id})
    if not unknown:
        yield from _check_range(factor, sorted(served), gwp, params)


def _base_wrong(factor: Factor, dimension: str, amount: SourceAmount, params: dict[str, str]) -> Finding:
    action = "give the quantity in the factor's unit, or choose a factor with a density"
    place = amount.place if amount.source.kind == "meter" else f"{amount.place}/quantity/unit"
    return Finding("FACTOR_BASE_WRONG", "error", place, action, BASE_UNITS[dimension], f"activity for {factor.unit}", params)


def _place(params: dict[str, str]) -> str:
    """Return which decision the finding is about, so that each can be answered on its own."""
    return f"factor {params['factor']} for {params['indicator']} {params['use']}"


def _check_age(inputs: Inputs, factor: Factor, params: dict[str, str]) -> Iterable[Finding]:
    year, lag = inputs.period.first_day.year, inputs.release.policies.max_lag_years
    if factor.data_year is not None and not 0 <= year - factor.data_year <= lag:
        action, expected = "check whether a factor of a nearer year was published", f"{year - lag} to {year}"
        facts = {**params, "data_year": str(factor.data_year), "year": str(year)}
        yield Finding("FACTOR_DATA_YEAR", "warning", _place(params), action, str(factor.data_year), expected, facts)


def _check_confidence(factor: Factor, params: dict[str, str]) -> Iterable[Finding]:
    if factor.confidence in ("S", "M"):
        action = "check the factor against the official text before you sign"
        got = "one secondary source" if factor.confidence == "S" else "from memory"
        facts = {**params, "confidence": factor.confidence}
        yield Finding("FACTOR_UNCONFIRMED", "warning", _place(params), action, got, "read in the publication", facts)


def _check_range(factor: Factor, dimensions: Iterable[str], gwp: GwpSet, params: dict[str, str]) -> Iterable[Finding]:
    for dimension in dimensions:
        bounds = find_range(factor.carrier, dimension)
        implied = factor.gases(dimension).co2e(gwp)
        if bounds is not None and not bounds.low <= implied <= bounds.high:
            action = "have the factor corrected in the library: it cannot be right"
            got, place = f"{for_people(implied)} {bounds.unit}", "/factor_choices"
            yield Finding("IMPLIED_FACTOR_RANGE", "error", place, action, got, bounds.text, params)
