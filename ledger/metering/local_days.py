"""Readings by local day: what models of savings and forecasts are made of.

A local day has 92, 96 or 100 quarter-hours; a missing slot is counted, never filled and never taken for 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from ledger.errors import InputError
from ledger.metering.csv_block import Bytes, Ints
from ledger.metering.csv_source import MeterReadings
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS, MeterDay
from ledger.records.meter_record import Quality
from ledger.records.period import Period

MAX_DAYS = 3700  # ten years of one meter


@dataclass(frozen=True)
class LocalDay:
    """One local day of a meter: the mWh of the slots that have a value, how many have one, and how many there are."""

    day: date
    mwh: int
    present: int
    slots: int

    @property
    def complete(self) -> bool:
        """Whether no slot is missing."""
        return self.present == self.slots


@dataclass(frozen=True)
class IntervalSeries:
    """One meter's quarter-hours over whole local days, without a break: `values` in mWh (int64), `quality` one byte a slot.

    Attributes:
        first: the first local day.
        bounds: where each local day begins among the slots, and one more for the end of the last.

    Raises on construction:
        InputError: lengths disagree.
    """

    meter: str
    timezone: str
    first: date
    bounds: tuple[int, ...]
    values: Ints = field(repr=False)
    quality: Bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not (len(self.values) == len(self.quality) == self.bounds[-1]) or len(self.bounds) < 2:
            raise InputError(f"{len(self.values)} values and {len(self.quality)} qualities for {self.bounds[-1]} slots of local days")

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def last(self) -> date:
        """Return the last local day."""
        return self.first + timedelta(days=len(self) - 1)

    def day(self, at: int) -> date:
        """Return the local day number `at`, from 0."""
        return self.first + timedelta(days=at)

    def slots_of(self, at: int) -> tuple[Ints, Bytes]:
        """Return values and qualities of local day number `at`."""
        start, stop = self.bounds[at], self.bounds[at + 1]
        return self.values[start:stop], self.quality[start:stop]

    def days(self) -> tuple[LocalDay, ...]:
        """Return every local day with its sum and its missing slots."""
        starts = np.array(self.bounds[:-1], dtype=np.int64)
        sums = np.add.reduceat(self.values, starts)
        present = np.add.reduceat((self.quality != Quality.MISSING).astype(np.int64), starts)
        slots = np.diff(np.array(self.bounds, dtype=np.int64))
        rows = zip(sums.tolist(), present.tolist(), slots.tolist(), strict=True)
        return tuple(LocalDay(self.day(at), *row) for at, row in enumerate(rows))


def series_of_readings(readings: MeterReadings, timezone: str, first: date | None = None, last: date | None = None) -> IntervalSeries:
    """Return the series of readings over the local days from `first` to `last`; without them over the days they touch.

    Raises:
        InputError: no reading, an unknown time zone, or more than ten years.
    """
    if len(readings) == 0:
        raise InputError(f"meter {readings.meter} has no readings")
    begin, end = (datetime.fromtimestamp(int(readings.slots[at]) * SLOT_SECONDS, UTC) for at in (0, -1))
    # Touched days: a UTC day more on either side is cut again where the local day has no reading at all.
    zone_days = Period.of_dates("readings", begin.date() - timedelta(days=1), end.date() + timedelta(days=1), timezone)
    made = _series(
        readings.meter,
        timezone,
        first or zone_days.first_day,
        last or zone_days.last_day,
        ((readings.slots, readings.values, readings.quality),),
    )
    return made if first and last else _trim(made, keep_first=first is not None, keep_last=last is not None)


def series_of_days(days: Iterable[MeterDay], timezone: str, first: date, last: date) -> IntervalSeries:
    """Return the series of stored meter-days of one meter over the local days from `first` to `last`.

    Raises:
        InputError: days of two meters, no day, an unknown time zone, or more than ten years.
    """
    known = tuple(days)
    meters = {day.meter for day in known}
    if len(meters) != 1:
        raise InputError(f"days of {len(meters)} meters, expected one", hint="select one meter and at least one day of it")
    slots = np.arange(DAY_SLOTS, dtype=np.int64)
    parts = (
        (slots + day.day * DAY_SLOTS, np.frombuffer(day.values, dtype="<i8"), np.frombuffer(day.quality, dtype=np.uint8)) for day in known
    )
    return _series(meters.pop(), timezone, first, last, parts)


def _series(meter: str, timezone: str, first: date, last: date, parts: Iterable[tuple[Ints, Ints, Bytes]]) -> IntervalSeries:
    if (last - first).days >= MAX_DAYS:
        raise InputError(f"{(last - first).days + 1} days of {meter}, expected at most {MAX_DAYS}", hint="name a shorter time")
    edges = [Period.of_dates("day", day, day, timezone).start for day in _each_day(first, last)]
    edges.append(Period.of_dates("day", last, last, timezone).end)
    if any(edge % SLOT_SECONDS for edge in edges):
        raise InputError(f"the days of {timezone} do not begin on a quarter-hour")
    origin, n = edges[0] // SLOT_SECONDS, (edges[-1] - edges[0]) // SLOT_SECONDS
    values, quality = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.uint8)
    for slots, amounts, flags in parts:
        at = slots - origin
        inside = (at >= 0) & (at < n)
        values[at[inside]], quality[at[inside]] = amounts[inside], flags[inside]
    bounds = tuple((edge - edges[0]) // SLOT_SECONDS for edge in edges)
    return IntervalSeries(meter, timezone, first, bounds, values, quality)


def _trim(series: IntervalSeries, *, keep_first: bool, keep_last: bool) -> IntervalSeries:
    touched = [at for at, day in enumerate(series.days()) if day.present]
    start = 0 if keep_first else touched[0]
    stop = len(series) if keep_last else touched[-1] + 1
    low, high = series.bounds[start], series.bounds[stop]
    bounds = tuple(bound - low for bound in series.bounds[start : stop + 1])
    return IntervalSeries(series.meter, series.timezone, series.day(start), bounds, series.values[low:high], series.quality[low:high])


def _each_day(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=at) for at in range((last - first).days + 1))


@dataclass(frozen=True)
class Calendar:
    """Which days are worked: Monday to Friday, but for `holidays`; and `workdays`, the weekend days that are made up (调休)."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def is_worked(self, day: date) -> bool:
        """Tell whether `day` is a working day."""
        return day in self.workdays or (day.weekday() < 5 and day not in self.holidays)

    def kind_of(self, day: date) -> str:
        """Return the day type: work, saturday, or rest (Sunday or holiday)."""
        if self.is_worked(day):
            return "work"
        return "saturday" if day.weekday() == 5 and day not in self.holidays else "rest"


def complete_days(days: Iterable[LocalDay]) -> Mapping[date, int]:
    """Return the mWh of the days that miss no slot."""
    return {day.day: day.mwh for day in days if day.complete}
