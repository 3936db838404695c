"""Which method has been best on this meter: forecasts from past days on, held against what came (methods/forecast §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ledger.forecasting.methods import WEEK, Method, Outlook, Past, interval, same_weekday_last_week, same_weekday_last_year
from ledger.forecasting.reference import Floats
from ledger.forecasting.structural import steady, wandering
from ledger.forecasting.weather import Conditions

# In this order, the first wins where two are equal: what is simpler.
METHODS: tuple[tuple[str, Method], ...] = (
    ("last_week", same_weekday_last_week),
    ("last_year", same_weekday_last_year),
    ("steady", steady),
    ("wandering", wandering),
)
HORIZON = 90
STEP = 45
MOST_ORIGINS = 6
LEAST_PAST = 120
A_YEAR = 365
LEAST_RESULTS = 2
DEVIATIONS_OF_80 = 1.2816
PERCENTS = (80, 95)


@dataclass(frozen=True)
class Score:
    """How a method did over all origins that it could forecast from.

    Attributes:
        mae_wh: mean absolute error of a day.
        mase: the same as a multiple of the error of "same weekday last week" one week ahead within the past of each origin.
        total_percent: mean absolute error of the whole horizon's energy.
        days_80, days_95: share of days within their interval; totals_80, totals_95: share of horizons whose energy was. Each origin's
            intervals are widened by what the origins before it would have asked for.
        widen: what the intervals of the forecast itself are widened by, after all origins.
    """

    method: str
    origins: int
    mae_wh: float
    mase: float
    total_percent: float
    days_80: float
    days_95: float
    totals_80: float
    totals_95: float
    widen: float


@dataclass(frozen=True)
class Backtest:
    """The scores of all methods that could forecast from every origin, over the same days; and what each was fitted to at the last one."""

    first_origin: str
    origins: int
    horizon: int
    scores: tuple[Score, ...]
    fitted: Mapping[str, Floats | None]

    def widening(self, method: str) -> float:
        """Return what the intervals of a method are widened by; 1 where it was not tested."""
        return next((score.widen for score in self.scores if score.method == method), 1.0)

    @property
    def best(self) -> str | None:
        """Return the method with the smallest mean absolute error; None where none could be tested."""
        return min(self.scores, key=lambda score: score.mae_wh).method if self.scores else None


def origins_of(n: int, horizon: int) -> tuple[int, ...]:
    """Return the day numbers from which to forecast: every 45 days, six at most, the last one a horizon before the end.

    All have a year behind them where there is more than a year and a horizon, else at least four months.
    """
    least = A_YEAR if n >= A_YEAR + horizon else LEAST_PAST
    return tuple(reversed(range(n - horizon, least - 1, -STEP)[:MOST_ORIGINS]))


def backtest(wh: Floats, conditions: Conditions, seed: int) -> Backtest:
    """Return how each method would have done on the past days of a meter."""
    n = len(wh)
    horizon = min(HORIZON, max(WEEK, (n - LEAST_PAST) // 2)) if n > LEAST_PAST + WEEK else 0
    origins = origins_of(n, horizon) if horizon else ()
    scores, fitted = list[Score](), dict[str, Floats | None]()
    for name, method in METHODS:
        known: list[_Result] = []
        for origin in origins:
            # From the earliest on, so that nothing later is in what a search begins with.
            result = _result(method, wh, conditions, origin, horizon, seed, known[-1].fitted if known else None)
            if result is None:
                break
            known.append(result)
        # A method that cannot forecast from some origin is not compared: its days would be others.
        if known and len(known) == len(origins):
            scores.append(_score(name, known))
            fitted[name] = known[-1].fitted
    first = conditions.days[origins[0]].isoformat() if origins else ""
    return Backtest(first, len(origins), horizon, tuple(scores), fitted)


@dataclass(frozen=True)
class _Result:
    """One method from one origin: signed errors of days, the past's own error, bounds around the expected, the error of the total."""

    errors: Floats
    scale: float
    bounds: tuple[tuple[Floats, Floats], ...]
    total: float
    total_error: float
    total_bounds: tuple[tuple[float, float], ...]
    total_deviation: float
    fitted: Floats | None


def _result(
    method: Method, wh: Floats, conditions: Conditions, origin: int, horizon: int, seed: int, fitted: Floats | None
) -> _Result | None:
    past = Past(wh[:origin], conditions.part(0, origin), conditions.part(origin, origin + horizon), seed, fitted)
    outlook: Outlook | None = method(past)
    if outlook is None:
        return None
    actual = wh[origin : origin + horizon]
    known = ~np.isnan(actual)
    steps = np.abs(past.wh[WEEK:] - past.wh[:-WEEK])
    if not known.any() or np.isnan(steps).all():
        return None
    expected, told = outlook.expected[known], outlook.paths[:, known]
    sums, total = told.sum(axis=1), float(actual[known].sum())
    tails = [((100 - percent) / 200, (100 + percent) / 200) for percent in PERCENTS]
    days = tuple((low - expected, high - expected) for low, high in (np.quantile(told, tail, axis=0) for tail in tails))
    totals = tuple((low - expected.sum(), high - expected.sum()) for low, high in (interval(sums, percent) for percent in PERCENTS))
    error = total - float(expected.sum())
    return _Result(actual[known] - expected, float(np.nanmean(steps)), days, total, error, totals, float(sums.std()), outlook.fitted)


def _widening(results: Sequence[_Result]) -> float:
    """Return the factor by which the intervals of four origins in five would have held their total; at least 1.

    A share of the origins and no mean of squares: one shift of level among ten origins must not make all forecasts useless.
    """
    if len(results) < LEAST_RESULTS:
        return 1.0
    off = [abs(result.total_error) / max(result.total_deviation, 1e-9) for result in results]
    return max(1.0, float(np.quantile(off, 0.8)) / DEVIATIONS_OF_80)


def _score(name: str, results: Sequence[_Result]) -> Score:
    days, totals = [list[bool](), list[bool]()], [list[bool](), list[bool]()]
    for at, result in enumerate(results):
        widen = _widening(results[:at])
        for number, (low, high) in enumerate(result.bounds):
            days[number] += ((result.errors >= widen * low) & (result.errors <= widen * high)).tolist()
        for number, (least, most) in enumerate(result.total_bounds):
            totals[number].append(widen * least <= result.total_error <= widen * most)
    return Score(
        method=name,
        origins=len(results),
        mae_wh=float(np.abs(np.concatenate([result.errors for result in results])).mean()),
        mase=float(np.mean([np.abs(result.errors).mean() / max(result.scale, 1e-9) for result in results])),
        total_percent=100 * float(np.mean([abs(result.total_error) / max(result.total, 1.0) for result in results])),
        days_80=float(np.mean(days[0])),
        days_95=float(np.mean(days[1])),
        totals_80=float(np.mean(totals[0])),
        totals_95=float(np.mean(totals[1])),
        widen=_widening(results),
    )
