"""Clean series, and faults planted into them, as in a building."""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ledger.demo.profiles import meter_csv
from ledger.metering.csv_source import MeterFacts, MeterReadings, read_meter_csv
from ledger.metering.local_days import IntervalSeries, series_of_readings
from ledger.metering.vee.history import MeterHistory
from ledger.metering.vee.vee_1.registry import RULE_SET
from ledger.records.findings import Finding
from ledger.records.meter_record import Quantity

NOW = 2**31
YEAR_2025 = 1_735_660_800  # 2025-01-01 00:00 in Shanghai
Ints = NDArray[np.int64]


def office_readings(shared: Path) -> dict[str, MeterReadings]:
    """Return the two real office meters, 2012 and 2013."""
    data = gzip.decompress((shared / "data" / "office_meters_2012_2013.csv.gz").read_bytes())
    reading = read_meter_csv([data], meters={name: MeterFacts(name) for name in ("201", "202")}, now=NOW)
    return dict(reading.readings)


def office_year(shared: Path) -> dict[str, IntervalSeries]:
    """Return the office meters from May 2012 to April 2013, local days."""
    first, last = date(2012, 5, 1), date(2013, 4, 30)
    zone = "America/Los_Angeles"
    return {name: series_of_readings(readings, zone, first, last) for name, readings in office_readings(shared).items()}


def seeded_year(peaks: tuple[int, ...] = (20_000, 90_000)) -> dict[str, IntervalSeries]:
    """Return the demo's meters over 2025."""
    meters = tuple((f"M{at}", peak) for at, peak in enumerate(peaks, start=1))
    data = b"".join(meter_csv(meters, YEAR_2025, YEAR_2025 + 365 * 86_400))
    reading = read_meter_csv([data], meters={name: MeterFacts(name) for name, _ in meters}, now=NOW)
    return {name: series_of_readings(readings, "Asia/Shanghai") for name, readings in reading.readings.items()}


def planted(series: IntervalSeries, change: Callable[[Ints, NDArray[np.uint8]], None]) -> IntervalSeries:
    """Return the series with its arrays changed in place by `change(values, quality)`."""
    values, quality = series.values.copy(), series.quality.copy()
    change(values, quality)
    return dataclasses.replace(series, values=values, quality=quality)


def slots(series: IntervalSeries, first: date, last: date) -> slice:
    """Return the slots of the local days from `first` to `last`."""
    start, stop = ((day - series.first).days for day in (first, last))
    return slice(series.bounds[start], series.bounds[stop + 1])


def history(series: IntervalSeries, **more: object) -> MeterHistory:
    """Return the history of a meter of purchased electricity."""
    return MeterHistory(series, Quantity.EL_IMPORT, **more)  # type: ignore[arg-type]


def found(*histories: MeterHistory) -> list[tuple[str, str, str]]:
    """Return (code, meter, instant) of what the rule set finds."""
    return [named(finding) for finding in RULE_SET.validate(histories)]


def named(finding: Finding) -> tuple[str, str, str]:
    """Return (code, meter, instant) of a finding."""
    return finding.code, finding.params["meter"], finding.params.get("instant", finding.params.get("from", ""))
