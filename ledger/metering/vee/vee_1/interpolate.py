"""interpolate: up to two hours, along a straight line between the slots beside the gap."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ledger.metering.vee.history import Ints, Mask, MeterHistory
from ledger.units import round_half_even


def interpolate(history: MeterHistory, start: int, stop: int, known: Mask) -> Ints | None:
    """Return the value of each slot of a gap, exact, half to even; None where a slot beside it is not known."""
    if start == 0 or stop >= len(known) or not (known[start - 1] and known[stop]):
        return None
    before, after = int(history.series.values[start - 1]), int(history.series.values[stop])
    steps = stop - start + 1
    values = [round_half_even(before + Fraction((after - before) * step, steps)) for step in range(1, steps)]
    return np.array(values, dtype=np.int64)
