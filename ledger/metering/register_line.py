"""One straight-line stretch of a register: its exact height at an instant, and what each slot has of it.

Whole columns run in int64 where bounds show that nothing can wrap; anything else runs in exact rationals, slot by slot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ledger.metering.meter_day import SLOT_SECONDS
from ledger.units import round_half_even

Ints = NDArray[np.int64]
_SAFE = 2**62


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


def slot_parts(stretch: Stretch) -> tuple[Ints, Ints, Ints]:
    """Return (slot, part in mWh, L or kJ, seconds) for every slot that the stretch touches, ascending.

    A stretch that takes no time gives nothing: a step at its instant belongs to the slot that begins there.
    """
    start, end = stretch.start, stretch.end
    if start == end:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, nothing
    inner = SLOT_SECONDS * np.arange(start // SLOT_SECONDS + 1, -(-end // SLOT_SECONDS), dtype=np.int64)
    edges = np.concatenate((np.array([start]), inner, np.array([end])))
    heights = _heights(stretch, edges)
    return edges[:-1] // SLOT_SECONDS, np.diff(heights), np.diff(edges)


def _heights(stretch: Stretch, edges: Ints) -> Ints:
    """Return the height at each edge, rounded half to even."""
    times, values, scale = stretch.times, stretch.values, stretch.scale
    # Between equal times the last counts, and the end itself has its own value.
    left = np.clip(np.searchsorted(times, edges, side="right") - 1, 0, len(times) - 1)
    left[0] = 0
    right = np.minimum(left + 1, len(times) - 1)
    since, span, rise = edges - times[left], times[right] - times[left], values[right] - values[left]
    most = int(values.max()) * scale.numerator
    if scale.denominator != 1 or most >= _SAFE or int(rise.max(initial=0)) * scale.numerator * int(span.max(initial=1)) >= _SAFE:
        return np.array([round_half_even(stretch.at(edge)) for edge in edges.tolist()], dtype=np.int64)
    span = np.maximum(span, 1)
    base = values[left] * scale.numerator
    whole, rest = np.divmod(rise * scale.numerator * since, span)
    floor = base + whole
    up = (2 * rest > span) | ((2 * rest == span) & (floor % 2 == 1))
    return np.asarray(floor + up, dtype=np.int64)
