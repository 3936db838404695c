"""Find the errors of method §9 again that the package alone shows: of units, records, instruments, meters, coverage and declared totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.declared_totals import errors_of_totals
from verifier.errors import Refused
from verifier.finding import Finding, shown
from verifier.library import Library
from verifier.local_time import Days, days_of_period, local_date, read_day
from verifier.meter import MeterRecord
from verifier.organisation import Organisation, Tree, read_organisation
from verifier.sub_meters import errors_of_sub_meters
from verifier.unit_findings import errors_of_units, units_without_data


@dataclass(frozen=True, slots=True)
class _Book:
    """Hold what the errors are looked for in."""

    organisation: Organisation
    library: Library
    period: Days
    timezone: str


def find_errors(statement: Any, organisation: Any, activity: Any, library: Library, meters: Mapping[str, MeterRecord]) -> list[Finding]:
    """Return every error that needs the package alone; `meters` holds the records that are here.

    Lines, totals and counts are the stated ones; lines.recompute, rollup.recompute and meters.records say whether those are right.

    Raises:
        Malformed: a date is not one of the calendar, or the period's time zone is unknown here.
    """
    book = _Book(read_organisation(organisation), library, days_of_period(statement["period"]), statement["period"]["timezone"])
    tree = _find_tree(book)
    found = errors_of_units(book.organisation)
    for index, record in enumerate(activity["records"]):
        found += _errors_of_record(f"/records/{index}", record, book)
    for index, item in enumerate(activity["factor_choices"]):
        found += _errors_of_choice(f"/factor_choices/{index}", item, library, statement["institution"])
    for index, item in enumerate(activity["instruments"]):
        found += _errors_of_instrument(f"/instruments/{index}", item, book)
    silent = set()
    for meter in statement["meters"]:
        found += _errors_of_meter(meter, meters.get(meter["meter"]), book)
        if not _readings(meter):
            silent.add(meter["meter"])
    found += errors_of_sub_meters(statement["meters"])
    if not statement["lines"]:
        found.append(Finding("NOTHING_TO_REPORT", f"period {statement['period']['id']}", "no line", "a line"))
    if tree is not None:
        found += units_without_data(statement["lines"], book.organisation, tree, book.period, silent)
        found += errors_of_totals(activity["declared_totals"], statement, library, tree)
    return found


def _find_tree(book: _Book) -> Tree | None:
    """Return the tree of the period, or None where rollup.recompute says what is wrong with it."""
    try:
        return book.organisation.tree(book.period[1])
    except Refused:
        return None


def _overlap(days: Days, period: Days) -> bool:
    return days[0] <= period[1] and days[1] >= period[0]


def _inside(days: Days, bounds: Days) -> bool:
    return bounds[0] <= days[0] and days[1] <= bounds[1]


def _errors_of_record(place: str, record: Any, book: _Book) -> list[Finding]:
    found = []
    days = read_day(record["start"], f"activity.json {place}/start"), read_day(record["end"], f"activity.json {place}/end")
    # 1. When: the days in order, inside the period, the unit open on all of them.
    if days[1] < days[0]:
        found.append(Finding("RECORD_ENDS_BEFORE_START", place, shown(days), "an end on or after the start"))
    if not _inside(days, book.period):
        found.append(Finding("RECORD_OUTSIDE_PERIOD", place, shown(days), f"within {shown(book.period)}"))
    unit = book.organisation.units.get(record["unit"])
    if unit is None:
        found.append(Finding("UNIT_UNKNOWN", f"{place}/unit", record["unit"], "a unit of the organisation"))
    elif not _inside(days, unit.days):
        found.append(Finding("RECORD_OUTSIDE_UNIT_DATES", place, shown(days), f"within {shown(unit.days)}"))
    # 2. What: an indicator of the release, in a unit that measures it, not below zero, and what its own readings say.
    indicator = book.library.indicators.get(record["indicator"])
    if indicator is None:
        found.append(Finding("INDICATOR_UNKNOWN", f"{place}/indicator", record["indicator"], "an indicator of the release"))
    dimensions = None if indicator is None else indicator.dimensions()
    found += _errors_of_quantity(f"{place}/quantity", record["quantity"], dimensions, book.library)
    register = record["register"]
    if register is not None:
        read = (Fraction(register["last"]) - Fraction(register["first"])) * Fraction(register["multiplier"])
        if read != Fraction(record["quantity"]["value"]):
            text = f"({register['last']} − {register['first']}) × {register['multiplier']}"
            found.append(Finding("REGISTER_DIFFERS", place, record["quantity"]["value"], text))
    return found


def _errors_of_choice(place: str, item: Any, library: Library, institution: str) -> list[Finding]:
    """Return what is wrong with a choice, whether or not a line uses it."""
    indicator = library.indicators.get(item["indicator"])
    if indicator is None:
        return [Finding("INDICATOR_UNKNOWN", f"{place}/indicator", item["indicator"], "an indicator of the release")]
    try:
        library.admitted(indicator, item["factor"], item["use"], institution)
    except Refused as error:
        return [Finding(error.code, f"{place}/factor", item["factor"], error.facts.get("expected", "a factor of the release"))]
    return []


def _errors_of_instrument(place: str, item: Any, book: _Book) -> list[Finding]:
    found = []
    if item["unit"] not in book.organisation.units:
        found.append(Finding("UNIT_UNKNOWN", f"{place}/unit", item["unit"], "a unit of the organisation"))
    return found + _errors_of_quantity(f"{place}/quantity", item["quantity"], ("electricity",), book.library)


def _errors_of_quantity(place: str, quantity: Any, dimensions: tuple[str, ...] | None, library: Library) -> list[Finding]:
    found = []
    unit = library.units.get(quantity["unit"])
    if unit is None:
        found.append(Finding("MEASURE_UNKNOWN", f"{place}/unit", quantity["unit"], "a unit of the release"))
    elif dimensions is not None and unit.dimension not in dimensions:
        found.append(Finding("DIMENSION_WRONG", f"{place}/unit", f"{quantity['unit']} ({unit.dimension})", " or ".join(dimensions)))
    if Fraction(quantity["value"]) < 0:
        found.append(Finding("QUANTITY_NEGATIVE", f"{place}/value", quantity["value"], "0 or more"))
    return found


def _readings(meter: Any) -> int:
    return sum(int(meter[name]) for name in ("measured", "estimated", "manual"))


def _errors_of_meter(meter: Any, record: MeterRecord | None, book: _Book) -> list[Finding]:
    place, unit = f"meter {meter['meter']}", book.organisation.units.get(meter["unit"])
    if unit is None:
        return [Finding("UNIT_UNKNOWN", place, meter["unit"], "a unit of the organisation")]
    if not _overlap(unit.days, book.period):
        return [Finding("RECORD_OUTSIDE_UNIT_DATES", place, shown(book.period), f"within {shown(unit.days)}")]
    if not _readings(meter) and "sub_meter_of" not in meter:
        return [Finding("METER_WITHOUT_READINGS", place, "no reading", "at least one reading in the period")]
    if record is None or record.readings is None:
        return []
    header = record.header
    first, last = (local_date(header.start + 60 * header.interval_minutes * slot, book.timezone) for slot in record.readings)
    if _inside((first, last), unit.days):
        return []
    return [Finding("RECORD_OUTSIDE_UNIT_DATES", place, f"readings from {shown((first, last))}", f"within {shown(unit.days)}")]


def meters_unseen(statement: Any, organisation: Any, meters: Mapping[str, MeterRecord]) -> list[str]:
    """Return the meters whose readings would have to be looked at, day by day, and whose record is not here.

    Raises: Malformed as find_errors does.
    """
    period = days_of_period(statement["period"])
    partly = {id for id, unit in read_organisation(organisation).units.items() if not _inside(period, unit.days)}
    return [meter["meter"] for meter in statement["meters"] if meter["unit"] in partly and meter["meter"] not in meters]
