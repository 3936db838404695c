"""Level shifts: from one day on everything is higher or lower, as after a changed transformer ratio or a new installation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np

from ledger.forecasting.reference import KINDS, MAD_TO_DEVIATION, DayTable, median

AROUND = 14
CLOSE = 7
LEAST_DAYS = 8
LEAST_DEVIATION = 0.02
RATIOS = (1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 30, 40, 50, 60, 80, 100, 120, 160, 200, 1000)
NEAR_RATIO = 0.05


Levels = Sequence[float | None]
"""The logarithm of each day's Wh; None where it is not known, or 0."""


@dataclass(frozen=True)
class Step:
    """A shift that begins on day number `at`: new level ÷ old level, and how many deviations it is."""

    at: int
    factor: float
    score: float
    before: float
    after: float

    @property
    def ratio(self) -> float | None:
        """Return the transformer ratio (or one over it) that the factor is within 5 % of; None where there is none."""
        size = max(self.factor, 1 / self.factor)
        found = min(RATIOS, key=lambda ratio: abs(log(size / ratio)))
        return found if abs(log(size / found)) < NEAR_RATIO else None


def find_steps(table: DayTable, *, least_factor: float, least_score: float) -> tuple[Step, ...]:
    """Return the shifts by at least `least_factor`, none within two weeks of a greater one."""
    levels = [log(wh) if wh > 0 else None for wh in table.total.tolist()]
    shifts = [_shift(table, levels, at) for at in range(len(table.days))]
    found: list[Step] = []
    order = sorted((at for at, shift in enumerate(shifts) if shift is not None), key=lambda at: -_size(shifts[at]))
    for at in order:
        shift = shifts[at]
        if shift is None or abs(shift[0]) < log(least_factor) or abs(shift[0]) / shift[1] < least_score:
            continue
        if all(abs(at - step.at) > AROUND for step in found):
            day = _first_day(table, levels, at)
            before, after = (
                float(np.nanmedian(part)) for part in (table.total[max(0, day - AROUND) : day], table.total[day : day + AROUND])
            )
            found.append(Step(day, exp(shift[0]), abs(shift[0]) / shift[1], before, after))
    return tuple(sorted(found, key=lambda step: step.at))


def _first_day(table: DayTable, levels: Levels, at: int) -> int:
    """Return the day near `at` that parts the weeks around it best: medians hardly move when the edge does, absolute deviations do."""
    window = range(max(0, at - AROUND), min(len(levels), at + AROUND))

    def cost(edge: int) -> float:
        rest = 0.0
        for kind in KINDS:
            for part in (range(window.start, edge), range(edge, window.stop)):
                known = [level for day in part if table.kinds[day] == kind and (level := levels[day]) is not None]
                middle = median(known) if known else 0.0
                rest += sum(abs(level - middle) for level in known)
        return rest

    return min(range(max(window.start + 1, at - CLOSE + 1), min(window.stop, at + CLOSE)), key=cost)


def _size(shift: tuple[float, float] | None) -> float:
    return 0.0 if shift is None else abs(shift[0])


def _shift(table: DayTable, levels: Levels, at: int) -> tuple[float, float] | None:
    """Return (log of the factor, deviation) between the days before and from `at`; None where too few are known.

    The smaller of the two-week and the one-week difference: a season that turns slowly shows in the first alone.
    """
    wide, close = (_difference(table, levels, at, span) for span in (AROUND, CLOSE))
    if wide is None or close is None or wide[0] * close[0] <= 0:
        return None
    return min(wide, close, key=lambda pair: abs(pair[0]))[0], max(wide[1], close[1])


def _difference(table: DayTable, levels: Levels, at: int, span: int) -> tuple[float, float] | None:
    before, after = range(max(0, at - span), at), range(at, min(len(levels), at + span))
    sums, weight, rest = 0.0, 0, list[float]()
    for kind in KINDS:
        old, new = ([level for day in part if table.kinds[day] == kind and (level := levels[day]) is not None] for part in (before, after))
        if not old or not new:
            continue
        middles = median(old), median(new)
        sums, weight = sums + (middles[1] - middles[0]) * len(new), weight + len(new)
        rest += [value - middles[0] for value in old] + [value - middles[1] for value in new]
    if len(rest) < min(LEAST_DAYS, span) or weight < span // 2:
        return None
    return sums / weight, max(LEAST_DEVIATION, MAD_TO_DEVIATION * median(abs(value) for value in rest))
