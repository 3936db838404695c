"""Decide the factor of each indicator: the bank's choice, else the release's selection (spec: method-operational-1 §3, §7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.accounting.methods.operational_1.inputs import Inputs
from ledger.accounting.methods.operational_1.sources import Sources
from ledger.accounting.ranges import find_range, for_people
from ledger.indicators.factor import BASE_UNITS, Factor, GwpSet
from ledger.indicators.measure import Indicator
from ledger.records.findings import Finding

MAX_LAG_YEARS = 2


@dataclass(frozen=True)
class Decisions:
    """The factor of each used indicator that has one, and the findings about factors."""

    factors: dict[str, Factor]
    findings: tuple[Finding, ...]


def decide(inputs: Inputs, sources: Sources, gwp: GwpSet) -> Decisions:
    """Return the factor of every indicator that has sources, and what is wrong with choices and factors."""
    findings = list(_check_choices(inputs))
    chosen = {choice.indicator: choice.factor for choice in inputs.activity.factor_choices}
    factors: dict[str, Factor] = {}
    year = inputs.period.first_day.year
    for id in sorted({indicator for _, indicator in sources.by_line}):
        indicator = inputs.release.find_indicator(id)
        if indicator is None:
            continue
        factor = inputs.release.find_factor(chosen[id]) if id in chosen else _selected(inputs, id, year, findings)
        if factor is None or not indicator.admits_factor(factor):
            continue
        bases = list(_check_bases(factor, id, sources))
        findings.extend([*bases, *_check_age(factor, id, year), *_check_confidence(factor, id)])
        if not bases:
            factors[id] = factor
            findings.extend(_check_range(factor, indicator, sources, gwp))
    return Decisions(factors, tuple(findings))


def _selected(inputs: Inputs, indicator: str, year: int, findings: list[Finding]) -> Factor | None:
    region = inputs.organisation.region
    factor = inputs.release.find_selected(indicator, region, year)
    if factor is None:
        params = {"indicator": indicator, "region": region, "year": str(year)}
        action = "name the factor in the factor choices, with its reason"
        got, expected = "none selected", f"a rule for {region} {year}, or a choice"
        findings.append(Finding("FACTOR_NOT_FOUND", "error", "/factor_choices", action, got, expected, params))
    return factor


def _check_choices(inputs: Inputs) -> Iterable[Finding]:
    seen: set[str] = set()
    for index, choice in enumerate(sorted(inputs.activity.factor_choices, key=lambda choice: choice.indicator)):
        place, params = f"/factor_choices/{index}", {"indicator": choice.indicator, "factor": choice.factor}
        indicator, factor = inputs.release.find_indicator(choice.indicator), inputs.release.find_factor(choice.factor)
        if choice.indicator in seen:
            action = "keep one choice per indicator"
            yield Finding("FACTOR_CHOICE_TWICE", "error", f"{place}/indicator", action, choice.indicator, "each indicator once", params)
        seen.add(choice.indicator)
        if indicator is None:
            action, expected = "use an indicator of the library", "an indicator of the library release"
            yield Finding("INDICATOR_UNKNOWN", "error", f"{place}/indicator", action, choice.indicator, expected, params)
        if factor is None:
            action, expected = "choose a factor of the release, or have it added to the next one", f"a factor of {inputs.release.release}"
            yield Finding("FACTOR_UNKNOWN", "error", f"{place}/factor", action, choice.factor, expected, params)
        if indicator is not None and factor is not None and not indicator.admits_factor(factor):
            got, expected = f"{factor.kind} of {factor.carrier}", f"{' or '.join(indicator.factor_kinds)} of {indicator.carrier}"
            action = "choose a factor of a kind made for this use"
            yield Finding("FACTOR_NOT_ADMITTED", "error", f"{place}/factor", action, got, expected, params)


def _check_bases(factor: Factor, indicator: str, sources: Sources) -> Iterable[Finding]:
    refused: set[str] = set()
    for (unit, name), amounts in sources.by_line.items():
        for amount in amounts:
            if name == indicator and amount.dimension not in refused and not factor.serves(amount.dimension):
                refused.add(amount.dimension)
                params = {"indicator": indicator, "factor": factor.id, "unit": unit}
                action = "give the quantity in the factor's unit, or choose a factor with a density"
                place, got = f"{amount.place}/quantity/unit", BASE_UNITS[amount.dimension]
                yield Finding("FACTOR_BASE_WRONG", "error", place, action, got, f"activity for {factor.unit}", params)


def _check_age(factor: Factor, indicator: str, year: int) -> Iterable[Finding]:
    if factor.data_year is not None and not 0 <= year - factor.data_year <= MAX_LAG_YEARS:
        params = {"indicator": indicator, "factor": factor.id, "data_year": str(factor.data_year), "year": str(year)}
        action, expected = "check whether a factor of a nearer year was published", f"{year - MAX_LAG_YEARS} to {year}"
        yield Finding("FACTOR_DATA_YEAR", "warning", "/factor_choices", action, str(factor.data_year), expected, params)


def _check_confidence(factor: Factor, indicator: str) -> Iterable[Finding]:
    if factor.confidence in ("S", "M"):
        params = {"indicator": indicator, "factor": factor.id, "confidence": factor.confidence}
        action = "check the factor against the official text before you sign"
        got = "one secondary source" if factor.confidence == "S" else "from memory"
        yield Finding("FACTOR_UNCONFIRMED", "warning", "/factor_choices", action, got, "read in the publication", params)


def _check_range(factor: Factor, indicator: Indicator, sources: Sources, gwp: GwpSet) -> Iterable[Finding]:
    dimensions = sorted({amount.dimension for (_, name), amounts in sources.by_line.items() if name == indicator.id for amount in amounts})
    for dimension in dimensions:
        bounds = find_range(factor.carrier, dimension)
        implied = factor.gases(dimension).co2e(gwp)
        if bounds is not None and not bounds.low <= implied <= bounds.high:
            params = {"indicator": indicator.id, "factor": factor.id}
            action = "have the factor corrected in the library: it cannot be right"
            got, place = f"{for_people(implied)} {bounds.unit}", "/factor_choices"
            yield Finding("IMPLIED_FACTOR_RANGE", "error", place, action, got, bounds.text, params)
