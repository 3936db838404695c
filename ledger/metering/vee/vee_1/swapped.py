"""METERS_SWAPPED: from one day on, two meters each carry on the other's past: channels exchanged at a gateway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ledger.metering.finding_list import FindingList
from ledger.metering.vee.history import MeterHistory, rolling_profiles, runs
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Weeks:
    """Of one meter, for each day: the mean profile of the 28 days before and of the week from it on, and whether both are known."""

    meter: str
    before: Floats
    after: Floats
    known: NDArray[np.bool_]


def check_swapped(histories: Sequence[MeterHistory], policies: Policies) -> tuple[Finding, ...]:
    """Return a warning for each pair of meters of one quantity that fit the other's past better than their own, both of them.

    Better is nearer in size (within 1.2 times where its own past is 1.5 times off) or in shape (a correlation higher by 0.1), and not
    worse in the other. The histories must be of the same days.
    """
    findings = FindingList("meters")
    weeks = [_weeks(history, policies) for history in histories]
    odd = [_is_unlike(item.before, item.after, item.known, policies) for item in weeks]
    for left, right in combinations(range(len(histories)), 2):
        one, other, history = weeks[left], weeks[right], histories[left]
        both = odd[left] & odd[right]
        if history.quantity is not histories[right].quantity or not both.any():
            continue
        wanted = both & _fits_better(one, other, policies) & _fits_better(other, one, policies)
        wanted[: max(0, history.judged - policies.past_days)] = False
        for start, stop in runs(wanted):
            gain = _distance(one.before, one.after) + _distance(other.before, other.after)
            gain -= _distance(other.before, one.after) + _distance(one.before, other.after)
            day = start + int(gain[start:stop].argmax()) + policies.past_days
            name = history.series.day(day).isoformat()
            params = {"meter": one.meter, "other": other.meter, "day": name, "instant": history.start_of(day)}
            action = "look at the wiring and the channel names of the gateway; correct the days by edits with evidence"
            place = f"meters {one.meter} and {other.meter} {name}"
            got = "each carries on the other's past"
            findings.add("METERS_SWAPPED", "warning", place, action, got, "each its own", **params)
    return findings.close()


def _weeks(history: MeterHistory, policies: Policies) -> _Weeks:
    profiles, usable = history.profiles
    past, known = rolling_profiles(profiles, usable, policies.past_days)
    week, seen = rolling_profiles(profiles, usable, policies.week_days)
    count = max(0, len(week) - policies.past_days)
    enough = (known[:count] >= policies.past_least) & (seen[policies.past_days :][:count] >= policies.week_least)
    return _Weeks(history.meter, past[:count], week[policies.past_days :][:count], enough)


def _correlation(one: Floats, other: Floats) -> Floats:
    first, second = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=1, keepdims=True)
    length = np.sqrt((first * first).sum(axis=1) * (second * second).sum(axis=1))
    return np.asarray((first * second).sum(axis=1) / np.where(length > 0, length, 1))


def _distance(one: Floats, other: Floats) -> Floats:
    """Return how many times one is the other, as the absolute logarithm."""
    first, second = one.sum(axis=1), other.sum(axis=1)
    return np.asarray(np.abs(np.log(np.maximum(first, 1)) - np.log(np.maximum(second, 1))))


def _is_unlike(before: Floats, after: Floats, known: NDArray[np.bool_], policies: Policies) -> NDArray[np.bool_]:
    far = _distance(before, after) >= float(np.log(float(policies.swap_unlike)))
    return np.asarray(known & (far | (_correlation(before, after) <= 1 - policies.swap_better)))


def _fits_better(one: _Weeks, other: _Weeks, policies: Policies) -> NDArray[np.bool_]:
    own_size, size = _distance(one.before, one.after), _distance(other.before, one.after)
    own_shape, shape = _correlation(one.before, one.after), _correlation(other.before, one.after)
    near = size <= float(np.log(float(policies.swap_like)))
    by_size = (own_size >= float(np.log(float(policies.swap_unlike)))) & (shape >= own_shape - policies.swap_worse)
    return np.asarray(near & (by_size | (shape >= own_shape + policies.swap_better)))
