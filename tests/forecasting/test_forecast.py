"""Forecasts: known futures are met, the simple method wins where nothing more is to be had, and the document says what was done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from ledger.cli.app import app
from ledger.errors import InputError
from ledger.forecasting import Forecast, forecast_document, forecast_year, structural
from ledger.forecasting.backtest import origins_of
from ledger.forecasting.methods import Past, interval, repeat, same_weekday_last_week, same_weekday_last_year
from ledger.forecasting.weather import conditions_of, normal_degree_days
from ledger.metering.local_days import Calendar, LocalDay
from tests.forecasting.meters import HOLIDAYS, office, without

NO_CALENDAR = Calendar()


def days_of(wh: list[float], first: date = date(2024, 1, 1)) -> list[LocalDay]:
    return [LocalDay(first + timedelta(days=at), round(value * 1000), 96, 96) for at, value in enumerate(wh)]


def past_of(wh: list[float], horizon: int) -> Past:
    days = [date(2024, 1, 1) + timedelta(days=at) for at in range(len(wh) + horizon)]
    conditions = conditions_of(days, NO_CALENDAR, {})
    return Past(np.array(wh), conditions.part(0, len(wh)), conditions.part(len(wh), len(days)), 1)


def test_naive_methods_repeat_the_same_weekday() -> None:
    week = [10.0, 11, 12, 13, 14, 3, 2]
    outlook = same_weekday_last_week(past_of(week * 5, 10))
    assert outlook is not None
    assert outlook.expected.tolist() == [*week, *week[:3]]
    assert np.ptp(outlook.paths, axis=0).max() == 0
    assert same_weekday_last_year(past_of(week * 51, 10)) is None
    yearly = same_weekday_last_year(past_of([float(at) for at in range(370)], 3))
    assert yearly is not None
    assert yearly.expected.tolist() == [6, 7, 8]


def test_a_day_that_is_not_known_is_taken_from_a_week_before() -> None:
    wh = np.array([*range(14)], dtype=np.float64)
    wh[10] = np.nan
    repeated = repeat(wh, 7, 7)
    assert repeated is not None
    assert repeated.tolist() == [7, 8, 9, 3, 11, 12, 13]
    assert repeat(np.full(14, np.nan), 7, 7) is None


@pytest.fixture(scope="module")
def year() -> Sequence[LocalDay]:
    return office(days=366).days()


@pytest.fixture(scope="module")
def told_in_august(year: Sequence[LocalDay]) -> Forecast:
    return forecast_year("M1", year[:240], calendar=HOLIDAYS)


def test_an_office_without_seasons_is_forecast_to_the_hundredth(told_in_august: Forecast, year: Sequence[LocalDay]) -> None:
    told, days = told_in_august, year
    assert (told.as_of, told.until) == (date(2024, 8, 27), date(2024, 12, 31))
    actual = sum(day.mwh for day in days) / 1000
    assert told.total.expected_wh == pytest.approx(actual, rel=0.005)
    assert told.total.low_95_wh <= told.total.low_80_wh <= told.total.expected_wh <= told.total.high_80_wh <= told.total.high_95_wh
    assert (told.total.measured_days, told.total.forecast_days, told.total.unknown_days) == (240, 126, 0)
    assert sum(row.expected_wh for row in told.months) == pytest.approx(told.total.expected_wh, abs=12)
    assert told.months[0].measured_wh == told.months[0].expected_wh == round(sum(day.mwh for day in days[:31]) / 1000)


def test_holidays_to_come_are_days_off_in_the_forecast(year: Sequence[LocalDay]) -> None:
    week_off = Calendar(HOLIDAYS.holidays | {date(2024, 10, 1) + timedelta(days=at) for at in range(7)})
    # Too short a past for a back-test, so that one model is fitted and no more.
    plain, shorter = (
        forecast_year("M1", year[150:270], calendar=calendar, until=date(2024, 10, 31)).months[9].expected_wh
        for calendar in (HOLIDAYS, week_off)
    )
    # 1 to 7 October 2024: five working days become days off, 40 quarter-hours of 10 kWh each.
    assert plain - shorter == pytest.approx(5 * 40 * 10_000, rel=0.05)


def test_where_nothing_but_the_last_week_is_known_the_last_week_is_what_is_told() -> None:
    told = forecast_year("M1", office(days=20).days(), calendar=NO_CALENDAR, until=date(2024, 2, 29))
    assert told.method == "last_week"
    assert told.backtest.scores == ()
    with pytest.raises(InputError, match="expected at least 14"):
        forecast_year("M1", office(days=13).days())
    with pytest.raises(InputError, match="expected a day in the two years after"):
        forecast_year("M1", office(days=20).days(), until=date(2024, 1, 20))


def test_a_week_that_repeats_exactly_is_won_by_the_simplest_method() -> None:
    week = [100_000.0, 110_000, 120_000, 130_000, 140_000, 30_000, 20_000]
    told = forecast_year("M1", days_of(week * 30))
    assert told.method == "last_week"
    assert told.backtest.scores[0].mae_wh == 0
    assert told.total.expected_wh == told.total.low_95_wh == told.total.high_95_wh


def test_missing_days_are_no_days_of_nothing(told_in_august: Forecast) -> None:
    series = office(days=240)
    for at in range(60, 75):
        series = without(series, series.day(at))
    told = forecast_year("M1", series.days(), calendar=HOLIDAYS)
    assert told.total.unknown_days == 15
    assert told.total.expected_wh == pytest.approx(told_in_august.total.expected_wh, rel=0.01)


def test_a_cooling_office_is_better_forecast_by_its_degree_days() -> None:
    first, n = date(2023, 1, 1), 730
    days = [first + timedelta(days=at) for at in range(n)]
    rng = np.random.default_rng(3)
    celsius = [17 - 13 * np.cos(2 * np.pi * day.timetuple().tm_yday / 365.25) + rng.normal(0, 3) for day in days]
    wh = [
        200_000 * (1 if NO_CALENDAR.is_worked(day) else 0.4) + 9_000 * max(0, t - 18) + rng.normal(0, 4_000)
        for day, t in zip(days, celsius, strict=True)
    ]
    warmth = {day: Fraction(round(t * 100), 100) for day, t in zip(days, celsius, strict=True)}
    told = forecast_year("M1", days_of(wh, first)[:546], temperature=warmth)
    assert told.method in ("steady", "wandering")
    assert told.uses_temperature
    scores = {score.method: score.mae_wh for score in told.backtest.scores}
    assert scores[told.method] < scores["last_week"]
    assert told.total.expected_wh == pytest.approx(sum(wh[365:]), rel=0.05)


def test_a_normal_year_is_the_mean_of_the_known_ones_at_that_time() -> None:
    days = [date(2023, 1, 1) + timedelta(days=at) for at in range(365)]
    known = conditions_of(days, NO_CALENDAR, {day: Fraction(18 + (day.month == 7) * 10 - (day.month == 1) * 8) for day in days})
    coming = conditions_of([date(2024, 7, 16), date(2024, 1, 15), date(2024, 4, 1)], NO_CALENDAR, {})
    found = normal_degree_days(known, coming)
    assert found is not None
    assert [column.tolist() for column in found] == [[10, 0, 0], [0, 8, 0]]
    assert normal_degree_days(known.part(0, 100), coming) is None


def test_origins_lie_apart_and_leave_the_horizon_to_be_seen() -> None:
    assert origins_of(731, 90) == (416, 461, 506, 551, 596, 641)
    assert origins_of(300, 90) == (120, 165, 210)
    assert interval(np.arange(101.0), 80) == (10, 90)


def test_equal_input_and_seed_give_equal_figures() -> None:
    days = office(days=100).days()
    assert forecast_document(forecast_year("M1", days)) == forecast_document(forecast_year("M1", days))


def test_a_search_that_begins_where_an_earlier_one_ended_is_shorter_and_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    asked = [0]
    loglike = UnobservedComponents.loglike

    def counting(*given: object, **named: object) -> object:
        asked[0] += 1
        return loglike(*given, **named)

    monkeypatch.setattr(UnobservedComponents, "loglike", counting)
    rng = np.random.default_rng(5)
    noise = np.convolve(rng.normal(0, 6_000, 240), [1, 0.5, 0.2], "same") + np.cumsum(rng.normal(0, 1_500, 240))
    wh = (noise + 150_000 - 60_000 * (np.arange(240) % 7 > 4)).tolist()
    earlier = structural.wandering(past_of(wh[:195], 30))
    first = asked[0]
    fresh = structural.wandering(past_of(wh, 30))
    second = asked[0] - first
    assert earlier is not None
    assert fresh is not None
    carried = structural.wandering(replace(past_of(wh, 30), fitted=earlier.fitted))
    assert carried is not None
    assert 0 < asked[0] - first - second < second
    assert carried.expected == pytest.approx(fresh.expected, rel=1e-3)


def test_a_variance_that_was_found_to_be_nothing_begins_above_nothing() -> None:
    names = ["sigma2.irregular", "sigma2.level", "ar.L1"]
    found = structural._start(names, np.array([0.5, 0.25, 0.1]), np.array([0.7, 0.0, 0.0]))
    assert found.tolist() == pytest.approx([0.7, 0.025, 0.0])


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"LINGTAN_LANG": None})


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    series = office(days=150)
    series = replace(series, values=series.values.copy())
    start = 1_704_038_400  # 2024-01-01 in UTC+8
    lines = ["meter,timestamp,Wh"]
    for at, value in enumerate(series.values.tolist()):
        instant = np.datetime64(start + 900 * at, "s").item().strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"M1,{instant},{Fraction(value, 1000).numerator / Fraction(value, 1000).denominator:.3f}")
    file = tmp_path_factory.mktemp("meter") / "readings.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_the_commands_read_a_meter_file_and_say_what_they_did(readings: Path, tmp_path: Path) -> None:
    calendar = tmp_path / "calendar.json"
    calendar.write_text(json.dumps({"holidays": ["2024-02-12", "2024-02-13", "2024-05-01"], "workdays": []}), encoding="utf-8")
    done = run("meter", "forecast", "--input", readings, "--calendar", calendar, "--json")
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(done.stdout)
    assert (document["schema"], document["as_of"], document["until"]) == ("lingtan.meter-forecast/1", "2024-05-29", "2024-12-31")
    assert len(document["months"]) == 12
    assert document["backtest"]["best"] == document["method"]
    shown = run("meter", "forecast", "--input", readings, "--calendar", calendar, "--lang", "zh")
    assert "各方法在本表计上的回测" in shown.stdout
    quiet = run("meter", "anomalies", "--input", readings, "--calendar", calendar, "--json")
    assert json.loads(quiet.stdout)["items"] == []
    told = run("meter", "anomalies", "--input", readings, "--json")
    assert {item["day"] for item in json.loads(told.stdout)["items"]} == {"2024-02-12", "2024-02-13", "2024-05-01"}


def test_a_file_that_is_refused_or_a_meter_it_has_not_is_told(readings: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.csv"
    damaged.write_bytes(readings.read_bytes() + b"M1,2024-05-29T16:00:00Z,much\n")
    assert run("meter", "anomalies", "--input", damaged).exit_code == 1
    assert run("meter", "anomalies", "--input", readings, "--meter", "M2").exit_code == 2
    assert run("meter", "forecast", "--input", readings, "--until", "soon").exit_code == 2
