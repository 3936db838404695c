"""What a reading's value, unit, instant and letter of quality mean, for whole columns at a time (spec: metering §3)."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from ledger.metering.csv_line import ELECTRIC, MAX_READING, QUALITY_LETTERS
from ledger.records.meter_record import MAX_INSTANT, Quantity

INTERVAL_TEXT = "PT15M"
MAX_POINT = 10**18  # twelve digits of a display, in millionths of its unit
LETTERS = dict(QUALITY_LETTERS)
CLOCK_SOURCES = ("none", "ntp", "gps", "manual", "network")
"""In the order of the codes that a batch gives them."""

_ENERGY = {"kWh": 10**6, "Wh": 10**3, "MWh": 10**9}
_VOLUME = {"m3": 10**3, "L": 1}
_HEAT = {"MJ": 10**3, "kJ": 1, "GJ": 10**6}
_VALUE = re.compile(r"(0|[1-9][0-9]{0,18})(?:\.([0-9]{1,18}))?", re.ASCII)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)


def units_of(quantity: Quantity, *, interval: bool) -> dict[str, int]:
    """Return unit → smallest units (mWh, L, kJ) in 1 of it. kW, the mean demand of a quarter-hour, is for intervals alone."""
    if quantity in ELECTRIC:
        return {**_ENERGY, "kW": 250_000} if interval else dict(_ENERGY)
    return dict(_HEAT if quantity is Quantity.HEAT_ENERGY else _VOLUME)


def limit_of(quantity: Quantity, *, interval: bool) -> int:
    """Return the greatest value that a reading may have, in smallest units: 10^13, and twelve digits of a register's display."""
    return MAX_READING if interval else MAX_POINT // point_scale(quantity)


def point_scale(quantity: Quantity) -> int:
    """Return how many millionths of the display's unit (kWh, m3, GJ) a smallest unit (mWh, L, kJ) is."""
    return 1 if quantity in ELECTRIC or quantity is Quantity.HEAT_ENERGY else 1000


def read_value(text: str, factor: int) -> int | None:
    """Return the whole number of smallest units that a decimal string times `factor` is; None where it is none, or no plain decimal."""
    match = _VALUE.fullmatch(text)
    if match is None:
        return None
    whole, part = match.groups()
    if part is None:
        return int(whole) * factor
    value, rest = divmod(int(whole + part) * factor, 10 ** len(part))
    return None if rest else value


@lru_cache(maxsize=8192)
def read_instant_ms(text: str) -> int | None:
    """Return Unix milliseconds of an instant with `Z` or an offset and, if wanted, milliseconds; None outside of 1970 to 9999."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    milliseconds = int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000
    return milliseconds if 0 <= milliseconds <= 1000 * MAX_INSTANT else None
