"""Readings of any interval as quarter-hours, exactly (spec: meter-import §5).

Shorter intervals are added up. Longer ones are spread by largest remainder and marked as estimated. Where values are no whole number of
the smallest unit, the running total of the meter is rounded, never a single value: every sum over whole intervals is right to half a unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import gcd, lcm

import numpy as np

from ledger.metering.csv_block import Bytes, Ints
from ledger.metering.meter_day import INTERVAL_MINUTES
from ledger.records.meter_record import Quality

# From the best to the least: of parts of different quality a slot has the least.
RANK = (Quality.ACTUAL, Quality.SUBSTITUTED, Quality.ESTIMATED, Quality.MANUAL, Quality.SUSPECT)
SLOT = 60 * INTERVAL_MINUTES
_RANKS = np.zeros(6, dtype=np.uint8)
_RANKS[[int(quality) for quality in RANK]] = np.arange(len(RANK), dtype=np.uint8)
_BY_RANK = np.array([int(quality) for quality in RANK], dtype=np.uint8)


def piece_seconds(step: int) -> int:
    """Return the longest piece of which both an interval of so many seconds and a quarter-hour are made."""
    return gcd(step, SLOT)


def round_running(wholes: Ints, codes: Ints, rests: Mapping[int, Fraction]) -> tuple[Ints, int, Fraction]:
    """Return whole values of readings in order of time, how many of them were none, and their exact sum.

    The value of a reading is round_half_even(F(end)) − round_half_even(F(start)), where F is the exact running total.
    """
    listed = codes.tolist() if rests else []
    touched = sum(code in rests for code in listed)
    if not touched:
        return wholes, 0, Fraction(sum(wholes.tolist()))
    present = {code: rests[code] for code in set(listed) if code in rests}
    unit = lcm(*(rest.denominator for rest in present.values()))
    scaled = {code: rest.numerator * (unit // rest.denominator) for code, rest in present.items()}
    made, before, total = [], 0, 0
    for whole, code in zip(wholes.tolist(), listed, strict=True):
        total += whole * unit + scaled.get(code, 0)
        quotient, remainder = divmod(total, unit)
        rounded = quotient + (2 * remainder > unit or (2 * remainder == unit and quotient % 2 == 1))
        made.append(rounded - before)
        before = rounded
    return np.array(made, dtype=np.int64), touched, Fraction(total, unit)


def to_slots(starts: Ints, values: Ints, quality: Bytes, steps: Ints) -> tuple[Ints, Ints, Bytes, Ints, Ints]:
    """Return quarter-hours (Unix seconds ÷ 900) with value and quality of a meter's readings, and what no whole slot could be made of.

    Args:
        starts: ascending, each reading once, all on the grid of pieces.
        values: whole numbers of the smallest unit, 0 or more.
        steps: seconds of each reading.

    Returns:
        slots, values, quality; then the slots of which a part is missing, and the amounts that stand in them.
    """
    none = np.zeros(0, dtype=np.int64)
    lengths = np.unique(steps).tolist()
    if lengths == [SLOT]:
        return starts // SLOT, values, quality, none, none
    piece = gcd(SLOT, *lengths)
    ranks, spread = _RANKS[quality], steps > np.gcd(steps, SLOT)
    ranks = np.where(spread & (quality == int(Quality.ACTUAL)), _RANKS[int(Quality.ESTIMATED)], ranks)
    parts = steps // piece
    if bool((parts > 1).any()):
        share, over = values // parts, values % parts
        reading = np.repeat(np.arange(len(parts)), parts)
        nth = np.arange(len(reading)) - np.repeat(np.cumsum(parts) - parts, parts)
        values = share[reading] + (nth < over[reading])
        starts = starts[reading] + nth * piece
        ranks = ranks[reading]
    slots = starts // SLOT
    if piece == SLOT:
        return slots, values, _BY_RANK[ranks], none, none
    begins = np.flatnonzero(np.diff(slots, prepend=slots[:1] - 1))
    sums, worst = np.add.reduceat(values, begins), np.maximum.reduceat(ranks, begins)
    counts = np.diff(np.append(begins, len(slots)))
    whole = counts == SLOT // piece
    firsts = slots[begins]
    return firsts[whole], sums[whole], _BY_RANK[worst[whole]], firsts[~whole], sums[~whole]
