"""What a rule looks at: a meter's local days with what hung there, what was billed and what its register showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ledger.clock import format_instant
from ledger.metering.fitting import Fitting
from ledger.metering.hanging import find_hanging, whole_slots
from ledger.metering.local_days import IntervalSeries
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS
from ledger.metering.registers import RegisterPoints
from ledger.records.meter_record import Quality, Quantity
from ledger.records.period import Period

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Bill:
    """What was billed for local days, both inclusive, in mWh, L or kJ."""

    id: str
    first: date
    last: date
    amount: int
    reference: str
    sha256: str | None = None


@dataclass(frozen=True)
class MeterHistory:
    """A meter's slots over whole local days; rules judge the days from number `judged` on, and take those before for the past alone.

    `bills` are those of this meter, `unit` is whom it serves, `sub_meter_of` the meter it hangs behind. `registers` are the points of its
    register, in any order; None where it sends intervals alone.
    """

    series: IntervalSeries
    quantity: Quantity
    judged: int = 0
    fittings: tuple[Fitting, ...] = ()
    bills: tuple[Bill, ...] = ()
    unit: str = ""
    sub_meter_of: str | None = None
    registers: RegisterPoints | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.series)

    @property
    def meter(self) -> str:
        """Return the meter's id."""
        return self.series.meter

    @property
    def first_slot(self) -> int:
        """Return the first slot of the first day (Unix seconds ÷ 900)."""
        first = self.series.first
        return Period.of_dates("day", first, first, self.series.timezone).start // SLOT_SECONDS

    def instant(self, at: int) -> str:
        """Return the instant at which slot number `at` of the series begins."""
        return format_instant((self.first_slot + at) * SLOT_SECONDS)

    def start_of(self, day: int) -> str:
        """Return the instant at which day number `day` begins."""
        return self.instant(self.series.bounds[day])

    def number_of(self, day: date) -> int:
        """Return the number of a local day, which may lie outside the series."""
        return (day - self.series.first).days

    @cached_property
    def hung(self) -> Mask:
        """Return the slots during the whole of which something hung in the meter's place, by its fittings."""
        return whole_slots(find_hanging(self.fittings), self.first_slot * SLOT_SECONDS, SLOT_SECONDS, len(self.series.values))

    @cached_property
    def totals(self) -> Ints:
        """Return the sum of each day."""
        return np.add.reduceat(self.series.values, np.array(self.series.bounds[:-1], dtype=np.int64))

    @cached_property
    def complete(self) -> Mask:
        """Return which days miss no slot."""
        present = np.add.reduceat((self.series.quality != Quality.MISSING).astype(np.int64), np.array(self.series.bounds[:-1]))
        return np.asarray(present == np.diff(np.array(self.series.bounds)))

    @cached_property
    def estimated(self) -> Ints:
        """Return how many slots of each day are missing, estimated or substituted."""
        quality = self.series.quality
        other = (quality == Quality.MISSING) | (quality == Quality.ESTIMATED) | (quality == Quality.SUBSTITUTED)
        return np.add.reduceat(other.astype(np.int64), np.array(self.series.bounds[:-1]))

    @cached_property
    def profiles(self) -> tuple[Ints, Mask]:
        """Return days × 96 slots by local clock, and which days are complete with 96 slots: no day on which clocks change."""
        bounds = np.array(self.series.bounds, dtype=np.int64)
        even = self.complete & (np.diff(bounds) == DAY_SLOTS)
        made = np.zeros((len(self), DAY_SLOTS), dtype=np.int64)
        chosen = np.flatnonzero(even)
        made[chosen] = self.series.values[bounds[chosen, None] + np.arange(DAY_SLOTS)]
        return made, even


def runs(wanted: Mask) -> list[tuple[int, int]]:
    """Return [start, stop) of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate((np.zeros(1, np.bool_), wanted, np.zeros(1, np.bool_)))))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def rolling_profiles(profiles: Ints, usable: Mask, days: int) -> tuple[NDArray[np.float64], Ints]:
    """Return the mean profile of the usable days among `days` days from each day on, and how many those were; for correlation alone."""
    sums = np.concatenate((np.zeros((1, profiles.shape[1])), np.cumsum(np.where(usable[:, None], profiles, 0), axis=0, dtype=np.float64)))
    counts = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(usable, dtype=np.int64)))
    starts = np.arange(max(0, len(profiles) - days + 1))
    found = np.asarray(counts[starts + days] - counts[starts], dtype=np.int64)
    return (sums[starts + days] - sums[starts]) / np.maximum(found, 1)[:, None], found


def rolling_medians(totals: Ints, usable: Mask, days: int) -> tuple[Ints, Ints]:
    """Return twice the median total of the usable days among `days` days from each day on, exact, and how many those were."""
    if len(totals) < days:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    last = np.iinfo(np.int64).max
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(np.where(usable, totals, last), days), axis=1)
    found = np.asarray((windows != last).sum(axis=1), dtype=np.int64)
    middle = np.maximum(found - 1, 0)
    pair = np.take_along_axis(windows, np.stack((middle // 2, (middle + 1) // 2), axis=1), axis=1)
    return np.where(found > 0, np.where(pair == last, 0, pair).sum(axis=1), 0), found


def best_split(gain: NDArray[np.float64]) -> int:
    """Return the position from which on gains add up to most, those before it counted against it."""
    return int((gain.sum() - 2 * np.concatenate((np.zeros(1), np.cumsum(gain)[:-1]))).argmax())


def median_twice(values: Sequence[int]) -> int:
    """Return twice the median of at least one integer, exact."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]
