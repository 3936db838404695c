"""Find the unusual days of a meter: the door to the detectors (methods/forecast §1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Literal

import numpy as np

from ledger.forecasting.gaps import find_gaps
from ledger.forecasting.reference import Comparison, DayTable, Floats, band_of, day_table
from ledger.forecasting.runs import Run, find_runs
from ledger.forecasting.steps import Step, find_steps
from ledger.metering.local_days import Calendar, IntervalSeries

UnusualKind = Literal["night_load", "rest_load", "work_load", "stuck", "dead", "step", "missing"]
ROUNDS = 2


@dataclass(frozen=True)
class UnusualPolicy:
    """When a day is told. Scores are robust deviations; shares are of what was expected.

    Attributes:
        least_score: a load this many deviations off is told …
        least_share: … if it is also off by this share.
        floor: a deviation is never taken as less than this share of the middle.
        window: days before and after that a day may be compared with, and `most` of them are.
        least: fewer comparable days, and nothing is said.
    """

    least_score: float = 5.0
    least_share: float = 0.15
    floor: float = 0.025
    window: int = 90
    most: int = 20
    least: int = 5
    step_factor: float = 1.35
    step_score: float = 5.0


@dataclass(frozen=True)
class UnusualDay:
    """A day, what is unusual about it, how much (deviations, or multiples of a limit), what was expected in Wh, and why it is told."""

    day: date
    kind: UnusualKind
    score: float
    got_wh: int | None
    low_wh: int | None
    high_wh: int | None
    reason: str


def find_unusual_days(
    series: IntervalSeries,
    *,
    calendar: Calendar | None = None,
    temperature: Mapping[date, Fraction] | None = None,
    policy: UnusualPolicy | None = None,
) -> tuple[UnusualDay, ...]:
    """Return the unusual days of a series by day and kind; a day may be unusual in several ways.

    Args:
        calendar: holidays and worked weekends; Monday to Friday are worked without it.
        temperature: mean °C of local days; days are compared at like temperatures where it is known.
    """
    rules = policy or UnusualPolicy()
    table = day_table(series, calendar or Calendar(), temperature or {})
    steps = find_steps(table, least_factor=rules.step_factor, least_score=rules.step_score)
    table = replace(table, segments=tuple(sum(at >= step.at for step in steps) for at in range(len(table.days))))
    runs, gaps = find_runs(series), find_gaps(series)
    still = frozenset(day for run in runs for day in _days_of(series, run))
    found = [_told_step(table, step) for step in steps]
    found += [_told_run(series, table, run, day) for run in runs for day in _days_of(series, run)]
    for gap in gaps:
        reason = f"{gap.missing} of {gap.slots} quarter-hours are missing" + (f"; {gap.pattern}" if gap.pattern else "")
        found.append(UnusualDay(table.days[gap.at], "missing", gap.missing / gap.slots, None, None, None, reason))
    for values, name in ((table.night, "night"), (table.total, "day")):
        found += _levels(table, values, name, rules, still)
    return tuple(sorted(found, key=lambda item: (item.day, item.kind)))


def _levels(table: DayTable, values: Floats, name: str, rules: UnusualPolicy, still: frozenset[int]) -> list[UnusualDay]:
    """Hold every day against comparable ones; a second time without those that were found, which may have hidden others."""
    comparison = Comparison(table, window=rules.window, most=rules.most, least=rules.least)
    found: dict[int, UnusualDay] = {}
    for _ in range(ROUNDS):
        left_out, again = np.zeros(len(values), dtype=np.bool_), dict[int, UnusualDay]()
        left_out[list(still | set(found))] = True
        for at in np.flatnonzero(~np.isnan(values)).tolist():
            others = comparison.days(values, at, left_out) if at not in still else ()
            if len(others) == 0:
                continue
            band = band_of(values[others], rules.floor)
            score, off = band.score(float(values[at])), abs(float(values[at]) - band.middle)
            if abs(score) >= rules.least_score and off >= rules.least_share * band.middle:
                again[at] = _told_level(table, at, name, float(values[at]), band.middle, band.deviation * rules.least_score, score)
        found = again
    return list(found.values())


def _told_level(table: DayTable, at: int, name: str, got: float, middle: float, width: float, score: float) -> UnusualDay:
    worked = table.kinds[at] == "work"
    kind: UnusualKind = "night_load" if name == "night" else "work_load" if worked else "rest_load"
    what = {"night_load": "the night (00–05)", "work_load": "this working day", "rest_load": "this day off"}[kind]
    share = f"{abs(got - middle) / middle:.0%} {'more' if got > middle else 'less'}" if middle > 0 else "not nothing"
    reason = f"{what} used {share} than comparable days"
    return UnusualDay(table.days[at], kind, round(abs(score), 1), round(got), max(0, round(middle - width)), round(middle + width), reason)


def _told_step(table: DayTable, step: Step) -> UnusualDay:
    size = f"× {step.factor:.2f}" if step.factor >= 1 else f"÷ {1 / step.factor:.2f}"
    slip = f"; near {step.ratio:g}: compare the transformer ratio with the monthly bill" if step.ratio is not None else ""
    reason = f"from this day on days of the same type use {size} of those before{slip}"
    return UnusualDay(table.days[step.at], "step", round(step.score, 1), round(step.after), None, round(step.before), reason)


def _days_of(series: IntervalSeries, run: Run) -> range:
    bounds = np.array(series.bounds)
    first, last = (int(np.searchsorted(bounds, slot, side="right")) - 1 for slot in (run.start, run.stop - 1))
    return range(first, last + 1)


def _told_run(series: IntervalSeries, table: DayTable, run: Run, at: int) -> UnusualDay:
    total = None if np.isnan(table.total[at]) else round(float(table.total[at]))
    hours = f"{len(run) / 4:g} h"
    if run.value == 0:
        reason = f"the meter stood at 0 for {hours}, at a time of day when it hardly ever does: an outage or a dead meter"
        return UnusualDay(table.days[at], "dead", round(len(run) / run.limit, 1), total, None, None, reason)
    reason = (
        f"the same {run.value / 1000:g} Wh a quarter-hour for {hours}; this meter's values stand still for less than {run.limit / 4:g} h"
    )
    return UnusualDay(table.days[at], "stuck", round(len(run) / run.limit, 1), total, None, None, reason)
