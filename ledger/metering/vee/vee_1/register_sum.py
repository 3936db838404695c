"""REGISTER_SUM_DIFFERS: a day's intervals against what its register went on."""

from __future__ import annotations

import numpy as np

from ledger.metering.finding_list import FindingList
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.metering.registers import DaySpans
from ledger.metering.vee.history import MeterHistory
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding


def check_register_sum(history: MeterHistory, policies: Policies) -> tuple[Finding, ...]:
    """Return a warning for each complete local day whose intervals differ from its register by more than 0.5 %."""
    findings = FindingList(f"meter {history.meter}")
    if history.registers is None or not len(history.registers):
        return ()
    spans = DaySpans(history.registers, history.fittings, history.quantity)
    for day in np.flatnonzero(history.complete).tolist():
        start, end = ((history.first_slot + history.series.bounds[day + step]) * SLOT_SECONDS for step in (0, 1))
        shown = spans.advance(start, end) if day >= history.judged else None
        total = int(history.totals[day])
        if shown is None or abs(total - shown) <= policies.register_tolerance * shown:
            continue
        name = history.series.day(day).isoformat()
        params = {"meter": history.meter, "day": name, "instant": history.start_of(day)}
        action = "find out which of the two is wrong: the ratio of the intervals, lost pulses, or the register's fitting"
        place = f"meter {history.meter} {name}"
        expected = f"{round(shown)} by its register, within 0.5 %"
        findings.add("REGISTER_SUM_DIFFERS", "warning", place, action, f"{total} by intervals", expected, **params)
    return findings.close()
