"""Recompute the lines and the roll-up of method operational_1 in exact rationals (method-operational-1.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from typing import Any

from verifier.errors import Malformed, Refused
from verifier.library import BASE_UNITS, GASES, Factor, Indicator, Library

MEASURES = ("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g")
ELECTRICITY = "electricity.purchased"
METHOD = "operational_1"
_BY_SCOPE = {1: "scope1_g", 2: "scope2_location_g", 3: "scope3_g"}
_FIXED_ZONES = {"UTC": 0, "Etc/UTC": 0, "Asia/Shanghai": 8, "PRC": 8}  # China keeps UTC+8 without change since 1991-09-15
Totals = dict[str, int]


@dataclass(frozen=True, slots=True)
class Metered:
    """Hold what a meter contributes: totals and counts that its record shows."""

    meter: str
    unit: str
    quantity: str
    total_mwh: int
    slots: int
    measured: int


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a recomputed line; `quantity` is exact, grams are rounded once."""

    unit: str
    indicator: str
    scope: int
    quantity: Fraction
    base_unit: str
    factor: str
    gases: dict[str, int]
    grams: Totals
    quality: int
    sources: tuple[tuple[str, str], ...]


def round_half_even(value: Fraction) -> int:
    """Return the nearest integer, the even one at a half."""
    floor, rest = divmod(value.numerator, value.denominator)
    if 2 * rest < value.denominator:
        return floor
    if 2 * rest > value.denominator:
        return floor + 1
    return floor + (floor & 1)


def local_year(start: int, timezone_name: str) -> int:
    """Return the local year in which a period starts. Raises: Malformed as local_date does."""
    return local_date(start, timezone_name).year


def local_date(instant: int, timezone_name: str) -> date:
    """Return the local date of Unix seconds. Raises: Malformed for a time zone this machine does not know, or a date beyond year 9999."""
    try:
        return datetime.fromtimestamp(instant, UTC).astimezone(_zone(timezone_name)).date()
    except (ValueError, OverflowError, OSError):
        raise Malformed("INSTANT", "statement.json /period", f"{instant} s has no local date", found=str(instant)) from None


def _zone(name: str) -> tzinfo:
    if name in _FIXED_ZONES:
        return timezone(timedelta(hours=_FIXED_ZONES[name]))
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Malformed("TIMEZONE", "statement.json /period/timezone", f"time zone {name!r} is unknown here") from None


def grams_of(
    quantity: Fraction, factor: Factor, base_unit: str, gwp: Mapping[str, Fraction], indicator: Indicator
) -> tuple[dict[str, int], Totals]:
    """Return (gas grams, CO2e grams by measure) of a quantity (method §5)."""
    per_unit = factor.gases_per(base_unit)
    gases = {gas: round_half_even(quantity * per_unit[gas] * 1000) for gas in GASES}
    weighted = per_unit["CO2"] + per_unit["CH4"] * gwp["CH4"] + per_unit["N2O"] * gwp["N2O"]
    grams = dict.fromkeys(MEASURES, 0)
    grams[_BY_SCOPE[indicator.scope]] = round_half_even(quantity * 1000 * weighted)
    return gases, grams


def compute_lines(
    organisation: Any, activity: Any, library: Library, meters: Sequence[Metered], gwp_id: str, year: int
) -> dict[tuple[str, str], Line | Refused]:
    """Return every line by (unit, indicator); a line that the method refuses is the Refused that says why."""
    gwp = library.gwp_sets.get(gwp_id)
    if gwp is None:
        raise Refused("GWP_UNKNOWN", f"GWP set {gwp_id} is not in the release", expected=", ".join(sorted(library.gwp_sets)), found=gwp_id)
    records: dict[tuple[str, str], list[Any]] = {}
    for record in activity["records"]:
        records.setdefault((record["unit"], record["indicator"]), []).append(record)
    metered: dict[str, list[Metered]] = {}
    for meter in meters:
        if meter.quantity == "el.import":
            metered.setdefault(meter.unit, []).append(meter)
    choices = {item["indicator"]: item["factor"] for item in activity["factor_choices"]}
    known_units = {unit["id"] for unit in organisation["units"]}
    lines: dict[tuple[str, str], Line | Refused] = {}
    for key in sorted(set(records) | {(unit, ELECTRICITY) for unit in metered}):
        try:
            if key[0] not in known_units:
                raise Refused("UNIT_UNKNOWN", f"unit {key[0]} is not in the organisation", unit=key[0])
            mine = metered.get(key[0], []) if key[1] == ELECTRICITY else []
            lines[key] = _line(key, records.get(key, []), mine, library, choices, organisation["region"], year, gwp)
        except Refused as error:
            lines[key] = error
    return lines


def _line(
    key: tuple[str, str],
    records: Sequence[Any],
    meters: Sequence[Metered],
    library: Library,
    choices: Mapping[str, str],
    region: str,
    year: int,
    gwp: Mapping[str, Fraction],
) -> Line:
    indicator = library.indicators.get(key[1])
    if indicator is None:
        raise Refused("INDICATOR_UNKNOWN", f"indicator {key[1]} is not in the release", indicator=key[1])
    quantity, base_unit = _quantity(indicator, records, meters, library)
    factor = library.admitted(indicator, choices[key[1]] if key[1] in choices else library.select(key[1], region, year))
    gases, grams = grams_of(quantity, factor, base_unit, gwp, indicator)
    qualities = [record["quality"] for record in records]
    qualities += [3 if 20 * (meter.slots - meter.measured) > meter.slots else 1 for meter in meters]
    sources = [("activity", record["id"]) for record in records] + [("meter", meter.meter) for meter in meters]
    return Line(*key, indicator.scope, quantity, base_unit, factor.id, gases, grams, max(qualities), tuple(sorted(sources)))


def _quantity(indicator: Indicator, records: Sequence[Any], meters: Sequence[Metered], library: Library) -> tuple[Fraction, str]:
    """Return the quantity in its base unit (method §2)."""
    admitted = (indicator.dimension, "mass") if indicator.dimension == "liquid" else (indicator.dimension,)
    dimensions = {indicator.dimension} if meters else set()
    quantity = sum((Fraction(meter.total_mwh, 1_000_000) for meter in meters), Fraction(0))
    for record in records:
        name = record["quantity"]["unit"]
        unit = library.units.get(name)
        if unit is None or unit.dimension not in admitted:
            raise Refused(
                "UNIT_DIMENSION",
                f"record {record['id']}: unit {name} does not measure {indicator.id}",
                expected=" or ".join(admitted),
                found=name,
            )
        amount = Fraction(record["quantity"]["value"])
        if amount < 0:
            raise Refused(
                "QUANTITY_NEGATIVE", f"record {record['id']} is negative", expected="0 or more", found=record["quantity"]["value"]
            )
        dimensions.add(unit.dimension)
        quantity += amount * unit.base
    if len(dimensions) != 1:
        raise Refused(
            "QUANTITY_BASES",
            f"{indicator.id} is given in {' and '.join(sorted(dimensions))}",
            expected="one dimension",
            found=str(len(dimensions)),
        )
    return quantity, BASE_UNITS[dimensions.pop()]


def compute_rollup(organisation: Any, lines: Sequence[tuple[str, Totals]]) -> dict[str, tuple[Totals, Totals]]:
    """Return (own, total) of every unit from (unit, grams) of the lines (method §6).

    Raises:
        Refused: the units are not one tree, or a line names a unit that is not in it.
    """
    parents = {unit["id"]: unit["parent"] for unit in organisation["units"]}
    roots = [unit for unit, parent in parents.items() if parent is None]
    if len(roots) != 1 or any(parent is not None and parent not in parents for parent in parents.values()):
        raise Refused("ORGANISATION_ROOT", "the units have no single root, or a parent is missing", expected="1", found=str(len(roots)))
    own = {unit: dict.fromkeys(MEASURES, 0) for unit in parents}
    for unit, grams in lines:
        if unit not in own:
            raise Refused("UNIT_UNKNOWN", f"unit {unit} is not in the organisation", unit=unit)
        for measure in MEASURES:
            own[unit][measure] += grams[measure]
    total = {unit: dict(values) for unit, values in own.items()}
    for unit in _children_first(parents):
        parent = parents[unit]
        if parent is not None:
            for measure in MEASURES:
                total[parent][measure] += total[unit][measure]
    return {unit: (own[unit], total[unit]) for unit in parents}


def _children_first(parents: Mapping[str, str | None]) -> list[str]:
    depth: dict[str, int] = {}
    for unit in parents:
        trail: dict[str, None] = {}
        at: str | None = unit
        while at is not None and at not in depth:
            if at in trail:
                raise Refused("ORGANISATION_CYCLE", f"unit {at} is above itself", unit=at)
            trail[at] = None
            at = parents[at]
        base = 0 if at is None else depth[at] + 1
        for steps, name in enumerate(reversed(trail)):
            depth[name] = base + steps
    return sorted(parents, key=lambda name: -depth[name])


def root_unit(organisation: Any) -> str:
    """Return the id of the root unit."""
    return str(next(unit["id"] for unit in organisation["units"] if unit["parent"] is None))
