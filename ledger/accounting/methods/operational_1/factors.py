"""Decide the factor of each indicator and use: the bank's choice, else the release's selection (spec: method-operational-1 §3, §9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ledger.accounting.methods.operational_1.factor_checks import check_factor, check_permitted
from ledger.accounting.methods.operational_1.inputs import Inputs
from ledger.accounting.methods.operational_1.sources import Sources
from ledger.indicators.factor import Factor, GwpSet
from ledger.indicators.measure import Indicator
from ledger.records.findings import Finding

LOCATION = "location"
MARKET = "market"


@dataclass(frozen=True)
class Decisions:
    """The factor of each used indicator by use, where it has one that serves, and the findings about factors."""

    location: Mapping[str, Factor] = field(default_factory=dict)
    market: Mapping[str, Factor] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def decide(inputs: Inputs, sources: Sources, gwp: GwpSet | None) -> Decisions:
    """Return the factors of every indicator that has sources, and what is wrong with choices and factors.

    Indicators with market_kinds need one for use market too. Without a GWP set nothing is said about CO2e.
    """
    findings = list(_check_choices(inputs))
    decided: dict[str, dict[str, Factor]] = {LOCATION: {}, MARKET: {}}
    for id in sorted({indicator for _, indicator in sources.by_line}, key=str.encode):
        indicator = inputs.release.find_indicator(id)
        if indicator is None:
            continue
        for use in (LOCATION, MARKET) if indicator.market_kinds else (LOCATION,):
            factor, problems = _decide(inputs, indicator, use)
            if factor is not None and not problems:
                problems.extend(check_factor(inputs, sources, factor, indicator, use, gwp))
                decided[use][id] = factor
            findings.extend(problems)
    return Decisions(decided[LOCATION], decided[MARKET], tuple(findings))


def _decide(inputs: Inputs, indicator: Indicator, use: str) -> tuple[Factor | None, list[Finding]]:
    """Return the factor and what forbids it. Choices are checked whether used or not, so of those nothing is said again."""
    for choice in inputs.activity.factor_choices:
        if (choice.indicator, choice.use) == (indicator.id, use):
            chosen = inputs.release.find_factor(choice.factor)
            permitted = chosen is not None and not any(check_permitted(inputs, chosen, indicator, use, "/factor_choices"))
            return (chosen if permitted else None), []
    region, year = inputs.organisation.region, inputs.period.first_day.year
    factor = inputs.release.find_selected(indicator.id, region, year, use)
    if factor is not None:
        return factor, list(check_permitted(inputs, factor, indicator, use, "/factor_choices"))
    params = {"indicator": indicator.id, "use": use, "region": region, "year": str(year)}
    action = "name the factor in the factor choices, with its reason"
    got, expected = f"none selected for use {use}", f"a rule for {region} {year}, or a choice"
    return None, [Finding("FACTOR_NOT_FOUND", "error", "/factor_choices", action, got, expected, params)]


def _check_choices(inputs: Inputs) -> Iterable[Finding]:
    seen: set[tuple[str, str]] = set()
    choices = sorted(inputs.activity.factor_choices, key=lambda choice: (choice.indicator.encode(), choice.use.encode()))
    for index, choice in enumerate(choices):
        place = f"/factor_choices/{index}"
        params = {"indicator": choice.indicator, "use": choice.use, "factor": choice.factor}
        indicator, factor = inputs.release.find_indicator(choice.indicator), inputs.release.find_factor(choice.factor)
        if (choice.indicator, choice.use) in seen:
            action, expected = "keep one choice per indicator and use", "each indicator and use once"
            yield Finding("FACTOR_CHOICE_TWICE", "error", f"{place}/indicator", action, choice.indicator, expected, params)
        seen.add((choice.indicator, choice.use))
        if indicator is None:
            action, expected = "use an indicator of the library", "an indicator of the library release"
            yield Finding("INDICATOR_UNKNOWN", "error", f"{place}/indicator", action, choice.indicator, expected, params)
        if factor is None:
            action, expected = "choose a factor of the release, or have it added to the next one", f"a factor of {inputs.release.release}"
            yield Finding("FACTOR_UNKNOWN", "error", f"{place}/factor", action, choice.factor, expected, params)
        if indicator is not None and factor is not None:
            yield from check_permitted(inputs, factor, indicator, choice.use, f"{place}/factor")
