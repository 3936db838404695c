"""PROFILE_SHIFTED: a week whose load curve is that of the weeks before, some hours off: local time sent as UTC, or a clock set wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ledger.metering.finding_list import FindingList
from ledger.metering.vee.history import MeterHistory, best_split, rolling_profiles, runs
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding

Floats = NDArray[np.float64]
_SLOTS_PER_HOUR = 4


def check_shifted(history: MeterHistory, policies: Policies) -> tuple[Finding, ...]:
    """Return a warning for each stretch of weeks that fit the 28 days before well at a lag of 1 to 12 hours, and better by 0.2."""
    findings = FindingList(f"meter {history.meter}")
    profiles, usable = history.profiles
    past, known = rolling_profiles(profiles, usable, policies.past_days)
    week, seen = rolling_profiles(profiles, usable, policies.week_days)
    count = len(week) - policies.past_days
    if count <= 0:
        return ()
    past, week = _standard(past[:count]), _standard(week[policies.past_days :])
    lags = [hour for hour in range(-policies.shift_hours, policies.shift_hours + 1) if hour]
    as_it_stands = (past * week).sum(axis=1)
    shifted = np.stack([(np.roll(past, _SLOTS_PER_HOUR * lag, axis=1) * week).sum(axis=1) for lag in lags])
    best = shifted.max(axis=0)
    enough = (known[:count] >= policies.past_least) & (seen[policies.past_days :] >= policies.week_least)
    wanted = enough & (best >= policies.shift_least) & (best - as_it_stands >= policies.shift_better)
    wanted[: max(0, history.judged - policies.past_days)] = False
    ended = -policies.past_days
    for start, stop in runs(wanted):
        again, ended = start - ended < policies.past_days, stop
        if again:
            continue
        strongest = start + int((best - as_it_stands)[start:stop].argmax())
        lag = lags[int(shifted[:, strongest].argmax())]
        day = _first_day(profiles, usable, _SLOTS_PER_HOUR * lag, start + policies.past_days, policies)
        name = history.series.day(day).isoformat()
        params = {"meter": history.meter, "day": name, "instant": history.start_of(day), "hours": str(lag)}
        action = (
            "compare the device's clock and time zone with the site's; correct the sender and send the days again under a person's name"
        )
        got = f"{abs(lag)} h {'later' if lag > 0 else 'earlier'}"
        findings.add(
            "PROFILE_SHIFTED", "warning", f"meter {history.meter} {name}", action, got, "the hours of the 28 days before", **params
        )
    return findings.close()


def _standard(profiles: Floats) -> Floats:
    centred = profiles - profiles.mean(axis=1, keepdims=True)
    length = np.sqrt((centred * centred).sum(axis=1, keepdims=True))
    return np.asarray(centred / np.where(length > 0, length, 1))


def _first_day(profiles: NDArray[np.int64], usable: NDArray[np.bool_], slots: int, start: int, policies: Policies) -> int:
    """Return the day of the first week from which on days fit their weekday before better shifted, and before which as they stand."""
    gain = np.zeros(policies.week_days)
    for at in range(policies.week_days):
        day = start + at
        past = [other for other in range(start - policies.past_days, start) if (day - other) % 7 == 0 and usable[other]]
        if usable[day] and past:
            mean = profiles[past].mean(axis=0)
            gain[at] = float(profiles[day] @ (np.roll(mean, slots) - mean))
    return start + best_split(gain)
