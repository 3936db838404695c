"""LEVEL_CHANGED: from one day on everything is k times what it was, k being a transformer ratio or a slip of the decimal point."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ledger.metering.finding_list import FindingList
from ledger.metering.vee.history import MeterHistory, median_twice, rolling_medians, runs
from ledger.metering.vee.vee_1.factors import find_slip
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding


def check_level(history: MeterHistory, policies: Policies) -> tuple[Finding, ...]:
    """Return a warning for each day from which the median of 14 days is k ± 5 % of that of the 28 days before.

    Of the 14 days, 11 must be within a quarter of k × the median of their own weekday before: a week of holidays is no slip.
    """
    findings = FindingList(f"meter {history.meter}")
    past, known = rolling_medians(history.totals, history.complete, policies.past_days)
    after, seen = rolling_medians(history.totals, history.complete, policies.level_days)
    count = len(after) - policies.past_days
    if count <= 0:
        return ()
    after, seen, past, known = after[policies.past_days :], seen[policies.past_days :], past[:count], known[:count]
    enough = (known >= policies.past_least) & (seen >= policies.level_least) & (past > 0)
    enough[: max(0, history.judged - policies.past_days)] = False
    # The nearest factor of all is 2: what moved by less than a half of it is not looked at.
    moved = enough & ((2 * after >= 3 * past) | (3 * after <= 2 * past))
    slips: dict[int, tuple[str, Fraction]] = {}
    for at in np.flatnonzero(moved).tolist():
        slip = find_slip(history, int(after[at]), int(past[at]), policies)
        if slip is not None and _holds(history, at + policies.past_days, slip[1], policies):
            slips[at] = slip
    wanted = np.zeros(count, dtype=np.bool_)
    wanted[list(slips)] = True
    for start, stop in runs(wanted):
        factor = slips[start]
        days = range(start + policies.past_days, min(stop + policies.past_days + policies.level_days, len(history)))
        day = next((at for at in days if _agrees(history, at, start + policies.past_days, factor[1], policies)), days[0])
        _found(history, day, factor[0], findings)
    return findings.close()


def _holds(history: MeterHistory, day: int, factor: Fraction, policies: Policies) -> bool:
    days = [at for at in range(day, day + policies.level_days) if history.complete[at]]
    return sum(_agrees(history, at, day, factor, policies) for at in days) >= policies.level_agree * len(days)


def _agrees(history: MeterHistory, at: int, day: int, factor: Fraction, policies: Policies) -> bool:
    """Tell whether day `at` is within a quarter of the factor × the median of its weekday in the 28 days before `day`."""
    past = [
        int(history.totals[other]) for other in range(day - policies.past_days, day) if (at - other) % 7 == 0 and history.complete[other]
    ]
    if not past or not history.complete[at]:
        return False
    usual = factor * median_twice(past) / 2
    return bool(usual > 0) and abs(int(history.totals[at]) - usual) <= policies.level_spread * usual


def _found(history: MeterHistory, day: int, factor: str, findings: FindingList) -> None:
    name = history.series.day(day).isoformat()
    params = {"meter": history.meter, "day": name, "instant": history.start_of(day), "factor": factor}
    action = "look whether the transformer ratio or the unit changed on that day; record the fitting, or correct the days by edits"
    place = f"meter {history.meter} {name}"
    findings.add("LEVEL_CHANGED", "warning", place, action, f"{factor} times the 28 days before", "about the same level", **params)
