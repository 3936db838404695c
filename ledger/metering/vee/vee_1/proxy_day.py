"""proxy_day: up to seven days, each slot the mean of the same slot on the same weekday of the four weeks before."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

import numpy as np

from ledger.metering.vee.history import Ints, MeterHistory
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.meter_record import Quality
from ledger.units import round_half_even


def proxy_days(history: MeterHistory, start: int, stop: int, policies: Policies) -> Ints | None:
    """Return the value of each slot of a gap, exact, half to even; None where for some slot fewer than two weeks have an actual reading.

    The same slot is the one as far from local midnight; actual readings alone count.
    """
    bounds, series = history.series.bounds, history.series
    found = []
    for slot in range(start, stop):
        day = bisect_right(bounds, slot) - 1
        into = slot - bounds[day]
        values = []
        for week in range(1, policies.proxy_weeks + 1):
            at = day - 7 * week
            if at < 0 or bounds[at] + into >= bounds[at + 1]:
                continue
            if series.quality[bounds[at] + into] == Quality.ACTUAL:
                values.append(int(series.values[bounds[at] + into]))
        if len(values) < policies.proxy_least:
            return None
        found.append(round_half_even(Fraction(sum(values), len(values))))
    return np.array(found, dtype=np.int64)
