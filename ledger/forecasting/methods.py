"""Forecasts to choose from: the two seasonal naive ones, and what every method has to give (methods/forecast §2).

A method gives the expected energy of each coming day and a sheaf of paths, so that a month or the rest of the year has its interval
too: the sums of the paths know that days go astray together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ledger.forecasting.reference import Floats
from ledger.forecasting.weather import Conditions

WEEK = 7
YEAR = 364  # 52 weeks: the same weekday a year before
PATHS = 250
LEAST_ERRORS = 60


@dataclass(frozen=True)
class Outlook:
    """Expected Wh of each coming day, and PATHS possible courses of them (one row each); never below 0.

    `fitted` are the parameters of a method that has some.
    """

    expected: Floats
    paths: Floats
    fitted: Floats | None = None


@dataclass(frozen=True)
class Past:
    """What is known at an origin: Wh of each day (nan where it is not known whole), conditions of past and coming days, and a seed.

    `fitted` is where a search for parameters begins: what the same method found at an earlier origin.
    """

    wh: Floats
    known: Conditions
    coming: Conditions
    seed: int
    fitted: Floats | None = None

    @property
    def horizon(self) -> int:
        """Return how many days are to be forecast."""
        return len(self.coming)


Method = Callable[[Past], Outlook | None]
"""A method returns None where the past is too short for it."""


def same_weekday_last_week(past: Past) -> Outlook | None:
    """Repeat the last known week."""
    return _naive(past, WEEK)


def same_weekday_last_year(past: Past) -> Outlook | None:
    """Repeat the day 52 weeks before."""
    return _naive(past, YEAR)


def repeat(wh: Floats, lag: int, horizon: int) -> Floats | None:
    """Return the last `lag` days over and over; a day that is not known is taken from a lag earlier, or from the week before."""
    if len(wh) < lag:
        return None
    season = wh[-lag:].copy()
    for step in (lag, WEEK):
        for back in range(1, max(2, len(wh) // step)):
            hole = np.flatnonzero(np.isnan(season))
            if not len(hole):
                return np.resize(season, horizon)
            source = len(wh) - lag + hole - back * step
            fits = source >= 0
            season[hole[fits]] = wh[source[fits]]
    if np.isnan(season).any():
        return None
    return np.resize(season, horizon)


def _naive(past: Past, lag: int) -> Outlook | None:
    expected = repeat(past.wh, lag, past.horizon)
    if expected is None:
        return None
    # A year that has just been completed has not been wrong often enough yet: then the errors of last week stand for it.
    errors = _past_errors(past, lag if len(past.wh) >= lag + LEAST_ERRORS else WEEK)
    if not len(errors):
        return None
    return Outlook(expected, np.maximum(0, expected + errors))


def _past_errors(past: Past, lag: int) -> Floats:
    """Return PATHS courses of errors: what the same method would have been wrong by from past days on, chained where they are short."""
    rng, made = np.random.default_rng(past.seed), list[Floats]()
    first = lag if lag == WEEK else lag + 1
    origins = [at for at in range(first, len(past.wh) - WEEK) if not np.isnan(past.wh[at])]
    if not origins:
        return np.empty((0, past.horizon))
    for _ in range(PATHS):
        course: list[float] = []
        while len(course) < past.horizon:
            origin = int(rng.choice(origins))
            length = min(past.horizon - len(course), len(past.wh) - origin)
            told = repeat(past.wh[:origin], lag, length)
            if told is None:
                origins.remove(origin)
                if not origins:
                    return np.empty((0, past.horizon))
                continue
            course += [float(error) for error in past.wh[origin : origin + length] - told if not np.isnan(error)]
        made.append(np.array(course[: past.horizon]))
    return np.array(made)


def interval(paths: Floats, percent: int) -> tuple[float, float]:
    """Return the middle `percent` of a sample."""
    low, high = np.quantile(paths, ((100 - percent) / 200, (100 + percent) / 200))
    return float(low), float(high)


def known_days(wh: Sequence[float] | Floats) -> int:
    """Return how many days are known."""
    return int(np.count_nonzero(~np.isnan(np.asarray(wh))))
