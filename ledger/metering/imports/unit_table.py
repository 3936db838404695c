"""Units of files and what they are in the smallest unit (mWh, L, kJ), exactly (spec: meter-import §2)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ledger.records.meter_record import Quantity

_BTU = Fraction("1.05505585262")  # kJ, of the International Table
_KJ_MWH = Fraction(1_000_000, 3_600)  # mWh of a kJ
_ELECTRIC: Mapping[str, int | Fraction] = {
    "Wh": 1_000,
    "kWh": 1_000_000,
    "MWh": 1_000_000_000,
    "GWh": 1_000_000_000_000,
    "J": _KJ_MWH / 1_000,
    "kJ": _KJ_MWH,
    "MJ": _KJ_MWH * 1_000,
    "GJ": _KJ_MWH * 1_000_000,
}
# A power is the mean of its interval, and becomes an amount by its length.
_DEMAND: Mapping[str, int | Fraction] = {"W": 1_000, "kW": 1_000_000, "MW": 1_000_000_000}
_VOLUME: Mapping[str, int | Fraction] = {
    "m3": 1_000,
    "L": 1,
    "ft3": Fraction("28.316846592"),
    "CCF": Fraction("2831.6846592"),
    "gal": Fraction("3.785411784"),
}
_HEAT: Mapping[str, int | Fraction] = {
    "kJ": 1,
    "MJ": 1_000,
    "GJ": 1_000_000,
    "Wh": Fraction(36, 10),
    "kWh": 3_600,
    "MWh": 3_600_000,
    "kW": 3_600,
    "MW": 3_600_000,
    "kBtu": _BTU * 1_000,
    "MMBtu": _BTU * 1_000_000,
    "therm": _BTU * 100_000,
}
UNITS: Mapping[Quantity, Mapping[str, int | Fraction]] = {
    Quantity.EL_IMPORT: {**_ELECTRIC, **_DEMAND},
    Quantity.EL_EXPORT: {**_ELECTRIC, **_DEMAND},
    Quantity.PV_GENERATION: {**_ELECTRIC, **_DEMAND},
    Quantity.GAS_VOLUME: _VOLUME,
    Quantity.WATER_VOLUME: _VOLUME,
    Quantity.HEAT_ENERGY: _HEAT,
}
SMALLEST = {"el": "mWh", "pv": "mWh", "gas": "L", "water": "L", "heat": "kJ"}
_SPELT = {unit.lower(): unit for units in UNITS.values() for unit in units} | {
    "m³": "m3",
    "therms": "therm",
    "hcf": "CCF",
    "度": "kWh",
    "千瓦时": "kWh",
    "千瓦": "kW",
}


def is_demand(unit: str) -> bool:
    """Tell whether a unit is one of power."""
    return unit in _DEMAND


def find_unit(text: str, quantity: Quantity) -> str | None:
    """Return the unit that a text of a file means, in whatever case; None where the quantity is not measured in it."""
    unit = _SPELT.get(text.strip().lower())
    return unit if unit in UNITS[quantity] else None


def factor_of(unit: str, quantity: Quantity, seconds: int) -> Fraction:
    """Return the smallest units of 1 of a unit: where it is a power, of an interval of so many seconds."""
    factor = Fraction(UNITS[quantity][unit])
    return factor * Fraction(seconds, 3600) if is_demand(unit) else factor
