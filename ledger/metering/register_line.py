"""One straight-line stretch of a register: its exact height at an instant, and what each slot has of it.

Whole columns run in int64 where bounds show that nothing can wrap; anything else runs in Python's integers, slot by slot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ledger.metering.meter_day import SLOT_SECONDS

Ints = NDArray[np.int64]
_SAFE = 2**61


@dataclass(frozen=True)
class Stretch:
    """Points of one register that follow each other without a step back: times ascending (two may be equal), values not falling.

    `scale` leads from a value to mWh, L or kJ.
    """

    times: Ints = field(repr=False)
    values: Ints = field(repr=False)
    scale: Fraction

    @property
    def start(self) -> int:
        """Return the first instant."""
        return int(self.times[0])

    @property
    def end(self) -> int:
        """Return the last instant."""
        return int(self.times[-1])

    def at(self, instant: int) -> Fraction:
        """Return the height at an instant of the stretch, in mWh, L or kJ; at its start that of the first point."""
        if instant == self.start:
            return int(self.values[0]) * self.scale
        left = min(int(np.searchsorted(self.times, instant, side="right")) - 1, len(self.times) - 2)
        t, v = (int(column[left]) for column in (self.times, self.values))
        span, rise = int(self.times[left + 1]) - t, int(self.values[left + 1]) - v
        if span == 0:
            return (v + rise) * self.scale
        return (v + Fraction(rise * (instant - t), span)) * self.scale


def slot_parts(stretch: Stretch, most: int) -> tuple[Ints, Ints, Ints]:
    """Return (slot, part in mWh, L or kJ, seconds) for every slot that the stretch touches, ascending; of parts above `most`, one more.

    A stretch that takes no time gives nothing: a step at its instant belongs to the slot that begins there.
    """
    start, end = stretch.start, stretch.end
    if start == end:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, nothing
    inner = SLOT_SECONDS * np.arange(start // SLOT_SECONDS + 1, -(-end // SLOT_SECONDS), dtype=np.int64)
    edges = np.concatenate((np.array([start]), inner, np.array([end])))
    return edges[:-1] // SLOT_SECONDS, _rises(stretch, edges, most), np.diff(edges)


def _rises(stretch: Stretch, edges: Ints, most: int) -> Ints:
    """Return how much the rounded (half to even) height goes up from each edge to the next, at most `most` + 1."""
    times, values, scale = stretch.times, stretch.values, stretch.scale
    # Between equal times the last counts, and the end itself has its own value.
    left = np.clip(np.searchsorted(times, edges, side="right") - 1, 0, len(times) - 1)
    left[0] = 0
    right = np.minimum(left + 1, len(times) - 1)
    since, span, rise = edges - times[left], np.maximum(times[right] - times[left], 1), values[right] - values[left]
    up, down, longest = scale.numerator, scale.denominator, int(span.max())
    if int(values.max()) * up >= _SAFE or down * longest * (longest + 1) >= _SAFE:
        columns = (column.tolist() for column in (values[left], rise, since, span))
        heights = [_round(up * (v * whole + step * part), down * whole) for v, step, part, whole in zip(*columns, strict=True)]
        return np.array([min(after - before, most + 1) for before, after in pairwise(heights)], dtype=np.int64)
    base, base_rest = np.divmod(values[left] * up, down)
    divisor = down * span
    step, step_rest = np.divmod(rise * up, divisor)
    more, rest = np.divmod(base_rest * span + step_rest * since, divisor)
    floor = base + step * since + more
    even = floor + ((2 * rest > divisor) | ((2 * rest == divisor) & (floor % 2 == 1)))
    return np.asarray(np.minimum(np.diff(even), most + 1), dtype=np.int64)


def _round(value: int, divisor: int) -> int:
    whole, rest = divmod(value, divisor)
    return whole + (2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1))
