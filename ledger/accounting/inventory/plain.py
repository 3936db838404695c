"""Small readings of what people write: numbers, names, texts, quantities such as `84.5 万m³`. What is no such thing stays as it is.

Nothing is judged here: the strict readers of the documents do that, and their findings then name what was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from ledger.errors import InputError
from ledger.units import format_decimal, parse_decimal

NOTE = "note"
"""A field that every object may have, for people."""
# Separators of thousands and exponents go into the number: what refuses it then says what is wrong with the number, not with the unit.
_QUANTITY = re.compile(r"\s*([-+]?[0-9](?:[0-9.,，'’]*[0-9.])?(?:[eE][-+]?[0-9]+)?)\s*(\S.*?)?\s*")
_MONTH = re.compile(r"([0-9]{4})-?(0[1-9]|1[0-2])")
_PART = re.compile(r"([0-9]{4})-?([QH])([1-4])", re.IGNORECASE)
_YEAR = re.compile(r"(?:FY)?([0-9]{4})", re.IGNORECASE)
TONNES = {"t", "吨", "tco2", "tco2e", "tco2eq", "吨二氧化碳", "吨二氧化碳当量"}
KILOGRAMS = {"kg", "kgco2", "kgco2e", "kgco2eq", "千克", "公斤"}
TEN_THOUSAND_TONNES = {"万t", "万吨", "万tco2", "万tco2e", "万吨二氧化碳当量", "万吨二氧化碳"}


def without_notes(item: Mapping[str, object]) -> dict[str, object]:
    """Return an object without its note."""
    return {name: value for name, value in item.items() if name != NOTE}


def decimal_of(value: object) -> object:
    """Return a JSON integer as the decimal string it is; everything else as it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def id_of(value: object) -> object:
    """Return an id that was written as a number as a text."""
    return decimal_of(value)


def name_of(value: object, otherwise: object) -> object:
    """Return a name in two languages of one text, or of an id where there is none."""
    text = value if value is not None else otherwise
    return {"en": text, "zh": text} if isinstance(text, str) else text


def quantity_of(value: object) -> object:
    """Return `{value, unit}` of an object or of a text such as `84.5 万m³`; of a number alone what it is, so that its unit is missing."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"value": str(value)}
    if isinstance(value, str):
        match = _QUANTITY.fullmatch(value)
        return value if match is None else {"value": match[1]} | ({} if match[2] is None else {"unit": match[2]})
    if isinstance(value, dict):
        plain = without_notes(value)
        return plain | ({"value": decimal_of(plain["value"])} if "value" in plain else {})
    return value


def decimals_in(item: dict[str, object], *names: str) -> None:
    """Write the integers at these fields as decimal strings, in place."""
    for name in names:
        if name in item:
            item[name] = decimal_of(item[name])


def half_last_digit_times(value: object, parts: object) -> str | None:
    """Return 0.5 × the last printed digit × the number of parts, the rounding of a printed sum, or None where they are no numbers."""
    if not isinstance(value, str) or not isinstance(parts, int) or isinstance(parts, bool) or parts < 1:
        return None
    try:
        parse_decimal(value)
    except InputError:
        return None
    places = len(value.partition(".")[2])
    return times(times("0.5", str(parts)), "1" if places == 0 else "0." + "0" * (places - 1) + "1")


def times(a: str, b: str) -> str:
    """Return the exact product of two decimal strings."""
    return format_decimal(parse_decimal(a) * parse_decimal(b))


def emissions_unit(value: object, tolerance: object, unit: object) -> tuple[object, object, object]:
    """Return value, tolerance and unit of a published figure, with what reports write for tonnes as `tCO2e` (万t: 10,000 of them)."""
    if not isinstance(unit, str):
        return value, tolerance, unit
    plain = unit.replace(" ", "").replace("₂", "2").lower()
    if plain in TONNES:
        return value, tolerance, "tCO2e"
    if plain in KILOGRAMS:
        return value, tolerance, "kgCO2e"
    if plain in TEN_THOUSAND_TONNES:
        try:
            return times(str(value), "10000"), times(str(tolerance), "10000"), "tCO2e"
        except InputError:
            return value, tolerance, unit
    return value, tolerance, unit


def days_of(id: str) -> tuple[date, date] | None:
    """Return the first and last day that a period's id says: 2024, FY2024, 2024-03, 2024-Q1, 2024-H1; None for other ids."""
    if match := _YEAR.fullmatch(id):
        return _months(int(match[1]), 1, 12)
    if match := _MONTH.fullmatch(id):
        return _months(int(match[1]), int(match[2]), 1)
    if match := _PART.fullmatch(id):
        length, number = (3 if match[2].upper() == "Q" else 6), int(match[3])
        return _months(int(match[1]), (number - 1) * length + 1, length) if number * length <= 12 else None
    return None


def _months(year: int, first: int, count: int) -> tuple[date, date] | None:
    if not 1 <= year < 9999:
        return None
    start = date(year, first, 1)
    months = first - 1 + count
    return start, date(year + months // 12, months % 12 + 1, 1) - timedelta(days=1)
