"""An institution's analysis policy, `lingtan.analysis_policy/1`: checked when it is handed in, applied to periods as they stand.

What an inventory writes beside its activity (policies, historic lines, corrections) an institution of the ledger writes here, in the
same words (spec: analysis §10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.accounting.analysis import (
    AnalysedLine,
    AnalysisOptions,
    BaseYearPolicy,
    Correction,
    PathOptions,
    PeriodInventory,
    Target,
    analysis_document,
    path_of_periods,
    review_base_year,
)
from ledger.accounting.inventory.history import historic_lines, read_corrections, read_historic
from ledger.accounting.inventory.library import LocalLibrary
from ledger.accounting.inventory.period import Given
from ledger.accounting.inventory.places import Places
from ledger.accounting.inventory.plain import NOTE, id_of, quantity_of, without_notes
from ledger.accounting.inventory.policies import PolicyReader, read_options
from ledger.errors import InputError
from ledger.indicators.release import Release
from ledger.records.activity import SCHEMA as ACTIVITY_SCHEMA
from ledger.records.activity import Activity
from ledger.records.fields import period_document, pointer_of
from ledger.records.findings import Finding
from ledger.records.organisation import Organisation
from ledger.records.period import Period

SCHEMA = "lingtan.analysis_policy/1"
DOCUMENT_FIELDS = ("schema", "institution", "policies", "periods", NOTE)
POLICY_FIELDS = ("base_year", "reference_period", "target", "targets", "simulation")
PERIOD_FIELDS = ("period", "historic", "corrections", NOTE)
DEFAULT_PROFILE = "28-58"
MAX_DRAWS = 10_000
"""Draws of a simulation that is made anew for every reader."""


def empty_policy(institution: str) -> dict[str, object]:
    """Return the policy of an institution that handed none in: every default holds."""
    return {"schema": SCHEMA, "institution": institution, "policies": {}, "periods": []}


def check_analysis_policy(
    document: Mapping[str, object], organisation: Organisation, release: Release, periods: Mapping[str, Period]
) -> tuple[Finding, ...]:
    """Return every finding about a policy; with none of severity error it may be kept.

    Args:
        organisation: the tree as it is now.
        release: the release in force.
        periods: the periods of the institution by id.
    """
    findings: list[Finding] = []
    _check_names(document, DOCUMENT_FIELDS, "", findings)
    for name, expected in (("schema", SCHEMA), ("institution", organisation.institution)):
        if document.get(name) != expected:
            code = "FIELD_INVALID" if name == "schema" else "INSTITUTION_DIFFERS"
            findings.append(Finding(code, "error", f"/{name}", f"write {expected}", str(document.get(name))[:80], expected))
    given = Given(organisation, release, LocalLibrary(release, organisation.institution))
    options = _read_policies(document, release, periods, (), findings)
    if options.simulation is not None and options.simulation.draws > MAX_DRAWS:
        expected = f"2 to {MAX_DRAWS} draws"
        findings.append(Finding("FIELD_INVALID", "error", "/policies/simulation/draws", f"give {expected}", None, expected))
    seen: set[str] = set()
    for place, item in _periods(document, findings):
        id = str(id_of(item.get("period")))
        if id not in periods:
            action, expected = "name a period of the institution", ", ".join(periods)[:200]
            findings.append(Finding("PERIOD_UNKNOWN", "error", f"{place}/period", action, id[:80], expected))
            continue
        if id in seen:
            findings.append(Finding("ITEM_TWICE", "error", f"{place}/period", "give each period once", id, "each period once"))
        seen.add(id)
        empty = {"schema": ACTIVITY_SCHEMA, "institution": organisation.institution, "period": period_document(periods[id])}
        historic = read_historic(
            item.get("historic"), f"{place}/historic", {**empty, "factor_choices": []}, periods[id], given, Places(place), findings
        )
        if historic is not None:
            findings.extend(_check_lines(item["historic"], f"{place}/historic", given))
        written = item.get("corrections", [])
        list(read_corrections(written, f"{place}/corrections", id, given, findings))
        findings.extend(_check_lines(written, f"{place}/corrections", given))
        findings.extend(_check_corrected(written, f"{place}/corrections", periods[id], periods))
    return tuple(findings)


@dataclass(frozen=True)
class StatedBooks:
    """One period as it is stated: in the form analysis needs, with what its statement was computed from."""

    inventory: PeriodInventory
    period: Period
    activity: Activity
    release: Release
    gwp: str


def analyse_by_policy(
    document: Mapping[str, object], books: Sequence[StatedBooks], organisation: Organisation, known: Iterable[str]
) -> tuple[dict[str, object], tuple[Finding, ...]]:
    """Return the `lingtan.analysis/1` document of the periods under a policy that was checked, and what of the policy could not be done.

    A part of the policy that these periods do not allow is left out and named; it never keeps the rest from being shown.

    Args:
        books: at least one period, in order of time.
        organisation: the tree as it is now, which knows the units that came in later.
        known: the ids of all periods of the institution, stated or not.
    """
    findings: list[Finding] = []
    release = books[-1].release  # the last one speaks for thresholds and target profiles
    stated = {item.period.id: item for item in books}
    inventories = {id: item.inventory for id, item in stated.items()}
    corrections: list[Correction] = []
    for place, item in _periods(document, findings):
        id = str(id_of(item.get("period")))
        if id not in stated:
            findings.append(_not_stated(f"{place}/period", id))
            continue
        release_then = stated[id].release
        given = Given(organisation, release_then, LocalLibrary(release_then, organisation.institution))
        inventories[id] = inventories[id].with_historic(_historic(item, place, stated[id], given, findings))
        for correction in read_corrections(item.get("corrections", []), f"{place}/corrections", id, given, findings):
            if correction.period in stated:
                corrections.append(correction)
            else:
                findings.append(_not_stated(f"{place}/corrections", correction.period))
    options = _read_policies(document, release, tuple(known), tuple(corrections), findings)
    ordered = tuple(inventories.values())
    options = _base_year(_within(options, stated, findings), ordered, release, findings)
    paths = options.paths or tuple(_default_paths(release))
    analysis = analysis_document(ordered, replace(options, paths=()))
    analysis["paths"] = list(_paths(ordered, paths, findings))
    return analysis, tuple(findings)


def _historic(item: Mapping[str, object], place: str, books: StatedBooks, given: Given, findings: list[Finding]) -> Iterator[AnalysedLine]:
    places, document = Places(place), books.activity.to_document()
    activity = read_historic(item.get("historic"), f"{place}/historic", document, books.period, given, places, findings)
    if activity is not None:
        lines, found = historic_lines(activity, given.organisation, books.release, books.gwp)
        findings.extend(places.finding(finding) for finding in found if finding.severity == "error")
        yield from lines


def _read_policies(
    document: Mapping[str, object], release: Release, known: Iterable[str], corrections: tuple[Correction, ...], findings: list[Finding]
) -> AnalysisOptions:
    written = document.get("policies", {})
    if not isinstance(written, dict):
        findings.append(Finding("FIELD_INVALID", "error", "/policies", "write an object", type(written).__name__, "an object"))
        written = {}
    reader = PolicyReader(without_notes(written), findings)
    reader.check_names(reader.given, POLICY_FIELDS, "")
    return read_options(reader, release, known, corrections)


def _within(options: AnalysisOptions, stated: Iterable[str], findings: list[Finding]) -> AnalysisOptions:
    """Leave out what names a period without a statement that counts."""
    if options.reference is not None and options.reference not in stated:
        findings.append(_not_stated("/policies/reference_period", options.reference))
        options = replace(options, reference=None)
    return options


def _base_year(
    options: AnalysisOptions, ordered: tuple[PeriodInventory, ...], release: Release, findings: list[Finding]
) -> AnalysisOptions:
    """Settle the base year: the first period where none is declared, none where the declared one is not stated or cannot be reviewed."""
    policy = options.base_year or BaseYearPolicy(ordered[0].period, release.policies.base_year_threshold_bp)
    if all(inventory.period != policy.period for inventory in ordered):
        findings.append(_not_stated("/policies/base_year", policy.period))
        return replace(options, base_year=None, corrections=())
    try:
        review_base_year(ordered, policy, options.corrections)
    except InputError as error:
        action = error.hint or "correct the corrections of the policy"
        findings.append(Finding("ANALYSIS_REFUSED", "error", "/periods", action, str(error)[:300]))
        return replace(options, base_year=policy, corrections=())
    return replace(options, base_year=policy)


def _default_paths(release: Release) -> Iterator[PathOptions]:
    for profile in release.target_profiles:
        if profile.id == DEFAULT_PROFILE:
            yield PathOptions(Target.of_profile(profile))


def _paths(ordered: tuple[PeriodInventory, ...], paths: Iterable[PathOptions], findings: list[Finding]) -> Iterator[dict[str, object]]:
    has_years = any(inventory.year is not None for inventory in ordered)
    for options in paths:
        if not has_years:
            got, expected = ", ".join(inventory.period for inventory in ordered)[:200], "a period that is a calendar year"
            findings.append(Finding("PATH_WITHOUT_YEARS", "info", "/policies/targets", "state whole calendar years", got, expected))
            continue
        try:
            yield path_of_periods(ordered, options)
        except InputError as error:
            action = error.hint or "correct the target"
            findings.append(Finding("ANALYSIS_REFUSED", "error", "/policies/targets", action, str(error)[:300]))


def _not_stated(place: str, period: str) -> Finding:
    action = "state the period; until then this is left out"
    return Finding("PERIOD_NOT_STATED", "info", place, action, period[:80], "a period whose statement counts")


def _periods(document: Mapping[str, object], findings: list[Finding]) -> Iterator[tuple[str, dict[str, object]]]:
    written = document.get("periods", [])
    if not isinstance(written, list):
        findings.append(Finding("FIELD_INVALID", "error", "/periods", "write a list", type(written).__name__, "a list"))
        return
    for index, item in enumerate(written):
        place = f"/periods/{index}"
        if isinstance(item, dict):
            _check_names(item, PERIOD_FIELDS, place, findings)
            yield place, without_notes(item)
        else:
            findings.append(Finding("FIELD_INVALID", "error", place, "write an object", type(item).__name__, "a period of the policy"))


def _check_lines(written: object, pointer: str, given: Given) -> Iterator[Finding]:
    """Yield where a historic record or a correction names a unit or an indicator that is not there, or measures it wrongly."""
    for index, entry in enumerate(written if isinstance(written, list) else []):
        item = without_notes(entry) if isinstance(entry, dict) else {}
        place, unit, indicator = f"{pointer}/{index}", str(id_of(item.get("unit", given.organisation.root.id))), str(item.get("indicator"))
        if given.organisation.find_unit(unit) is None:
            yield Finding("UNIT_UNKNOWN", "error", f"{place}/unit", "name a unit of the tree", unit[:80], "a unit of the tree")
        known = given.release.find_indicator(indicator)
        if known is None:
            expected = "an indicator of the release in force"
            yield Finding("INDICATOR_UNKNOWN", "error", f"{place}/indicator", "name an indicator of the release", indicator[:80], expected)
            continue
        quantity: Any = quantity_of(item.get("quantity"))
        measure = given.release.find_unit(str(quantity.get("unit"))) if isinstance(quantity, dict) else None
        if measure is not None and not known.admits_dimension(measure.dimension):
            action = f"measure it as {known.dimension}"
            yield Finding("DIMENSION_WRONG", "error", f"{place}/quantity/unit", action, measure.dimension, known.dimension)


def _check_corrected(written: object, pointer: str, found: Period, periods: Mapping[str, Period]) -> Iterator[Finding]:
    for index, entry in enumerate(written if isinstance(written, list) else []):
        id = str(id_of(entry.get("period"))) if isinstance(entry, dict) else ""
        if id not in periods or periods[id].start >= found.start:
            action, expected = "name an earlier period of the institution", f"a period before {found.id}"
            yield Finding("PERIOD_UNKNOWN", "error", f"{pointer}/{index}/period", action, id[:80], expected)


def _check_names(item: Mapping[str, object], names: tuple[str, ...], pointer: str, findings: list[Finding]) -> None:
    for name in sorted(set(map(str, item)) - set(names)):
        expected = ", ".join(names)
        findings.append(Finding("FIELD_UNKNOWN", "error", pointer_of(pointer, name), "remove the field", name[:80], expected))
