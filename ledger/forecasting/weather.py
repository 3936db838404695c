"""Conditions of days that a forecast may know: the day type, and degree-days — measured in the past, of a normal year in the future."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from ledger.forecasting.reference import Floats
from ledger.metering.local_days import Calendar

BASE_C = 18.0
AROUND = 10
YEAR_DAYS = 365.25
LEAST_SHARE = 0.9


@dataclass(frozen=True)
class Conditions:
    """Of consecutive days: the day type, and mean °C (nan where it is not known)."""

    days: tuple[date, ...]
    kinds: tuple[str, ...]
    celsius: Floats

    def __len__(self) -> int:
        return len(self.days)

    def part(self, start: int, stop: int) -> Conditions:
        """Return the days from number `start` to before `stop`."""
        return Conditions(self.days[start:stop], self.kinds[start:stop], self.celsius[start:stop])


def conditions_of(days: Sequence[date], calendar: Calendar, temperature: Mapping[date, Fraction]) -> Conditions:
    """Return the conditions of days."""
    celsius = np.array([float(temperature[day]) if day in temperature else np.nan for day in days])
    return Conditions(tuple(days), tuple(calendar.kind_of(day) for day in days), celsius)


def normal_degree_days(known: Conditions, coming: Conditions) -> tuple[Floats, Floats] | None:
    """Return (cooling, heating) degree-days of a normal year for the coming days: the mean of known days at that time of the year.

    None where the known days do not reach around the year.
    """
    measured = ~np.isnan(known.celsius)
    time = np.array([day.timetuple().tm_yday for day in known.days])[measured]
    over = known.celsius[measured] - BASE_C
    made = np.full((2, len(coming)), np.nan)
    for at, day in enumerate(coming.days):
        away = np.abs(time - day.timetuple().tm_yday)
        near = np.minimum(away, YEAR_DAYS - away) <= AROUND
        if near.any():
            made[:, at] = np.maximum(0, over[near]).mean(), np.maximum(0, -over[near]).mean()
    return None if np.isnan(made).any() else (made[0], made[1])


def measured_degree_days(known: Conditions) -> tuple[Floats, Floats] | None:
    """Return (cooling, heating) degree-days of the known days; a day without temperature has those of a normal year.

    None where too many days have none.
    """
    missing = np.isnan(known.celsius)
    if missing.mean() > 1 - LEAST_SHARE:
        return None
    over = known.celsius - BASE_C
    cooling, heating = np.maximum(0, over), np.maximum(0, -over)
    if missing.any():
        normal = normal_degree_days(known, known)
        if normal is None:
            return None
        cooling, heating = np.where(missing, normal[0], cooling), np.where(missing, normal[1], heating)
    return cooling, heating
