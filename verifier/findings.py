"""Find the errors of method §7 again that the package alone shows: of units, records, meters, coverage and declared totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from verifier.divergence import shortest_decimal
from verifier.errors import Malformed
from verifier.library import Indicator, Library
from verifier.meter import MeterRecord
from verifier.operational_1 import local_date
from verifier.policy import seconds

Days = tuple[date, date]  # both inclusive
_SUMS = {
    "scope1_g": ("scope1_g",),
    "scope2_location_g": ("scope2_location_g",),
    "scope1_scope2_location_g": ("scope1_g", "scope2_location_g"),
}
_OF_INDICATOR = "indicator/"
_LINE_GRAMS = ("scope1_g", "scope2_location_g", "scope3_g")  # each line has one of them; market-based is the same emission again


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold an error that was found again: the code and place of docs/findings.md, what is there and what would be right."""

    code: str
    place: str
    got: str
    expected: str


def find_errors(statement: Any, organisation: Any, activity: Any, library: Library, meters: Mapping[str, MeterRecord]) -> list[Finding]:
    """Return every error that needs the package alone; `meters` holds the records that are here.

    Lines, totals and counts are the stated ones; lines.recompute, rollup.recompute and meters.records say whether those are right.

    Raises:
        Malformed: a date is not one of the calendar, or the period's time zone is unknown here.
    """
    period = days_of_period(statement["period"])
    units = {unit["id"]: unit for unit in organisation["units"]}
    dates = {id: days_of_unit(unit) for id, unit in units.items()}
    found = _errors_of_units(units, dates)
    for index, record in enumerate(activity["records"]):
        found += _errors_of_record(f"/records/{index}", record, library, dates, period)
    silent = set()
    for meter in statement["meters"]:
        found += _errors_of_meter(meter, meters.get(meter["meter"]), dates, period, statement["period"]["timezone"])
        if not _readings(meter):
            silent.add(meter["meter"])
    if not statement["lines"]:
        found.append(Finding("NOTHING_TO_REPORT", f"period {statement['period']['id']}", "no line", "a line"))
    found += _units_without_data(statement, units, {id for id, days in dates.items() if _overlap(days, period)}, silent)
    for index, total in enumerate(activity["declared_totals"]):
        found += _errors_of_total(f"/declared_totals/{index}", total, statement, library)
    return found


def _date(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed("DATE", place, f"{text!r} is not a date of the calendar", found=text) from None


def days_of_period(period: Any) -> Days:
    """Return the first and last local day of a period. Raises: Malformed as find_errors does."""
    first, last = (local_date(instant, period["timezone"]) for instant in (seconds(period["start"]), seconds(period["end"]) - 1))
    return first, last


def days_of_unit(unit: Any) -> Days:
    """Return the days on which a unit is open. Raises: Malformed as find_errors does."""
    opened = _date(unit["opened"], f"organisation.json unit {unit['id']} opened")
    return opened, date.max if unit["closed"] is None else _date(unit["closed"], f"organisation.json unit {unit['id']} closed")


def _overlap(days: Days, period: Days) -> bool:
    return days[0] <= period[1] and days[1] >= period[0]


def _inside(days: Days, bounds: Days) -> bool:
    return bounds[0] <= days[0] and days[1] <= bounds[1]


def _shown(days: Days) -> str:
    return f"{days[0]} to {'now' if days[1] == date.max else days[1]}"


def _errors_of_units(units: dict[str, Any], dates: dict[str, Days]) -> list[Finding]:
    """Find what would let a unit escape the question for its data: the kind of a root below the root, or no day open at all."""
    found = []
    for id, unit in units.items():
        if (unit["kind"] == "institution") != (unit["parent"] is None):
            found.append(Finding("ROOT_KIND", f"unit {id}", unit["kind"], "kind institution at the root and nowhere else"))
        if dates[id][1] < dates[id][0]:
            found.append(Finding("UNIT_CLOSED_BEFORE_OPENED", f"unit {id}", unit["closed"], f"{unit['opened']} or later"))
    return found


def _errors_of_record(place: str, record: Any, library: Library, units: dict[str, Days], period: Days) -> list[Finding]:
    found = []
    days = _date(record["start"], f"activity.json {place}/start"), _date(record["end"], f"activity.json {place}/end")
    # 1. When: the days in order, inside the period, the unit open on all of them.
    if days[1] < days[0]:
        found.append(Finding("RECORD_ENDS_BEFORE_START", place, _shown(days), "an end on or after the start"))
    if not _inside(days, period):
        found.append(Finding("RECORD_OUTSIDE_PERIOD", place, _shown(days), f"within {_shown(period)}"))
    if record["unit"] not in units:
        found.append(Finding("UNIT_UNKNOWN", f"{place}/unit", record["unit"], "a unit of the organisation"))
    elif not _inside(days, units[record["unit"]]):
        found.append(Finding("RECORD_OUTSIDE_UNIT_DATES", place, _shown(days), f"within {_shown(units[record['unit']])}"))
    # 2. What: an indicator of the release, in a unit that measures it, not below zero.
    indicator = library.indicators.get(record["indicator"])
    if indicator is None:
        found.append(Finding("INDICATOR_UNKNOWN", f"{place}/indicator", record["indicator"], "an indicator of the release"))
    found += _errors_of_quantity(f"{place}/quantity", record["quantity"], indicator, library)
    return found


def _errors_of_quantity(place: str, quantity: Any, indicator: Indicator | None, library: Library) -> list[Finding]:
    found = []
    unit = library.units.get(quantity["unit"])
    if unit is None:
        found.append(Finding("MEASURE_UNKNOWN", f"{place}/unit", quantity["unit"], "a unit of the release"))
    elif indicator is not None:
        admitted = (indicator.dimension, "mass") if indicator.dimension == "liquid" else (indicator.dimension,)
        if unit.dimension not in admitted:
            found.append(Finding("DIMENSION_WRONG", f"{place}/unit", f"{quantity['unit']} ({unit.dimension})", " or ".join(admitted)))
    if Fraction(quantity["value"]) < 0:
        found.append(Finding("QUANTITY_NEGATIVE", f"{place}/value", quantity["value"], "0 or more"))
    return found


def _readings(meter: Any) -> int:
    return sum(int(meter[name]) for name in ("measured", "estimated", "manual"))


def _errors_of_meter(meter: Any, record: MeterRecord | None, units: dict[str, Days], period: Days, timezone: str) -> list[Finding]:
    place, unit = f"meter {meter['meter']}", meter["unit"]
    if unit not in units:
        return [Finding("UNIT_UNKNOWN", place, unit, "a unit of the organisation")]
    if not _overlap(units[unit], period):
        return [Finding("RECORD_OUTSIDE_UNIT_DATES", place, _shown(period), f"within {_shown(units[unit])}")]
    if not _readings(meter):
        return [Finding("METER_WITHOUT_READINGS", place, "no reading", "at least one reading in the period")]
    if record is None or record.readings is None:
        return []
    first, last = (local_date(record.header.start + 60 * record.header.interval_minutes * slot, timezone) for slot in record.readings)
    if _inside((first, last), units[unit]):
        return []
    return [Finding("RECORD_OUTSIDE_UNIT_DATES", place, f"readings from {_shown((first, last))}", f"within {_shown(units[unit])}")]


def meters_unseen(statement: Any, organisation: Any, meters: Mapping[str, MeterRecord]) -> list[str]:
    """Return the meters whose readings would have to be looked at, day by day, and whose record is not here.

    Raises: Malformed as find_errors does.
    """
    period = days_of_period(statement["period"])
    partly = {unit["id"] for unit in organisation["units"] if not _inside(period, days_of_unit(unit))}
    return [meter["meter"] for meter in statement["meters"] if meter["unit"] in partly and meter["meter"] not in meters]


def _units_without_data(statement: Any, units: dict[str, Any], open_units: set[str], silent: set[str]) -> list[Finding]:
    covered: set[str] = set()
    for line in statement["lines"]:
        if all(source["kind"] == "meter" and source["id"] in silent for source in line["sources"]):
            continue  # a meter without readings is a source, but no data
        at = line["unit"]
        while at in units and at not in covered:  # ends in a cycle too, which rollup.recompute names
            covered.add(at)
            at = units[at]["parent"]
    return [
        Finding("UNIT_WITHOUT_DATA", f"unit {id}", "no line", "a line of its own or below it")
        for id, unit in units.items()
        if unit["kind"] != "institution" and id in open_units and id not in covered
    ]


def _errors_of_total(place: str, total: Any, statement: Any, library: Library) -> list[Finding]:
    """Compare a published figure with the statement: it ties out when |computed − value| ≤ tolerance (documents §2)."""
    measure = total["measure"]
    unit = library.units.get(total["unit"])
    if unit is None or unit.dimension != "emissions":
        return [Finding("MEASURE_UNKNOWN", f"{place}/unit", total["unit"], "a unit of emissions")]
    if measure in _SUMS:
        grams = sum(int(statement["totals"][name]) for name in _SUMS[measure])
    elif not measure.startswith(_OF_INDICATOR):
        return [Finding("FIELD_INVALID", f"{place}/measure", measure, " | ".join((*_SUMS, _OF_INDICATOR + "<indicator id>")))]
    elif measure.removeprefix(_OF_INDICATOR) not in library.indicators:
        return [Finding("INDICATOR_UNKNOWN", f"{place}/measure", measure, "an indicator of the release")]
    else:
        lines = [line for line in statement["lines"] if line["indicator"] == measure.removeprefix(_OF_INDICATOR)]
        grams = sum(int(line[name]) for line in lines for name in _LINE_GRAMS)
    computed = Fraction(grams, 1000) / unit.base
    if abs(computed - Fraction(total["value"])) <= Fraction(total["tolerance"]):
        return []
    stated = f"{total['value']} ± {total['tolerance']} {total['unit']}"
    return [Finding("TOTAL_MISMATCH", place, f"{shortest_decimal(computed)} {total['unit']}", stated)]
