"""METER_ZERO: a day or more of zeros on a meter that is never still: a dead input, a blown fuse, a channel that was renamed."""

from __future__ import annotations

import numpy as np

from ledger.metering.finding_list import FindingList
from ledger.metering.vee.history import MeterHistory, runs
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding
from ledger.records.meter_record import Quality


def check_zero(history: MeterHistory, policies: Policies) -> tuple[Finding, ...]:
    """Return a warning for each run of zeros of 24 hours or more, unless the meter often stands still for 6 hours.

    Often is on more than one in twenty of the days that no long run touches: two outages must not excuse each other.
    """
    series, findings = history.series, FindingList(f"meter {history.meter}")
    zeros = runs((series.values == 0) & (series.quality != Quality.MISSING) & history.hung)
    bounds = np.array(series.bounds, dtype=np.int64)
    touched, still = np.zeros(len(history), dtype=np.bool_), np.zeros(len(history), dtype=np.bool_)
    for start, stop in zeros:
        days = slice(int(np.searchsorted(bounds, start, side="right")) - 1, int(np.searchsorted(bounds, stop - 1, side="right")))
        if stop - start >= policies.zero_slots:
            touched[days] = True
        elif stop - start >= policies.zero_usual_slots:
            still[days] = True
    others = int((~touched).sum())
    if int((still & ~touched).sum()) > policies.zero_usual_days * others:
        return ()
    # A meter of which half of all days stand still is one that stands still.
    if 2 * int(touched.sum()) > len(history):
        return ()
    for start, stop in zeros:
        if stop - start < policies.zero_slots or stop <= series.bounds[history.judged]:
            continue
        begin, end = history.instant(start), history.instant(stop)
        params = {"meter": history.meter, "from": begin, "to": end, "slots": str(stop - start)}
        action = "look whether the meter was cut off; where it was, mark the slots (edit, rule flag) and estimate them"
        place = f"meter {history.meter} from {begin} to {end}"
        findings.add("METER_ZERO", "warning", place, action, f"{stop - start} slots of 0", "less than 24 h of zeros", **params)
    return findings.close()
