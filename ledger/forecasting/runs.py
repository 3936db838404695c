"""Stuck and dead meters: one value that stands still for longer than this meter's values do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ledger.metering.csv_block import Ints
from ledger.metering.local_days import IntervalSeries
from ledger.records.meter_record import Quality

LEAST_FLAT = 12  # three hours
LEAST_DEAD = 4  # one hour
TIMES_USUAL = 3
USUAL_SHARE = 0.999
RARELY_ZERO = 0.05
LAST_SLOT = 95


@dataclass(frozen=True)
class Run:
    """Slots `start` to `stop` (not included) of a series that all hold `value` mWh, and how many would have been too many."""

    start: int
    stop: int
    value: int
    limit: int

    def __len__(self) -> int:
        return self.stop - self.start


def find_runs(series: IntervalSeries) -> tuple[Run, ...]:
    """Return the runs of equal values that are too long for this meter; zeros only where zero is rare at that time of day."""
    known = series.quality != Quality.MISSING
    values = np.where(known, series.values, -1)
    edges = np.concatenate(([0], np.flatnonzero(np.diff(values)) + 1, [len(values)]))
    starts, stops = edges[:-1], edges[1:]
    lengths, held = stops - starts, values[starts]
    flat = lengths[held > 0]
    if len(flat) == 0:
        return ()
    # Of slots, not of runs: how long the run is that a slot usually lies in.
    usual = int(np.quantile(np.repeat(flat, np.minimum(flat, LEAST_FLAT)), USUAL_SHARE))
    limit = max(LEAST_FLAT, TIMES_USUAL * min(usual, 96))
    found = [
        Run(int(start), int(stop), int(value), limit)
        for start, stop, value in zip(starts, stops, held, strict=True)
        if value > 0 and stop - start >= limit
    ]
    zero = _rarely_zero(series, values)
    for start, stop, value in zip(starts, stops, held, strict=True):
        if value == 0 and stop - start >= LEAST_DEAD and int(zero[start:stop].sum()) >= LEAST_DEAD:
            found.append(Run(int(start), int(stop), 0, LEAST_DEAD))
    return tuple(sorted(found, key=lambda run: run.start))


def _rarely_zero(series: IntervalSeries, values: Ints) -> npt.NDArray[np.bool_]:
    """Return for each slot whether zero is rare at its time of day: a PV plant's nights are no fault."""
    bounds = np.array(series.bounds)
    day = np.searchsorted(bounds, np.arange(len(values)), side="right") - 1
    time = np.minimum(np.arange(len(values)) - bounds[day], LAST_SLOT)
    zeros, slots = np.bincount(time, values == 0, LAST_SLOT + 1), np.bincount(time, values >= 0, LAST_SLOT + 1)
    return np.isin(time, np.flatnonzero(zeros < RARELY_ZERO * np.maximum(slots, 1)))
