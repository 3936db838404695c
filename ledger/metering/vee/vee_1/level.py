"""LEVEL_CHANGED: from one day on everything is k times what it was, k being a transformer ratio or a slip of the decimal point."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ledger.metering.finding_list import FindingList
from ledger.metering.vee.history import MeterHistory, median_twice, rolling_medians, runs
from ledger.metering.vee.vee_1.factors import find_slip, is_large
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding


def check_level(history: MeterHistory, policies: Policies) -> tuple[Finding, ...]:
    """Return a warning for each day from which the median of 14 days is k times that of the 14 before, ± 5 %, ± 30 % for k of 5 and more.

    Of the 14 days, 11 must be within a quarter (k of 5 and more: half) of k × the median of their own weekday before: a week of holidays
    is no slip. A longer past or a narrow margin for large k would miss every slip that falls into a change of season.
    """
    findings = FindingList(f"meter {history.meter}")
    medians, known = rolling_medians(history.totals, history.complete, policies.level_days)
    count = len(medians) - policies.level_days
    if count <= 0:
        return ()
    past, after = medians[:count], medians[policies.level_days :]
    enough = (known[:count] >= policies.level_least) & (known[policies.level_days :] >= policies.level_least) & (past > 0)
    enough[: max(0, history.judged - policies.level_days)] = False
    # The nearest factor of all is 2: what moved by less than a half of it is not looked at.
    moved = enough & ((2 * after >= 3 * past) | (3 * after <= 2 * past))
    slips: dict[int, tuple[str, Fraction]] = {}
    for at in np.flatnonzero(moved).tolist():
        slip = find_slip(history, int(after[at]), int(past[at]), policies, policies.level_tolerance_large)
        if slip is not None and _holds(history, at + policies.level_days, slip[1], policies):
            slips[at] = slip
    wanted = np.zeros(count, dtype=np.bool_)
    wanted[list(slips)] = True
    for start, stop in runs(wanted):
        factor = slips[start]
        days = range(start + policies.level_days, min(stop + policies.level_days + policies.level_days, len(history)))
        day = next((at for at in days if _agrees(history, at, start + policies.level_days, factor[1], policies)), days[0])
        _found(history, day, factor[0], findings)
    return findings.close()


def _holds(history: MeterHistory, day: int, factor: Fraction, policies: Policies) -> bool:
    days = [at for at in range(day, day + policies.level_days) if history.complete[at]]
    return sum(_agrees(history, at, day, factor, policies) for at in days) >= policies.level_agree * len(days)


def _agrees(history: MeterHistory, at: int, day: int, factor: Fraction, policies: Policies) -> bool:
    """Tell whether day `at` is within a quarter of the factor × the median of its weekday in the 14 days before `day`."""
    past = [
        int(history.totals[other]) for other in range(day - policies.level_days, day) if (at - other) % 7 == 0 and history.complete[other]
    ]
    if not past or not history.complete[at]:
        return False
    usual = factor * median_twice(past) / 2
    spread = policies.level_spread_large if is_large(factor, policies) else policies.level_spread
    return bool(usual > 0) and abs(int(history.totals[at]) - usual) <= spread * usual


def _found(history: MeterHistory, day: int, factor: str, findings: FindingList) -> None:
    name = history.series.day(day).isoformat()
    params = {"meter": history.meter, "day": name, "instant": history.start_of(day), "factor": factor}
    action = "look whether the transformer ratio or the unit changed on that day; record the fitting, or correct the days by edits"
    place = f"meter {history.meter} {name}"
    findings.add("LEVEL_CHANGED", "warning", place, action, f"{factor} times the 14 days before", "about the same level", **params)
