"""bill: what a bill leaves over for the slots that are not known, spread as the days before ran, so that the days add up to the bill."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from ledger.metering.edits import MAX_VALUE
from ledger.metering.vee.history import Bill, Ints, Mask, MeterHistory, runs
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.meter_record import Quality


def prorate(history: MeterHistory, bill: Bill, amounts: Ints, known: Mask, policies: Policies) -> dict[int, Ints]:
    """Return, by first slot, the values of each unknown run of a bill's days.

    None where the known amounts are more than the bill, or a slot would have more than an edit may write. A run that goes on beyond the
    bill's days is left alone, and then nothing is spread: its share is not known.
    """
    start, stop = history.number_of(bill.first), history.number_of(bill.last) + 1
    if start < 0 or stop > len(history):
        return {}
    first, last = history.series.bounds[start], history.series.bounds[stop]
    open_slots = [(begin + first, end + first) for begin, end in runs(~known[first:last])]
    beyond = (first > 0 and not known[first - 1] and not known[first]) or (last < len(known) and not known[last] and not known[last - 1])
    left = bill.amount - int(amounts[first:last][known[first:last]].sum())
    numbers = np.concatenate([np.arange(begin, end) for begin, end in open_slots]) if open_slots else np.zeros(0, dtype=np.int64)
    if not len(numbers) or beyond or not 0 <= left <= MAX_VALUE * len(numbers):
        return {}
    parts = spread(left, profile_weights(history, numbers.tolist(), policies))
    if parts.max() > MAX_VALUE:
        return {}
    ends = np.cumsum([end - begin for begin, end in open_slots])
    return {begin: part for (begin, _), part in zip(open_slots, np.split(parts, ends[:-1]), strict=True)}


def profile_weights(history: MeterHistory, slots: Sequence[int], policies: Policies) -> list[int]:
    """Return how much each slot weighs: the sum of the same slot over the measured slots of the 28 days before the first of them.

    Alike for all where nothing is known of those days.
    """
    bounds, series = history.series.bounds, history.series
    day = bisect_right(bounds, slots[0]) - 1
    sums: dict[int, int] = {}
    counts: dict[int, int] = {}
    for at in range(max(0, day - policies.past_days), day):
        values, quality = series.slots_of(at)
        for into in np.flatnonzero((quality == Quality.ACTUAL) | (quality == Quality.MANUAL)).tolist():
            sums[into] = sums.get(into, 0) + int(values[into])
            counts[into] = counts.get(into, 0) + 1
    # A slot that was measured less often must not weigh less: all are put over one number of days.
    most = max(counts.values(), default=0)
    weights = []
    for slot in slots:
        into = slot - bounds[bisect_right(bounds, slot) - 1]
        weights.append(sums.get(into, 0) * most // counts[into] if into in counts else 0)
    return weights if sum(weights) else [1] * len(weights)


def spread(amount: int, weights: Sequence[int]) -> Ints:
    """Return `amount` (≥ 0) in proportion to weights, as integers that add up to it: largest remainders first, then the earlier slot."""
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    rests = sorted(range(len(weights)), key=lambda at: (-(amount * weights[at] % total), at))
    for at in rests[: amount - sum(parts)]:
        parts[at] += 1
    return np.array(parts, dtype=np.int64)
