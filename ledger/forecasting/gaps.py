"""Missing slots day by day, and the pattern in them: a gateway that sleeps on Sundays, an hour that never arrives."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ledger.metering.local_days import IntervalSeries
from ledger.records.meter_record import Quality

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LEAST_REPEATS = 3
PATTERN_SHARE = 0.6


@dataclass(frozen=True)
class Gap:
    """A day that misses `missing` of its `slots`, and the pattern it belongs to, if there is one."""

    at: int
    missing: int
    slots: int
    pattern: str


def find_gaps(series: IntervalSeries) -> tuple[Gap, ...]:
    """Return every day that misses a slot."""
    gaps = [(at, day.slots - day.present, day.slots) for at, day in enumerate(series.days()) if not day.complete]
    if not gaps:
        return ()
    weekday = _weekday(series, [at for at, missing, _ in gaps if missing])
    hour = _hour(series, [at for at, _, _ in gaps])
    return tuple(
        Gap(at, missing, slots, weekday[1] if weekday and series.day(at).weekday() == weekday[0] else hour) for at, missing, slots in gaps
    )


def _weekday(series: IntervalSeries, days: list[int]) -> tuple[int, str] | None:
    counted = Counter(series.day(at).weekday() for at in days)
    weekday, times = counted.most_common(1)[0]
    if times < LEAST_REPEATS or times < PATTERN_SHARE * len(days):
        return None
    return weekday, f"{times} of {len(days)} such days are {WEEKDAYS[weekday]}s"


def _hour(series: IntervalSeries, days: list[int]) -> str:
    counted = np.zeros(24, dtype=np.int64)
    for at in days:
        _, quality = series.slots_of(at)
        missing = np.flatnonzero(quality == Quality.MISSING)
        if len(missing) < len(quality):
            counted[np.unique(np.minimum(missing // 4, 23))] += 1
    hour = int(counted.argmax())
    if counted[hour] < LEAST_REPEATS or counted[hour] < PATTERN_SHARE * len(days):
        return ""
    return f"the hour from {hour:02d}:00 is missing on {counted[hour]} of {len(days)} such days"
