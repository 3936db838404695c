"""Imported meters as files of our own: the CSV that the server takes, the same bytes every time (spec: meter-import §7)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np

from ledger.clock import format_instant
from ledger.metering.csv_line import QUALITY_LETTERS
from ledger.metering.csv_source import MeterReadings
from ledger.metering.imports.assembly import ImportedRegister
from ledger.units import format_decimal

DAYS_PER_BODY = 366
_LETTERS = {int(quality): letter for letter, quality in QUALITY_LETTERS}
_UNITS = {"mWh": ("kWh", 6), "L": ("L", 0), "kJ": ("kJ", 0)}


def write_readings(readings: MeterReadings, smallest_unit: str) -> bytes:
    """Return `meter,timestamp,<unit>,quality` with a line per slot: UTC, exact decimals, LF."""
    unit, places = _UNITS[smallest_unit]
    lines = [f"meter,timestamp,{unit},quality"]
    texts = _instants(readings)
    for instant, value, flag in zip(texts, readings.values.tolist(), readings.quality.tolist(), strict=True):
        lines.append(f"{readings.meter},{instant},{_decimal(value, places)},{_LETTERS[flag]}")
    return ("\n".join(lines) + "\n").encode()


def bodies(readings: MeterReadings, smallest_unit: str) -> Iterator[bytes]:
    """Yield the bodies to send a meter in: cut at fixed days, so that sent again they are the same bytes and change nothing."""
    windows = readings.slots // (96 * DAYS_PER_BODY)
    bounds = [0, *(np.flatnonzero(np.diff(windows)) + 1).tolist(), len(windows)]
    for start, stop in pairwise(bounds):
        if stop > start:
            part = MeterReadings(readings.meter, readings.slots[start:stop], readings.values[start:stop], readings.quality[start:stop])
            yield write_readings(part, smallest_unit)


def write_register(register: ImportedRegister, unit: str) -> bytes:
    """Return `meter,timestamp,register_<unit>,quality` with a line per point; displays are before any ratio."""
    lines = [f"meter,timestamp,register_{unit},quality"]
    for point in register.points:
        lines.append(f"{register.meter},{format_instant(point.at)},{format_decimal(point.display)},{_LETTERS[int(point.quality)]}")
    return ("\n".join(lines) + "\n").encode()


def _instants(readings: MeterReadings) -> list[str]:
    texts: list[str] = np.datetime_as_string((readings.slots * 900).astype("datetime64[s]"), unit="s").tolist()
    return [text + "Z" for text in texts]


def _decimal(value: int, places: int) -> str:
    return format_decimal(Fraction(value, 10**places)) if places else str(value)
