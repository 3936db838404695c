"""METERS_SWAPPED: from one day on, two meters each carry on the other's past: channels exchanged at a gateway.

All meters of a bank are held against each other, so a meter keeps only the weeks that are unlike its own past, and one matrix product a
day compares all of those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.metering.finding_list import FindingList
from ledger.metering.vee.history import MeterHistory, best_split
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WEEK = 7


@dataclass(frozen=True)
class _Odd:
    """The weeks of one meter that are unlike the mean week of the 28 days before: first day, 672 standard slots and size of both."""

    history: MeterHistory
    days: Ints
    week: NDArray[np.float32]
    past: NDArray[np.float32]
    week_size: Floats
    past_size: Floats


def check_swapped(histories: Sequence[MeterHistory], policies: Policies) -> tuple[Finding, ...]:
    """Return a warning for each pair of meters of one quantity whose weeks fit the other's past better than their own, both of them.

    Better is within 1.5 times the other's size, and either nearer in size (half as far, where its own past is 1.5 times off) and no worse
    in shape, or better in shape: a correlation of 0.8 and more, higher by 0.02 for each and by 0.1 for both together. The histories must
    be of the same days.
    """
    findings = FindingList("meters")
    odd = [weeks for weeks in (_odd_weeks(history, policies) for history in histories) if len(weeks.days)]
    pairs: dict[tuple[int, int], list[int]] = {}
    for day in sorted({day for weeks in odd for day in weeks.days.tolist()}):
        for pair in _find_pairs(odd, day, policies):
            pairs.setdefault(pair, []).append(day)
    for (one, other), days in sorted(pairs.items()):
        for at, first in enumerate(days):
            if at and first - days[at - 1] < policies.past_days:
                continue
            history, meters = odd[one].history, (odd[one].history.meter, odd[other].history.meter)
            day = first + _split(odd[one].history, odd[other].history, first, policies)
            name = history.series.day(day).isoformat()
            params = {"meter": meters[0], "other": meters[1], "day": name, "instant": history.start_of(day)}
            action = "look at the wiring and the channel names of the gateway; correct the days by edits with evidence"
            place, got = f"meters {meters[0]} and {meters[1]} {name}", "each carries on the other's past"
            findings.add("METERS_SWAPPED", "warning", place, action, got, "each its own", **params)
    return findings.close()


def _odd_weeks(history: MeterHistory, policies: Policies) -> _Odd:
    profiles, usable = history.profiles
    count = max(0, len(profiles) - WEEK + 1 - policies.past_days)
    if not count:
        nothing = np.zeros((0, 0), dtype=np.float32)
        return _Odd(history, np.zeros(0, dtype=np.int64), nothing, nothing, np.zeros(0), np.zeros(0))
    weeks = np.lib.stride_tricks.sliding_window_view(np.where(usable[:, None], profiles, 0), WEEK, axis=0).transpose(0, 2, 1)
    seen = np.lib.stride_tricks.sliding_window_view(usable, WEEK)
    found, past = np.zeros((count, WEEK), dtype=np.int64), np.zeros((count, *weeks.shape[1:]))
    for at in range(policies.past_days - WEEK, -1, -WEEK):
        found += seen[at : at + count]
        past += weeks[at : at + count]
    known = seen[policies.past_days : policies.past_days + count] & (found > 0)
    both = known[:, :, None]
    week = np.where(both, weeks[policies.past_days : policies.past_days + count], 0).astype(np.float64)
    past = np.where(both, past / np.maximum(found, 1)[:, :, None], 0)
    days_known = np.maximum(known.sum(axis=1), 1)
    week_size, past_size = (np.log(np.maximum(side.sum(axis=(1, 2)) / days_known, 1)) for side in (week, past))
    week, past = _standard(week, both), _standard(past, both)
    unlike = (np.abs(week_size - past_size) >= _log(policies)) | ((week * past).sum(axis=1) <= 1 - policies.swap_better)
    judged = np.arange(count) + policies.past_days >= history.judged
    days = np.flatnonzero(judged & unlike & (known.sum(axis=1) >= policies.week_least))
    kept = week[days].astype(np.float32), past[days].astype(np.float32)
    return _Odd(history, days + policies.past_days, *kept, week_size[days], past_size[days])


def _standard(weeks: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return weeks × 672 of mean 0 and length 1 over the known days, 0 on the others."""
    slots = np.maximum(known.sum(axis=(1, 2)) * weeks.shape[2], 1)
    centred = np.where(known, weeks - (weeks.sum(axis=(1, 2)) / slots)[:, None, None], 0).reshape(len(weeks), -1)
    length = np.sqrt((centred * centred).sum(axis=1, keepdims=True))
    return np.asarray(centred / np.where(length > 0, length, 1))


def _log(policies: Policies) -> float:
    return float(np.log(float(policies.swap_size)))


def _find_pairs(odd: Sequence[_Odd], day: int, policies: Policies) -> Iterator[tuple[int, int]]:
    """Yield the pairs (i, j), i < j, of which on this day each fits the other's past better."""
    there = [(at, int(np.searchsorted(weeks.days, day))) for at, weeks in enumerate(odd)]
    there = [(at, row) for at, row in there if row < len(odd[at].days) and odd[at].days[row] == day]
    if len(there) < 2:
        return
    week, past = (np.stack([getattr(odd[at], name)[row] for at, row in there]) for name in ("week", "past"))
    week_size, past_size = (np.array([getattr(odd[at], name)[row] for at, row in there]) for name in ("week_size", "past_size"))
    # Row: whose week; column: whose past.
    shape, size = week @ past.T, np.abs(week_size[:, None] - past_size[None, :])
    own_shape, own_size = shape.diagonal()[:, None], size.diagonal()[:, None]
    gain = shape - own_shape
    by_size = (own_size >= _log(policies)) & (2 * size <= own_size) & (gain >= -policies.swap_worse)
    by_shape = (shape >= policies.swap_least) & (gain >= policies.swap_better) & (gain + gain.T >= policies.swap_better_both)
    fits = (size <= _log(policies)) & (by_size | by_shape)
    for left, right in np.argwhere(np.triu(fits & fits.T, 1)).tolist():
        one, other = there[left][0], there[right][0]
        if odd[one].history.quantity is odd[other].history.quantity:
            yield one, other


def _split(one: MeterHistory, other: MeterHistory, first: int, policies: Policies) -> int:
    """Return the day of the week from `first` on from which the two carry on each other's past, and before which their own."""
    gain = np.zeros(WEEK)
    for seen, of in ((one, other), (other, one)):
        profiles = [history.profiles for history in (seen, seen, of)]
        for at in range(WEEK):
            day = first + at
            weekdays = range(day - WEEK, max(0, first - policies.past_days) - 1, -WEEK)
            own, cross = (_mean(side, weekdays) for side in profiles[1:])
            if own is not None and cross is not None and profiles[0][1][day]:
                gain[at] += float(np.abs(profiles[0][0][day] - own).sum() - np.abs(profiles[0][0][day] - cross).sum())
    return best_split(gain)


def _mean(side: tuple[Ints, NDArray[np.bool_]], days: Sequence[int]) -> Floats | None:
    chosen = [day for day in days if side[1][day]]
    return np.asarray(side[0][chosen].mean(axis=0)) if chosen else None
