"""Forecast the rest of a meter's year with an interval, by the method that has been best on this very meter (methods/forecast §2–3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from ledger.errors import InputError
from ledger.forecasting.backtest import METHODS, Backtest, backtest
from ledger.forecasting.methods import WEEK, Outlook, Past, interval, known_days
from ledger.forecasting.reference import Floats
from ledger.forecasting.weather import conditions_of
from ledger.metering.local_days import Calendar, LocalDay

MAX_HORIZON = 2 * 366
LEAST_DAYS = 14


@dataclass(frozen=True)
class Expected:
    """Energy of a month or of the year in whole Wh: what was measured of it, what is expected in all, and the interval of the latter."""

    period: str
    measured_days: int
    forecast_days: int
    unknown_days: int
    measured_wh: int
    expected_wh: int
    low_80_wh: int
    high_80_wh: int
    low_95_wh: int
    high_95_wh: int


@dataclass(frozen=True)
class Forecast:
    """A forecast from the day after `as_of` to `until`; days that were never measured whole count as forecast (`unknown_days`)."""

    meter: str
    as_of: date
    until: date
    method: str
    uses_temperature: bool
    months: tuple[Expected, ...]
    total: Expected
    backtest: Backtest
    seed: int


def forecast_year(
    meter: str,
    days: Sequence[LocalDay],
    *,
    until: date | None = None,
    calendar: Calendar | None = None,
    temperature: Mapping[date, Fraction] | None = None,
    seed: int = 1,
) -> Forecast:
    """Return the months from the year's first to `until`, measured and expected.

    Args:
        days: consecutive local days, the last of which is the last one known.
        until: without it the last day of the year in which the forecast begins.
        calendar: holidays and worked weekends of past and future; Monday to Friday are worked without it.
        temperature: mean °C of local days.
        seed: of the simulated paths; equal input and seed give equal figures on one machine.

    Raises:
        InputError: fewer than two weeks are known, or `until` is not within two years after them.
    """
    wh = np.array([day.mwh / 1000 if day.complete else np.nan for day in days])
    if known_days(wh) < LEAST_DAYS:
        raise InputError(f"{known_days(wh)} known days of {meter}, expected at least {LEAST_DAYS}", hint="import more readings first")
    as_of = days[-1].day
    end = until or date((as_of + timedelta(days=1)).year, 12, 31)
    horizon = (end - as_of).days
    if not 0 < horizon <= MAX_HORIZON:
        raise InputError(f"the forecast ends on {end}, expected a day in the two years after {as_of}", hint="name another --until")
    rules, warmth = calendar or Calendar(), temperature or {}
    known = conditions_of([day.day for day in days], rules, warmth)
    # Temperatures after the last reading are left out: a forecast is made without knowing them.
    coming = conditions_of([as_of + timedelta(days=at) for at in range(1, horizon + 1)], rules, {})
    tested = backtest(wh, known, seed)
    order = [tested.best, "last_week"] if tested.best else ["steady", "last_week"]
    method, outlook = _first(order, Past(wh, known, coming, seed), tested)
    paths = outlook.expected + tested.widening(method) * (outlook.paths - outlook.expected)
    return _forecast(meter, days, wh, Outlook(outlook.expected, np.maximum(0, paths)), method, tested, seed, known.celsius)


def _first(order: Sequence[str], past: Past, tested: Backtest) -> tuple[str, Outlook]:
    methods = dict(METHODS)
    for name in order:
        outlook = methods[name](replace(past, fitted=tested.fitted.get(name)))
        if outlook is not None:
            return name, outlook
    raise InputError(f"{known_days(past.wh)} known days are too few or too torn for a forecast", hint="import more readings first")


def _forecast(
    meter: str,
    days: Sequence[LocalDay],
    wh: Floats,
    outlook: Outlook,
    method: str,
    tested: Backtest,
    seed: int,
    celsius: Floats,
) -> Forecast:
    as_of, horizon = days[-1].day, len(outlook.expected)
    until = as_of + timedelta(days=horizon)
    first = date((as_of + timedelta(days=1)).year, 1, 1)
    months: dict[str, list[date]] = {}
    for at in range((until - first).days + 1):
        day = first + timedelta(days=at)
        months.setdefault(day.isoformat()[:7], []).append(day)
    measured = {day.day: value for day, value in zip(days, wh, strict=True)}
    rows = tuple(_expected(month, within, as_of, measured, outlook, wh) for month, within in months.items())
    total = _expected(f"{first} to {until}", [day for within in months.values() for day in within], as_of, measured, outlook, wh)
    uses = method in ("steady", "wandering") and not bool(np.isnan(celsius).all())
    return Forecast(meter, as_of, until, method, uses, rows, total, tested, seed)


def _expected(period: str, days: Sequence[date], as_of: date, measured: Mapping[date, float], outlook: Outlook, wh: Floats) -> Expected:
    """Add up a period; a past day that is not known whole is taken as the median of the weekday in the known past."""
    known = [measured[day] for day in days if day <= as_of and not np.isnan(measured.get(day, np.nan))]
    unknown = [day for day in days if day <= as_of and np.isnan(measured.get(day, np.nan))]
    ahead = [(day - as_of).days - 1 for day in days if day > as_of]
    filled = sum(_typical(day, measured, wh) for day in unknown)
    base = sum(known) + filled
    paths = outlook.paths[:, ahead].sum(axis=1) + base
    (low_80, high_80), (low_95, high_95) = interval(paths, 80), interval(paths, 95)
    expected = base + float(outlook.expected[ahead].sum())
    figures = (sum(known), expected, low_80, high_80, low_95, high_95)
    return Expected(period, len(known), len(ahead), len(unknown), *(round(figure) for figure in figures))


def _typical(day: date, measured: Mapping[date, float], wh: Floats) -> float:
    same = [value for other, value in measured.items() if other.weekday() == day.weekday() and not np.isnan(value)]
    return float(np.median(same)) if len(same) >= 2 else float(np.nanmedian(wh[-WEEK * 8 :]))
