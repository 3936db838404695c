"""Series that the tests of forecasts and unusual days begin from: a made-up office whose every habit is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from ledger.metering.local_days import Calendar, IntervalSeries
from ledger.records.meter_record import Quality
from ledger.records.period import Period

TIMEZONE = "Asia/Shanghai"
HOLIDAYS = Calendar(frozenset({date(2024, 2, 12), date(2024, 2, 13), date(2024, 5, 1), date(2025, 1, 1)}))


def office(first: date = date(2024, 1, 1), days: int = 240, seed: int = 7, timezone: str = TIMEZONE) -> IntervalSeries:
    """5 kWh a quarter-hour by night and on days off, 15 from 8 to 18 on working days, with 3 % of noise."""
    rng = np.random.default_rng(seed)
    dates = [first + timedelta(days=at) for at in range(days)]
    edges = [Period.of_dates("day", day, day, timezone).start for day in (*dates, first + timedelta(days=days))]
    bounds = tuple((edge - edges[0]) // 900 for edge in edges)
    values = np.full(bounds[-1], 5_000_000.0)
    for at, day in enumerate(dates):
        if HOLIDAYS.is_worked(day):
            values[bounds[at] + 32 : bounds[at] + 72] = 15_000_000
    values *= rng.normal(1, 0.03, len(values))
    return IntervalSeries(
        "M1", timezone, first, bounds, np.round(values).astype(np.int64), np.full(len(values), Quality.ACTUAL, dtype=np.uint8)
    )


def changed(series: IntervalSeries, day: date, start: int, stop: int, *, times: float = 1.0, value: int | None = None) -> IntervalSeries:
    """The series with the slots `start` to before `stop` of a day multiplied, or set to a value in mWh."""
    values, first = series.values.copy(), series.bounds[(day - series.first).days]
    part = slice(first + start, first + stop)
    values[part] = value if value is not None else np.round(values[part] * times)
    return replace(series, values=values)


def without(series: IntervalSeries, day: date, start: int = 0, stop: int = 96) -> IntervalSeries:
    """The series without some slots of a day."""
    values, quality, first = series.values.copy(), series.quality.copy(), series.bounds[(day - series.first).days]
    values[first + start : first + stop], quality[first + start : first + stop] = 0, Quality.MISSING
    return replace(series, values=values, quality=quality)
