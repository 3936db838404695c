"""What a day is held against: the middle of comparable days, and how far they usually lie from it.

Medians and median absolute deviations, so that the fault that is looked for does not move what it is held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ledger.metering.local_days import Calendar, IntervalSeries
from ledger.records.meter_record import Quality

Floats = npt.NDArray[np.float64]
KINDS = ("work", "saturday", "rest")
NIGHT_HOURS = 5
SLOTS_PER_HOUR = 4
MAD_TO_DEVIATION = 1.4826
TENTHS_TO_DEVIATION = 2.5631  # from the 10th to the 90th percentile of a normal distribution


@dataclass(frozen=True)
class DayTable:
    """A series as one row for each local day, in Wh; nan where the day (or its night) misses a slot.

    Attributes:
        kinds: work, saturday or rest.
        celsius: mean outdoor temperature, nan where it is not known.
        segments: the number of the stretch between two level shifts that the day lies in.
    """

    first: date
    days: tuple[date, ...]
    kinds: tuple[str, ...]
    total: Floats
    night: Floats
    celsius: Floats
    segments: tuple[int, ...]


def day_table(series: IntervalSeries, calendar: Calendar, temperature: Mapping[date, Fraction]) -> DayTable:
    """Return the table of a series, all in one segment. A night is 00 to 05 local, as energy of five hours also where clocks change."""
    days = tuple(series.day(at) for at in range(len(series)))
    total, night = np.full(len(days), np.nan), np.full(len(days), np.nan)
    for at in range(len(days)):
        values, quality = series.slots_of(at)
        if Quality.MISSING not in quality:
            total[at] = float(values.sum()) / 1000
        # Clocks change within the night: what is beyond 05:00 is counted from the end of the day.
        dark = len(values) - (24 - NIGHT_HOURS) * SLOTS_PER_HOUR
        if dark > 0 and Quality.MISSING not in quality[:dark]:
            night[at] = float(values[:dark].mean()) * NIGHT_HOURS * SLOTS_PER_HOUR / 1000
    celsius = np.array([float(temperature[day]) if day in temperature else np.nan for day in days])
    return DayTable(series.first, days, tuple(calendar.kind_of(day) for day in days), total, night, celsius, (0,) * len(days))


@dataclass(frozen=True)
class Band:
    """What was to be expected: the middle, and the deviation that a score is counted in."""

    middle: float
    deviation: float

    def score(self, value: float) -> float:
        """Return how many deviations a value lies from the middle, signed."""
        return (value - self.middle) / self.deviation


def band_of(values: Sequence[float] | Floats, floor: float) -> Band:
    """Return the median and the greater of two robust deviations; at least `floor` of the median, so that a calm meter is not nervous.

    The median deviation alone takes a meter with two habits (a plant that starts early on some days) for one that strays daily: the
    distance of the tenth from the ninetieth percentile knows both habits, and still forgets one fault among twenty days.
    """
    known = sorted(float(value) for value in values)
    low, middle, high = quantile(known, 0.1), quantile(known, 0.5), quantile(known, 0.9)
    deviation = MAD_TO_DEVIATION * median(abs(value - middle) for value in known)
    return Band(middle, max(deviation, (high - low) / TENTHS_TO_DEVIATION, floor * abs(middle), 1e-9))


def median(values: Iterable[float]) -> float:
    """Return the median; of a few numbers in a tenth of the time that an array takes."""
    return quantile(sorted(values), 0.5)


def quantile(ascending: Sequence[float], share: float) -> float:
    """Return a quantile of sorted numbers, between two of them in proportion."""
    at = share * (len(ascending) - 1)
    low = int(at)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (at - low) * (ascending[high] - ascending[low])


class Comparison:
    """Finds the days that a day is held against: same type, same stretch between level shifts, near in temperature and time."""

    def __init__(self, table: DayTable, *, window: int, most: int, least: int) -> None:
        self._window, self._most, self._least = window, most, least
        self._celsius = table.celsius
        self._group = np.array([KINDS.index(kind) + len(KINDS) * part for kind, part in zip(table.kinds, table.segments, strict=True)])

    def days(self, values: Floats, at: int, left_out: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
        """Return the numbers of the days that day `at` is held against; none where too few are known.

        `left_out` marks days that were found unusual already.
        """
        low, high = max(0, at - self._window), min(len(values), at + self._window + 1)
        known = (self._group[low:high] == self._group[at]) & ~np.isnan(values[low:high]) & ~left_out[low:high]
        known[at - low] = False
        near = low + np.flatnonzero(known)
        warmth = self._celsius[at]
        if not np.isnan(warmth):
            with_warmth = near[~np.isnan(self._celsius[near])]
            if len(with_warmth) >= self._least:
                order = np.lexsort((np.abs(with_warmth - at), np.abs(self._celsius[with_warmth] - warmth)))
                return with_warmth[order][: self._most]
        if len(near) < self._least:
            return near[:0]
        return near[np.argsort(np.abs(near - at), kind="stable")][: self._most]
