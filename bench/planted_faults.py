"""Faults planted into a real meter's series, by a seed: what the detectors of unusual days are measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from ledger.metering.local_days import Calendar, IntervalSeries
from ledger.records.meter_record import Quality


@dataclass(frozen=True)
class Fault:
    """What was planted, the kinds that may tell it, and the day numbers on one of which it must be told (each is one event)."""

    name: str
    kinds: frozenset[str]
    events: tuple[frozenset[int], ...]
    touched: frozenset[int]


class Planting:
    """A copy of a series that is damaged bit by bit, always where nothing was planted nearby."""

    def __init__(self, series: IntervalSeries, calendar: Calendar, random: Random) -> None:
        self._series, self._calendar, self._random = series, calendar, random
        self.values, self.quality = series.values.copy(), series.quality.copy()
        self.faults: list[Fault] = []
        self._free = np.ones(len(series), dtype=np.bool_)
        self._free[:30] = self._free[-30:] = False

    def result(self) -> IntervalSeries:
        """The damaged series."""
        return replace(self._series, values=self.values, quality=self.quality)

    def _pick(self, length: int, wanted: Callable[[int], bool], margin: int = 20) -> int:
        choices = [
            at
            for at in range(30, len(self._series) - 30 - length)
            if wanted(at) and self._free[max(0, at - margin) : at + length + margin].all()
        ]
        at = self._random.choice(choices)
        self._free[at : at + length] = False
        return at

    def _worked(self, at: int) -> bool:
        return self._calendar.is_worked(self._series.day(at))

    def _slots(self, at: int, start: int, stop: int) -> slice:
        first = self._series.bounds[at]
        return slice(first + start, first + stop)

    def _planted(self, name: str, kinds: str, at: int, length: int = 1) -> None:
        days = frozenset(range(at, at + length))
        self.faults.append(Fault(name, frozenset(kinds.split()), (days,), days))

    def night(self) -> None:
        """The lights stay on: 60 % more from midnight to five."""
        at = self._pick(1, self._worked)
        where = self._slots(at, 0, 20)
        self.values[where] = self.values[where] * 8 // 5
        self._planted("night load +60 %", "night_load", at)

    def weekend(self) -> None:
        """A Saturday or Sunday on which everything ran as on the Friday before, from seven to seven."""
        at = self._pick(1, lambda day: self._series.day(day).weekday() >= 5 and self._worked(day - (self._series.day(day).weekday() - 4)))
        friday = at - (self._series.day(at).weekday() - 4)
        where, model = self._slots(at, 28, 76), self._slots(friday, 28, 76)
        self.values[where] = np.maximum(self.values[where], self.values[model])
        self._planted("weekend run", "rest_load", at)

    def stuck(self) -> None:
        """The last value is repeated for six hours of a working day."""
        at = self._pick(1, self._worked)
        start = self._random.randrange(30, 60)
        where = self._slots(at, start, start + 24)
        self.values[where] = self.values[where][0]
        self._planted("stuck for 6 h", "stuck", at)

    def dead(self) -> None:
        """Nothing for three hours."""
        at = self._pick(1, self._worked)
        start = self._random.randrange(30, 60)
        self.values[self._slots(at, start, start + 12)] = 0
        self._planted("dead for 3 h", "dead", at)

    def slip(self, over: int, under: int) -> None:
        """A wrong ratio for thirty days, then the right one again: two events, each to be told within two days."""
        at = self._pick(30, lambda day: True, margin=32)
        where = slice(self._series.bounds[at], self._series.bounds[at + 30])
        self.values[where] = self.values[where] * over // under
        around = tuple(frozenset(range(edge - 2, edge + 3)) for edge in (at, at + 30))
        name = f"ratio × {over / under:g}"
        self.faults.append(Fault(name, frozenset({"step"}), around, frozenset(range(at - 2, at + 33))))

    def lost(self) -> None:
        """Four Sundays in a row never arrive."""
        at = self._pick(22, lambda day: self._series.day(day).weekday() == 6)
        days = frozenset(range(at, at + 22, 7))
        for day in days:
            where = self._slots(day, 0, self._series.bounds[day + 1] - self._series.bounds[day])
            self.values[where], self.quality[where] = 0, Quality.MISSING
        self.faults.append(Fault("four Sundays lost", frozenset({"missing"}), tuple(frozenset({day}) for day in sorted(days)), days))


RATIOS = ((10, 1), (1, 40), (2, 1), (3, 2), (6, 5))


def plant(series: IntervalSeries, calendar: Calendar, seed: int) -> tuple[IntervalSeries, tuple[Fault, ...]]:
    """Return a damaged copy of a series and what was planted: two of each small fault, one ratio slip, four lost Sundays."""
    planting = Planting(series, calendar, Random(seed))
    planting.slip(*RATIOS[seed % len(RATIOS)])
    planting.lost()
    for _ in range(2):
        planting.night()
        planting.weekend()
        planting.stuck()
        planting.dead()
    return planting.result(), tuple(planting.faults)
