"""Read `lingtan.inventory-input/1`: every finding at its place in the file, or what is to be computed (spec: inventory-input)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from ledger.accounting.analysis import AnalysisOptions, Correction
from ledger.accounting.inventory.history import read_corrections, read_historic
from ledger.accounting.inventory.library import LocalLibrary
from ledger.accounting.inventory.meters import read_meters
from ledger.accounting.inventory.organisation import read_organisation
from ledger.accounting.inventory.period import PERIOD_FIELDS, SELECTED, Given, expand_period, read_period
from ledger.accounting.inventory.places import Places
from ledger.accounting.inventory.plain import NOTE, without_notes
from ledger.accounting.inventory.policies import PolicyReader, apply_thresholds, read_options, read_residual
from ledger.accounting.methods.operational_1 import MeteredEnergy
from ledger.errors import NotFound
from ledger.indicators.release import Release
from ledger.records import canonical
from ledger.records.activity import Activity, check_activity
from ledger.records.fields import pointer_of
from ledger.records.findings import Finding, has_errors
from ledger.records.names import Name
from ledger.records.organisation import Organisation, Unit
from ledger.records.period import Period

SCHEMA = "lingtan.inventory-input/1"
SHARED_FIELDS = ("schema", "title", "source", NOTE, "institution", "units", "library", "policies")
LIBRARY_FIELDS = ("release", "gwp", "factors", "selections", NOTE)
SELECTION_FIELDS = ("indicator", "use", "region", "year", "factor", "reference", NOTE)
GWP = "AR6"
_ROOT = Unit("institution", Name("-", "-"), "institution", (), date(1900, 1, 1))
_STAND_IN = Organisation("institution", Name("-", "-"), "UTC", "CN", (_ROOT,))


@dataclass(frozen=True)
class PeriodInput:
    """One period to compute; `historic` is what units used before they came in, None where there is none.

    `rounded` are the ids of published figures without a tolerance of their own.
    """

    period: Period
    activity: Activity
    meters: tuple[MeteredEnergy, ...]
    historic: Activity | None
    rounded: frozenset[str]
    places: Places = field(compare=False)
    historic_places: Places = field(compare=False)

    @property
    def is_printed_only(self) -> bool:
        """Tell whether there are published figures and nothing to compute them from."""
        return bool(self.activity.declared_totals) and not self.activity.records and not self.meters


@dataclass(frozen=True)
class InventoryInput:
    """What an inventory is computed from; periods in order of time. `release` is `base` with the input's own factors and policies."""

    hash: str
    organisation: Organisation
    base: Release
    release: Release
    gwp: str
    periods: tuple[PeriodInput, ...]
    options: AnalysisOptions
    is_single: bool


def read_inventory(document: object, releases: Mapping[str, Release], default: str) -> tuple[InventoryInput | None, tuple[Finding, ...]]:
    """Return what is to be computed (None if any error was found) and every finding about the input.

    Args:
        releases: the library releases that an input may name, by name.
        default: the name of the one that is taken where it names none.
    """
    findings: list[Finding] = []
    if not isinstance(document, dict):
        return None, (Finding("FIELD_INVALID", "error", "", "write an object", type(document).__name__, f"a {SCHEMA} document"),)
    given: dict[str, object] = dict(document)
    is_single = "periods" not in given
    _check_names(given, (*SHARED_FIELDS, *(PERIOD_FIELDS if is_single else ("periods",))), "", findings)
    if given.get("schema") != SCHEMA:
        findings.append(Finding("FIELD_INVALID", "error", "/schema", f"write {SCHEMA}", str(given.get("schema"))[:80], SCHEMA))
    organisation, found = read_organisation(given.get("institution"), given.get("units"))
    findings.extend(found)
    settings = _object(given, "library", LIBRARY_FIELDS, findings)
    base = _release(settings, releases, default, findings)
    reader = PolicyReader(without_notes(_object(given, "policies", None, findings)), findings)
    # With a tree or a library that cannot be read, the rest is still read, for its findings.
    organisation = organisation or _STAND_IN
    base = base or releases[default]
    library = LocalLibrary(base, organisation.institution)
    gwp = _gwp(settings, base, findings)
    for index, item in enumerate(_list(settings, "factors", "/library", findings)):
        library.add(item, f"/library/factors/{index}")
    shared = Given(organisation, base, library, read_residual(reader, library))
    items = _periods(given, is_single, organisation, settings, library, findings)
    periods = [_read_period(item, pointer, period, shared, findings) for item, pointer, period in items]
    _check_periods([(period, pointer) for _, pointer, period in items], findings)
    corrections = tuple(_corrections(items, shared, findings))
    release = apply_thresholds(reader, library.merged())
    findings.extend(library.findings)
    options = read_options(reader, release, [period.id for _, _, period in items], corrections)
    if has_errors(findings) or not periods or any(period is None for period in periods):
        return None, tuple(findings)
    whole = sorted((period for period in periods if period is not None), key=lambda item: item.period.start)
    return InventoryInput(canonical.digest(document), organisation, base, release, gwp, tuple(whole), options, is_single), tuple(findings)


def _periods(
    given: dict[str, object],
    is_single: bool,
    organisation: Organisation,
    settings: Mapping[str, object],
    library: LocalLibrary,
    findings: list[Finding],
) -> list[tuple[dict[str, object], str, Period]]:
    """Return (object, pointer, period) of each period whose days are known, with the choices that the input's selections make for it."""
    if is_single:
        listed = [({name: given[name] for name in PERIOD_FIELDS if name in given}, "")]
    else:
        listed = []
        for index, item in enumerate(_list(given, "periods", "", findings)):
            pointer = f"/periods/{index}"
            if isinstance(item, dict):
                _check_names(item, (*PERIOD_FIELDS, NOTE), pointer, findings)
                listed.append((without_notes(item), pointer))
            else:
                findings.append(Finding("FIELD_INVALID", "error", pointer, "write an object", type(item).__name__, "a period"))
        if not listed:
            findings.append(Finding("FIELD_MISSING", "error", "/periods", "give at least one period", None, "a list of periods"))
    found = []
    selections = list(_selections(settings, findings))
    for item, pointer in listed:
        period = read_period(item, pointer, organisation.timezone, findings)
        if period is not None:
            found.append((_with_selections(item, period, organisation, selections, library), pointer, period))
    return found


def _read_period(item: dict[str, object], pointer: str, period: Period, given: Given, findings: list[Finding]) -> PeriodInput | None:
    expanded = expand_period(item, pointer, period, given)
    activity, found = check_activity(expanded.document)
    findings.extend(expanded.places.finding(finding) for finding in found)
    meters = tuple(read_meters(item.get("meters"), f"{pointer}/meters", period, given, findings))
    historic_places = Places(pointer)
    historic = read_historic(item.get("historic"), f"{pointer}/historic", expanded.document, period, given, historic_places, findings)
    if activity is None:
        return None
    return PeriodInput(period, activity, meters, historic, expanded.rounded, expanded.places, historic_places)


def _corrections(items: list[tuple[dict[str, object], str, Period]], given: Given, findings: list[Finding]) -> Iterator[Correction]:
    for item, pointer, period in items:
        yield from read_corrections(item.get("corrections", []), f"{pointer}/corrections", period.id, given, findings)


def _selections(settings: Mapping[str, object], findings: list[Finding]) -> Iterator[tuple[int, dict[str, object]]]:
    for index, item in enumerate(_list(settings, "selections", "/library", findings)):
        place = f"/library/selections/{index}"
        if not isinstance(item, dict):
            findings.append(Finding("FIELD_INVALID", "error", place, "write an object", type(item).__name__, "a selection"))
            continue
        _check_names(item, SELECTION_FIELDS, place, findings)
        yield index, item


def _with_selections(
    item: dict[str, object],
    period: Period,
    organisation: Organisation,
    selections: list[tuple[int, dict[str, object]]],
    library: LocalLibrary,
) -> dict[str, object]:
    """Return the period with a factor choice for every selection of the input that matches and that it does not override."""
    choices = item.get("factor_choices", [])
    if not selections or not isinstance(choices, list):
        return item
    named = {(str(choice.get("indicator")), str(choice.get("use", "location"))) for choice in choices if isinstance(choice, dict)}
    added = []
    for index, rule in selections:
        key = (str(rule.get("indicator")), str(rule.get("use", "location")))
        in_region = rule.get("region", "*") in ("*", organisation.region)
        if key in named or not in_region or str(rule.get("year") or period.first_day.year) != str(period.first_day.year):
            continue
        named.add(key)
        reference = rule.get("reference", f"library/selections/{index}")
        choice = {"indicator": key[0], "use": key[1], "factor": library.resolve(rule.get("factor")), "reference": reference}
        added.append((choice, f"/library/selections/{index}"))
    return {**item, SELECTED: added}


def _release(settings: Mapping[str, object], releases: Mapping[str, Release], default: str, findings: list[Finding]) -> Release | None:
    name = str(settings.get("release", default))
    if name not in releases:
        expected = " or ".join(sorted(releases))
        findings.append(Finding("LIBRARY_UNKNOWN", "error", "/library/release", "name a release that is here", name[:80], expected))
        return None
    return releases[name]


def _gwp(settings: Mapping[str, object], release: Release, findings: list[Finding]) -> str:
    name = str(settings.get("gwp", GWP))
    try:
        return release.gwp_set(name).id
    except NotFound:
        expected = " or ".join(gwp.id for gwp in release.gwp_sets)
        findings.append(Finding("GWP_UNKNOWN", "error", "/library/gwp", "name a GWP set of the release", name[:80], expected))
        return GWP


def _check_periods(periods: list[tuple[Period, str]], findings: list[Finding]) -> None:
    seen: dict[str, str] = {}
    ordered = sorted(periods, key=lambda pair: pair[0].start)
    for period, pointer in ordered:
        if period.id in seen:
            findings.append(Finding("ITEM_TWICE", "error", f"{pointer}/id", "give each period once", period.id, "each period once"))
        seen[period.id] = pointer
    for (before, _), (after, pointer) in pairwise(ordered):
        if after.start < before.end and after.id != before.id:
            action, expected = "give periods that follow each other", f"a start after {before.last_day.isoformat()}, the end of {before.id}"
            findings.append(Finding("PERIODS_OVERLAP", "error", f"{pointer}/start", action, after.first_day.isoformat(), expected))


def _object(given: Mapping[str, object], name: str, names: tuple[str, ...] | None, findings: list[Finding]) -> dict[str, object]:
    value = given.get(name, {})
    if not isinstance(value, dict):
        findings.append(Finding("FIELD_INVALID", "error", f"/{name}", "write an object", type(value).__name__, "an object"))
        return {}
    if names is not None:
        _check_names(value, names, f"/{name}", findings)
    return dict(value)


def _list(given: Mapping[str, object], name: str, pointer: str, findings: list[Finding]) -> list[object]:
    value = given.get(name, [])
    if isinstance(value, list):
        return value
    findings.append(Finding("FIELD_INVALID", "error", f"{pointer}/{name}", "write a list", type(value).__name__, "a list"))
    return []


def _check_names(item: Mapping[str, object], names: tuple[str, ...], pointer: str, findings: list[Finding]) -> None:
    for name in sorted(set(map(str, item)) - set(names)):
        expected = ", ".join(names)
        findings.append(Finding("FIELD_UNKNOWN", "error", pointer_of(pointer, name), "remove the field", name[:80], expected))
