"""The policies of an inventory: residual factor, base year, reference period, targets, thresholds (spec: inventory-input §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from ledger.accounting.analysis import AnalysisOptions, BaseYearPolicy, Correction, PathOptions, SimulationOptions, Target, YearValue
from ledger.accounting.inventory.library import LocalLibrary
from ledger.accounting.inventory.plain import decimal_of, emissions_unit, without_notes
from ledger.accounting.validators.figures import COLUMNS, GRAMS_PER_KG
from ledger.errors import InputError, NotFound
from ledger.identifiers import is_identifier
from ledger.indicators.publication import Policies
from ledger.indicators.release import Release
from ledger.records.fields import pointer_of
from ledger.records.findings import Finding
from ledger.units import parse_decimal

THRESHOLDS = ("jump_bp", "max_lag_years", "base_year_threshold_bp")
UNCERTAINTIES = ("activity_uncertainty_bp", "factor_uncertainty_bp")
FIELDS = ("residual_factor", "base_year", "reference_period", "target", "targets", "simulation", *THRESHOLDS, *UNCERTAINTIES)
MAX_BP = 100_000
YEARS = (1900, 2200)
WHERE = "/policies"


@dataclass
class PolicyReader:
    """Reads the object `policies`; everything that is wrong goes to `findings`."""

    given: Mapping[str, object]
    findings: list[Finding]

    def refuse(self, place: str, got: object, expected: str, code: str = "FIELD_INVALID") -> None:
        """Record an error finding."""
        self.findings.append(Finding(code, "error", f"{WHERE}{place}", f"write {expected}", str(got)[:80], expected))

    def integer(self, item: Mapping[str, object], name: str, place: str, low: int, high: int) -> int | None:
        """Return an integer (also one written as a text) within [low, high]; None where there is none."""
        value = item.get(name)
        if value is None:
            return None
        text = str(value)
        if isinstance(value, bool) or not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            self.refuse(f"{place}/{name}", value, f"an integer from {low} to {high}")
            return None
        return int(text)

    def check_names(self, item: Mapping[str, object], names: Iterable[str], place: str) -> None:
        """Refuse every field but `names`."""
        known = tuple(names)
        for name in sorted(set(map(str, item)) - set(known)):
            expected = ", ".join(known)
            self.findings.append(
                Finding("FIELD_UNKNOWN", "error", pointer_of(f"{WHERE}{place}", name), "remove the field", name[:80], expected)
            )

    def objects(self, name: str) -> list[tuple[str, dict[str, object]]]:
        """Return the objects at a field, which may be one object or a list of them, with their places."""
        value = self.given.get(name)
        if value is None:
            return []
        several = [(f"/{name}/{index}", item) for index, item in enumerate(value)] if isinstance(value, list) else [(f"/{name}", value)]
        found = []
        for place, item in several:
            if isinstance(item, dict):
                found.append((place, without_notes(item)))
            else:
                self.refuse(place, item, "an object")
        return found


def apply_thresholds(reader: PolicyReader, release: Release) -> Release:
    """Return the release with the thresholds and default uncertainties of the policies; the same release where there are none."""
    policies = release.policies
    reader.check_names(reader.given, FIELDS, "")
    for name in THRESHOLDS:
        value = reader.integer(reader.given, name, "", 0, 100 if name == "max_lag_years" else MAX_BP)
        policies = policies if value is None else _with(policies, name, value)
    for name in UNCERTAINTIES:
        for place, item in reader.objects(name):
            known = {str(key): key for key in getattr(policies, name)}
            reader.check_names(item, known, place)
            values = {known[key]: reader.integer(item, key, place, 0, MAX_BP) for key in item if key in known}
            policies = _with(policies, name, getattr(policies, name) | {key: bp for key, bp in values.items() if bp is not None})
    return release if policies == release.policies else replace(release, policies=policies)


def _with(policies: Policies, name: str, value: object) -> Policies:
    return replace(policies, **{name: value})  # type: ignore[arg-type]  # the field's own type: read from it or bounded above


def read_residual(reader: PolicyReader, library: LocalLibrary) -> object:
    """Return the id of the residual factor: one of the release or of the input, or one given here with its value."""
    value = reader.given.get("residual_factor")
    if isinstance(value, dict):
        indicator = value.get("indicator", "electricity.purchased")
        return library.add(value, f"{WHERE}/residual_factor", indicator=indicator, use="market")
    return library.resolve(value)


def read_options(reader: PolicyReader, release: Release, periods: Iterable[str], corrections: tuple[Correction, ...]) -> AnalysisOptions:
    """Return what the analysis is asked for."""
    known = tuple(periods)
    return AnalysisOptions(
        reference=_period(reader, reader.given, "reference_period", "", known),
        base_year=_base_year(reader, release, known),
        corrections=corrections,
        paths=tuple(path for name in ("target", "targets") for path in _paths(reader, release, name)),
        simulation=_simulation(reader),
    )


def _period(reader: PolicyReader, item: Mapping[str, object], name: str, place: str, known: tuple[str, ...]) -> str | None:
    value = decimal_of(item.get(name))
    if value is None or value in known:
        return None if value is None else str(value)
    reader.refuse(f"{place}/{name}", value, f"the id of a period of the input: {', '.join(known)}", code="PERIOD_UNKNOWN")
    return None


def _base_year(reader: PolicyReader, release: Release, known: tuple[str, ...]) -> BaseYearPolicy | None:
    value = reader.given.get("base_year")
    if isinstance(value, str | int):
        reader = PolicyReader({**reader.given, "base_year": {"period": value}}, reader.findings)
    for place, item in reader.objects("base_year")[:1]:
        reader.check_names(item, ("period", "threshold_bp"), place)
        period = _period(reader, item, "period", place, known)
        threshold = reader.integer(item, "threshold_bp", place, 1, 10_000)
        if "period" not in item:
            reader.refuse(f"{place}/period", "", "the id of the base period", code="FIELD_MISSING")
        return None if period is None else BaseYearPolicy(period, threshold or release.policies.base_year_threshold_bp)
    return None


def _paths(reader: PolicyReader, release: Release, name: str) -> Iterable[PathOptions]:
    for place, item in reader.objects(name):
        reader.check_names(item, ("profile", "id", "peak_by", "neutral_by", "milestones", "column", "base_year"), place)
        milestones = tuple(_milestones(reader, item, place))
        column = str(item.get("column", "scope1_scope2_location_g"))
        column = column if column.endswith("_g") else f"{column}_g"
        if column not in COLUMNS:
            reader.refuse(f"{place}/column", column, f"one of {', '.join(COLUMNS)}")
            continue
        try:
            target = _target(reader, release, item, place, milestones)
        except InputError as error:
            reader.refuse(f"{place}/milestones", error, error.hint)
            continue
        except NotFound as error:
            reader.refuse(f"{place}/profile", item.get("profile"), f"a target profile of the release: {error.hint}")
            continue
        if target is not None:
            yield PathOptions(target, column, reader.integer(item, "base_year", place, *YEARS))


def _target(
    reader: PolicyReader, release: Release, item: Mapping[str, object], place: str, milestones: tuple[YearValue, ...]
) -> Target | None:
    if "profile" in item:
        return Target.of_profile(release.target_profile(str(item["profile"])), milestones)
    peak, neutral = (reader.integer(item, name, place, *YEARS) for name in ("peak_by", "neutral_by"))
    for name in ("peak_by", "neutral_by"):
        if name not in item:
            reader.refuse(f"{place}/{name}", "", "a year, or name a profile", code="FIELD_MISSING")
    id = str(item.get("id", "own"))
    if not is_identifier(id):
        reader.refuse(f"{place}/id", id, "an identifier")
    return None if peak is None or neutral is None else Target(id, peak, neutral, milestones)


def _milestones(reader: PolicyReader, item: Mapping[str, object], place: str) -> Iterable[YearValue]:
    values = item.get("milestones", [])
    if not isinstance(values, list):
        reader.refuse(f"{place}/milestones", values, "a list of {year, value, unit}")
        return
    for index, entry in enumerate(values):
        here = f"{place}/milestones/{index}"
        milestone = without_notes(entry) if isinstance(entry, dict) else {}
        reader.check_names(milestone, ("year", "value", "unit"), here)
        year = reader.integer(milestone, "year", here, *YEARS)
        value, _, unit = emissions_unit(decimal_of(milestone.get("value")), "0", milestone.get("unit", "tCO2e"))
        try:
            grams = parse_decimal(str(value)) * GRAMS_PER_KG * {"tCO2e": 1000, "kgCO2e": 1}[str(unit)]
        except (InputError, KeyError):
            reader.refuse(f"{here}/value", value, "a decimal number of tCO2e")
            continue
        if year is None:
            reader.refuse(f"{here}/year", milestone.get("year"), "a year", code="FIELD_MISSING")
        else:
            yield YearValue(year, round(Fraction(grams)))


def _simulation(reader: PolicyReader) -> SimulationOptions | None:
    for place, item in reader.objects("simulation")[:1]:
        reader.check_names(item, ("draws", "seed"), place)
        draws, seed = reader.integer(item, "draws", place, 2, 1_000_000), reader.integer(item, "seed", place, 0, 2**32 - 1)
        return SimulationOptions(10_000 if draws is None else draws, 1 if seed is None else seed)
    return None
