"""Unusual days: each fault that is planted is told by kind, day and reason, and a calm meter is left in peace."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from ledger.forecasting import UnusualDay, find_unusual_days
from ledger.metering.local_days import Calendar, IntervalSeries
from tests.forecasting.meters import HOLIDAYS, changed, office, without

TUESDAY, SATURDAY = date(2024, 5, 14), date(2024, 5, 18)


def told(series: IntervalSeries, calendar: Calendar = HOLIDAYS) -> list[UnusualDay]:
    return list(find_unusual_days(series, calendar=calendar))


def kinds(found: list[UnusualDay]) -> set[tuple[date, str]]:
    return {(item.day, item.kind) for item in found}


@pytest.mark.parametrize("seed", range(3))
def test_an_office_that_does_nothing_unusual_is_left_in_peace(seed: int) -> None:
    assert told(office(seed=seed)) == []


def test_a_holiday_that_nobody_told_stands_out_as_a_working_day_with_too_little() -> None:
    found = told(office(), Calendar())
    assert {item.day for item in found} == {date(2024, 2, 12), date(2024, 2, 13), date(2024, 5, 1)}
    assert {item.kind for item in found} == {"work_load"}


def test_lights_left_on_at_night_are_told_with_what_was_expected() -> None:
    [found] = told(changed(office(), TUESDAY, 0, 20, times=1.6))
    assert (found.day, found.kind) == (TUESDAY, "night_load")
    assert found.got_wh is not None
    assert found.low_wh is not None
    assert found.high_wh is not None
    assert found.low_wh < 100_000 < found.high_wh < 160_000 * 0.97 < found.got_wh
    assert "60% more" in found.reason or "59% more" in found.reason or "61% more" in found.reason


def test_a_saturday_that_ran_like_a_friday_is_told() -> None:
    assert kinds(told(changed(office(), SATURDAY, 32, 72, times=3))) == {(SATURDAY, "rest_load")}


def test_a_meter_that_is_stuck_or_dead_is_told_and_its_day_is_not_told_twice() -> None:
    assert kinds(told(changed(office(), TUESDAY, 40, 64, value=15_000_000))) == {(TUESDAY, "stuck")}
    [dead] = told(changed(office(), TUESDAY, 40, 52, value=0))
    assert (dead.kind, dead.day) == ("dead", TUESDAY)
    assert "3 h" in dead.reason


def test_a_run_over_midnight_touches_both_days() -> None:
    series = changed(changed(office(), TUESDAY, 84, 96, value=5_000_000), TUESDAY + timedelta(days=1), 0, 12, value=5_000_000)
    assert kinds(told(series)) == {(TUESDAY, "stuck"), (TUESDAY + timedelta(days=1), "stuck")}


def test_the_nights_of_a_pv_plant_are_no_dead_meter() -> None:
    series = office()
    sun = np.clip(np.sin(np.linspace(-np.pi / 2, 3 * np.pi / 2, 96)), 0, None)
    values = np.concatenate([np.round(sun * 1e7 * (0.8 + 0.2 * np.cos(at))) for at in range(len(series))]).astype(np.int64)
    assert {item.kind for item in told(replace(series, values=values))} <= {"work_load", "rest_load"}


@pytest.mark.parametrize(("over", "under", "words"), [(40, 1, "near 40"), (1, 10, "near 10"), (2, 1, "near 2"), (3, 2, "near 1.5")])
def test_a_slipped_ratio_is_told_once_with_its_factor(over: int, under: int, words: str) -> None:
    series, at = office(), 150
    values = series.values.copy()
    values[series.bounds[at] :] = values[series.bounds[at] :] * over // under
    found = told(replace(series, values=values))
    [step] = [item for item in found if item.kind == "step"]
    assert abs((step.day - series.day(at)).days) <= 1
    assert words in step.reason
    # Days are held against days of their own stretch: a new level is told once, not day by day.
    assert len(found) <= 3


def test_missing_readings_are_told_with_the_pattern_that_they_make() -> None:
    series = office()
    sundays = [date(2024, 5, 5) + timedelta(days=7 * week) for week in range(4)]
    for day in sundays:
        series = without(series, day)
    found = told(series)
    assert kinds(found) == {(day, "missing") for day in sundays}
    assert all("4 of 4 such days are Sundays" in item.reason for item in found)
    hourly = office()
    for at in range(10):
        hourly = without(hourly, TUESDAY + timedelta(days=at), 8, 12)
    assert all("the hour from 02:00 is missing" in item.reason for item in told(hourly))
    assert len(told(hourly)) == 10


def test_nights_are_five_hours_also_where_the_clocks_change() -> None:
    series = office(first=date(2024, 1, 1), days=120, timezone="Europe/Berlin")
    change = date(2024, 3, 31)
    at = (change - series.first).days
    assert series.bounds[at + 1] - series.bounds[at] == 92
    assert told(series) == []


def test_a_meter_with_two_habits_is_not_told_every_week() -> None:
    series = office()
    for at in range(len(series)):
        if series.day(at).weekday() in (0, 1) and HOLIDAYS.is_worked(series.day(at)):
            series = changed(series, series.day(at), 12, 20, times=2.5)
    assert told(series) == []
