"""Check what the parts of a release mean together: names that exist, rules that can apply, factors that do not contradict each other.

Every field has its shape when these checks run (reading.py); spec: documents §3.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger.indicators.disclosure import TemplateRow
from ledger.indicators.factor import BASE_UNITS, Factor
from ledger.indicators.measure import Indicator, Selection
from ledger.indicators.release import Release
from ledger.records.findings import Finding

METHODS = ("operational_1",)


def check_meaning(release: Release) -> Iterator[Finding]:
    """Yield what is wrong with a release whose fields are well-formed."""
    for method in release.methods:
        if method not in METHODS:
            yield _error("METHOD_UNKNOWN", "/methods", "name methods that exist", method, ", ".join(METHODS))
    yield from _check_unit_names(release)
    yield from _check_documents(release)
    yield from _check_market_kinds(release)
    yield from _check_overlaps(release)
    yield from _check_gases(release)
    for index, selection in enumerate(release.selections):
        yield from _check_selection(release, selection, f"/selections/{index}")
    yield from _check_covered(release)
    yield from _check_templates(release)
    for index, profile in enumerate(release.target_profiles):
        years = [profile.peak_by, profile.operations_neutral_by]
        years += [] if profile.financed_neutral_by is None else [profile.financed_neutral_by]
        if years != sorted(years):
            got, expected = " ".join(map(str, years)), "peak, then operations, then financing"
            yield _error("PROFILE_ORDER", f"/target_profiles/{index}", "correct the years", got, expected)


def _check_unit_names(release: Release) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for index, unit in enumerate(release.units):
        for text in (unit.code, *unit.aliases):
            if text in seen:
                yield _error("UNIT_NAMED_TWICE", f"/units/{index}", "give every spelling to one unit", text, f"only {seen[text]}")
            seen[text] = unit.code


def _check_documents(release: Release) -> Iterator[Finding]:
    named = [(f"/factors/{index}", factor.document) for index, factor in enumerate(release.factors)]
    optional = [(f"/templates/{index}", template.document) for index, template in enumerate(release.templates)]
    optional += [(f"/target_profiles/{index}", profile.document) for index, profile in enumerate(release.target_profiles)]
    for place, document in named + [(place, document) for place, document in optional if document is not None]:
        if release.find_document(document) is None:
            action = "add the publication to the documents, or name one of them"
            yield _error("DOCUMENT_UNKNOWN", f"{place}/document", action, document, "a document of this release")


def _check_market_kinds(release: Release) -> Iterator[Finding]:
    for index, indicator in enumerate(release.indicators):
        if indicator.market_kinds and (indicator.scope, indicator.dimension) != (2, "electricity"):
            got, expected = f"scope {indicator.scope}, {indicator.dimension}", "scope 2, electricity"
            action = "leave market_kinds empty: instruments cover purchased electricity alone"
            yield _error("MARKET_KINDS_MISPLACED", f"/indicators/{index}/market_kinds", action, got, expected)


def _check_overlaps(release: Release) -> Iterator[Finding]:
    earlier: dict[tuple[object, ...], list[Factor]] = {}
    for index, factor in enumerate(release.factors):
        same = earlier.setdefault((factor.kind, factor.carrier, factor.guide, factor.region, factor.data_year, factor.owner), [])
        for other in same:
            if _overlap(factor, other):
                got, expected = f"{factor.id} and {other.id}", "one factor of a kind, carrier, guide, region, data year and owner at a time"
                action = "keep one, end the earlier one's validity, or name the guides they belong to"
                yield _error("FACTOR_OVERLAP", f"/factors/{index}", action, got, expected, factor=factor.id)
        same.append(factor)


def _overlap(one: Factor, other: Factor) -> bool:
    starts, ends = (one.valid_from or date.min, other.valid_from or date.min), (one.valid_to or date.max, other.valid_to or date.max)
    return max(starts) <= min(ends)


def _check_gases(release: Release) -> Iterator[Finding]:
    for index, factor in enumerate(release.factors):
        for item in factor.blend or ():
            without = [gwp.id for gwp in release.gwp_sets if gwp.find(item.gas) is None]
            if without:
                known = len(without) < len(release.gwp_sets)
                action = "add the gas to the GWP sets; a line that uses it under one of these is refused"
                place, params = f"/factors/{index}/blend", {"factor": factor.id, "gas": item.gas}
                got, expected = f"no value in {', '.join(without)}", f"a GWP of {item.gas}"
                yield Finding("GAS_WITHOUT_GWP", "warning" if known else "error", place, action, got, expected, params)


def _check_selection(release: Release, selection: Selection, place: str) -> Iterator[Finding]:
    indicator, factor = release.find_indicator(selection.indicator), release.find_factor(selection.factor)
    if indicator is None:
        yield _error("INDICATOR_UNKNOWN", f"{place}/indicator", "name an indicator of this release", selection.indicator, None)
    if factor is None:
        yield _error("FACTOR_UNKNOWN", f"{place}/factor", "name a factor of this release", selection.factor, None)
    if factor is None or indicator is None:
        return
    place, got = f"{place}/factor", f"{factor.id}: {factor.kind} of {factor.carrier}"
    if not indicator.admits_factor(factor, selection.use):
        kinds = " or ".join(indicator.admitted_kinds(selection.use)) or "nothing"
        expected = f"{kinds} of {indicator.carrier} for use {selection.use}"
        yield _error("FACTOR_NOT_ADMITTED", place, "select a factor that fits", got, expected)
    elif not _serves(factor, indicator):
        expected = f"a factor per {BASE_UNITS[indicator.dimension]}"
        yield _error("FACTOR_BASE_WRONG", place, "select a factor per the indicator's base unit", f"{factor.id} ({factor.unit})", expected)
    if factor.owner is not None:
        action = "select everybody's factor; an institution names its own one in its factor choices"
        yield _error("SELECTION_OWNED", place, action, f"{factor.id} of {factor.owner}", "a factor without an owner")


def _serves(factor: Factor, indicator: Indicator) -> bool:
    return any(factor.serves(dimension) for dimension in BASE_UNITS if indicator.admits_dimension(dimension))


def _check_covered(release: Release) -> Iterator[Finding]:
    taken: dict[tuple[str, str, str, int | None], int] = {}
    for index, rule in enumerate(release.selections):
        wider = [(rule.indicator, rule.use, region, year) for region in ("*", rule.region) for year in (None, rule.year)]
        earlier = [taken[case] for case in wider if case in taken]
        if earlier:
            action = "remove the rule, or put it before the wider one"
            got, expected = f"every case is taken by rule {min(earlier)}", "a case that no earlier rule takes"
            yield _error("SELECTION_COVERED", f"/selections/{index}", action, got, expected, indicator=rule.indicator)
        taken.setdefault(wider[-1], index)


def _check_templates(release: Release) -> Iterator[Finding]:
    for index, template in enumerate(release.templates):
        seen: set[str] = set()
        for number, row in enumerate(template.rows):
            place = f"/templates/{index}/rows/{number}"
            if row.id in seen:
                yield _error("ITEM_TWICE", f"{place}/id", "give every row its own id", row.id, "each row id once")
            seen.add(row.id)
            yield from _check_row(release, row, place)


def _check_row(release: Release, row: TemplateRow, place: str) -> Iterator[Finding]:
    codes = {unit.code: unit for unit in release.units}
    unit = codes.get(row.unit)
    if unit is None:
        yield _error("MEASURE_UNKNOWN", f"{place}/unit", "write the code of a unit of this release", row.unit, "a unit code")
    elif row.show == "emissions" and unit.dimension != "emissions":
        yield _error("DIMENSION_WRONG", f"{place}/unit", "show emissions in a unit of emissions", row.unit, "a unit of emissions")
    for id in row.indicators:
        indicator = release.find_indicator(id)
        if indicator is None:
            yield _error("INDICATOR_UNKNOWN", f"{place}/indicators", "name indicators of this release", id, None)
        elif row.show == "quantity" and unit is not None and unit.dimension != indicator.dimension:
            got, expected = f"{row.unit} for {id}", f"a unit of {indicator.dimension}"
            yield _error("DIMENSION_WRONG", f"{place}/unit", "show quantities in a unit of their dimension", got, expected)


def _error(code: str, place: str, action: str, got: str | None, expected: str | None, **params: str) -> Finding:
    return Finding(code, "error", place, action, got, expected, params)
