"""DAY_TOTAL_UNUSUAL: a day far below or above the same weekday of the weeks before."""

from __future__ import annotations

from fractions import Fraction

from ledger.metering.finding_list import FindingList
from ledger.metering.vee.history import MeterHistory, median_twice
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding
from ledger.records.meter_record import Quantity
from ledger.units import round_half_even

# What the sun gives falls to a tenth from one day to the next: below is nothing unusual there.
_UNEVEN = (Quantity.EL_EXPORT, Quantity.PV_GENERATION)


def check_day_totals(history: MeterHistory, policies: Policies) -> tuple[Finding, ...]:
    """Return a warning for each complete day outside [⅕, 5] × the median of the same weekday in the 8 weeks before, 4 of them known."""
    findings = FindingList(f"meter {history.meter}")
    totals, complete = history.totals.tolist(), history.complete.tolist()
    for day in range(history.judged, len(history)):
        past = [totals[at] for at in range(day - 7, max(-1, day - 7 * policies.total_weeks - 1), -7) if complete[at]]
        if not complete[day] or len(past) < policies.total_least:
            continue
        usual, total = median_twice(past), 2 * totals[day]
        low = total < policies.total_low * usual and history.quantity not in _UNEVEN
        if (low or total > policies.total_high * usual) and usual > 0:
            name, percent = history.series.day(day).isoformat(), str(round_half_even(Fraction(100 * total, usual)))
            params = {"meter": history.meter, "day": name, "instant": history.start_of(day), "percent": percent}
            action = "find out what happened on that day; a true day needs nothing"
            expected = "20 % to 500 % of the same weekday in the 8 weeks before"
            findings.add("DAY_TOTAL_UNUSUAL", "warning", f"meter {history.meter} {name}", action, f"{percent} %", expected, **params)
    return findings.close()
