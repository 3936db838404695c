"""Baseline models: known buildings, an independent solution, recomputation from the answer alone, and the real office meters."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ledger.units import format_decimal
from tests.savings.projects import OFFICE_HOLIDAYS, answer_to, codes, real_project, retrofit

WITH_WORKDAYS = {"granularity": "daily", "terms": ["cdd", "hdd", "workdays"]}


def celsius_of_year(year: int, shift: int = 0) -> dict[str, str]:
    """A made-up climate in whole degrees: from 0 in winter to 30 in summer."""
    first = date(year, 1, 1)
    days = [first + timedelta(days=at) for at in range((date(year + 1, 1, 1) - first).days)]
    return {day.isoformat(): str(30 - abs((day - date(year, 7, 1)).days) // 6 + shift) for day in days}


def degree_days(celsius: Mapping[str, str], base: Fraction) -> dict[str, tuple[int, Fraction, Fraction]]:
    """Days, cooling and heating degree-days of each month."""
    sums: dict[str, tuple[int, Fraction, Fraction]] = {}
    for day, text in celsius.items():
        days, cold, warm = sums.get(day[:7], (0, Fraction(0), Fraction(0)))
        over = Fraction(text) - base
        sums[day[:7]] = (days + 1, cold + max(Fraction(0), over), warm + max(Fraction(0), -over))
    return sums


def building(celsius: Mapping[str, str], share: Fraction = Fraction(1)) -> dict[str, Any]:
    """100 kWh a day, 7 kWh a degree-day of cooling, 3 of heating, above and below 18 °C."""
    kwh = {month: (100 * days + 7 * cdd + 3 * hdd) * share for month, (days, cdd, hdd) in degree_days(celsius, Fraction(18)).items()}
    return {"unit": "kWh", "figures": {month: format_decimal(value) for month, value in kwh.items()}}


def known_building(**changes: Any) -> dict[str, Any]:
    before, after = celsius_of_year(2023), celsius_of_year(2024, shift=2)
    return retrofit(
        option="C",
        use={"baseline": building(before), "reporting": building(after, Fraction(4, 5))},
        temperature={"figures": before | after},
        model={"terms": ["cdd", "hdd"]},
        **changes,
    )


def test_a_building_without_noise_gives_back_its_own_coefficients_and_a_fifth_is_saved() -> None:
    answer = answer_to(known_building())
    assert [(item["term"], item["wh"]) for item in answer["model"]["coefficients"]] == [
        ("constant", "100000"),
        ("cdd", "7000"),
        ("hdd", "3000"),
    ]
    assert answer["model"]["statistics"]["r_squared"] == "1"
    adjusted = sum(100 * days + 7 * cdd + 3 * hdd for days, cdd, hdd in degree_days(celsius_of_year(2024, 2), Fraction(18)).values())
    assert int(answer["totals"]["adjusted_wh"]) == 1000 * adjusted
    assert int(answer["totals"]["savings_wh"]) == 200 * adjusted
    assert answer["reduction"]["saved_wh"] == str(200 * adjusted)


def test_the_best_of_a_grid_of_base_temperatures_is_taken_and_said() -> None:
    model = {"terms": ["cdd", "hdd"], "base_grid": {"from": "14", "to": "22", "step": "0.5"}}
    answer = answer_to({**known_building(), "model": model})
    assert (answer["model"]["base_c"], answer["model"]["bases_tried"]) == ("18", 17)


def test_a_kwh_less_in_the_reporting_year_is_a_kwh_more_saved_and_moves_no_coefficient() -> None:
    document, plain = known_building(), answer_to(known_building())
    figures = document["use"]["reporting"]["figures"]
    figures["2024-06"] = format_decimal(Fraction(figures["2024-06"]) - 1)
    changed = answer_to(document)
    assert int(changed["totals"]["savings_wh"]) == int(plain["totals"]["savings_wh"]) + 1000
    assert changed["model"] == plain["model"]


def test_a_model_that_explains_too_little_claims_nothing() -> None:
    document = known_building()
    swapped = document["use"]["baseline"]["figures"]
    swapped["2023-01"], swapped["2023-07"] = swapped["2023-07"], str(9 * int(swapped["2023-01"]))
    answer = answer_to(document)
    assert set(codes(answer, "error")) == {"MODEL_NOT_ACCEPTED"}
    assert answer["reduction"] is None
    assert all(row["savings_wh"] is None for row in answer["rows"])


def test_terms_that_the_baseline_cannot_tell_apart_are_refused() -> None:
    document = known_building()
    document["model"] = {"terms": ["cdd", "twice"], "variables": {"twice": {}}}
    for year, shift in ((2023, 0), (2024, 2)):
        for month, (_, cdd, _) in degree_days(celsius_of_year(year, shift), Fraction(18)).items():
            document["model"]["variables"]["twice"][month] = str(2 * cdd)
    assert codes(answer_to(document), "error") == ["MODEL_UNDETERMINED"]


def test_a_month_without_temperature_is_named_and_neither_modelled_nor_claimed() -> None:
    document = known_building(policies={"least_rows": 10})
    for day in ("2023-03-09", "2024-08-30"):
        del document["temperature"]["figures"][day]
    answer = answer_to(document)
    told = {(item["code"], item["place"], item["got"]) for item in answer["findings"]}
    assert ("BASELINE_ROW_DROPPED", "period 2023-03", "temperature missing") in told
    assert ("SAVINGS_UNCLAIMED", "period 2024-08", "temperature missing on 31 of 31 days") in told
    assert answer["model"]["statistics"]["n"] == 11
    assert next(row for row in answer["rows"] if row["period"] == "2024-08")["savings_wh"] is None


@pytest.fixture(scope="module")
def daily_office(shared: Path) -> dict[str, Any]:
    return answer_to(real_project(shared, "201", model=WITH_WORKDAYS))


@pytest.fixture(scope="module")
def office(shared: Path) -> tuple[dict[date, Fraction], dict[date, Fraction]]:
    """kWh and mean °C of local days of meter 201, read by this test's own few lines."""
    zone = ZoneInfo("America/Los_Angeles")
    kwh: dict[date, Fraction] = {}
    degrees: dict[date, list[Fraction]] = {}
    for name, take in (("office_meters_2012_2013", "kW"), ("outdoor_temperature_2012_2013", "celsius")):
        with gzip.open(shared / "data" / f"{name}.csv.gz", "rt", encoding="utf-8") as file:
            for row in csv.DictReader(io.StringIO(file.read())):
                if row.get("meter", "201") != "201":
                    continue
                day = datetime.fromisoformat(row["timestamp"]).astimezone(zone).date()
                if take == "kW":
                    kwh[day] = kwh.get(day, Fraction(0)) + Fraction(row[take]) / 4
                else:
                    degrees.setdefault(day, []).append(Fraction(row[take]))
    means = {day: Fraction(round(sum(values) / len(values) * 10**4), 10**4) for day, values in degrees.items()}
    return kwh, means


def conditions(day: date, celsius: Mapping[date, Fraction], base: Fraction) -> list[Fraction]:
    worked = day.weekday() < 5 and day.isoformat() not in OFFICE_HOLIDAYS
    over = celsius[day] - base
    return [Fraction(1), max(Fraction(0), over), max(Fraction(0), -over), Fraction(int(worked))]


def test_the_claim_is_recomputed_to_the_wh_from_the_coefficients_in_the_answer(
    daily_office: dict[str, Any], office: tuple[dict[date, Fraction], dict[date, Fraction]]
) -> None:
    kwh, celsius = office
    coefficients = [Fraction(item["wh"]) for item in daily_office["model"]["coefficients"]]
    for row in daily_office["rows"]:
        days = [day for day in kwh if day.isoformat().startswith(row["period"])]
        terms = [conditions(day, celsius, Fraction(18)) for day in days]
        adjusted = round(sum(sum(c * x for c, x in zip(coefficients, values, strict=True)) for values in terms))
        used = round(sum(kwh[day] for day in days) * 1000)
        assert (int(row["adjusted_wh"]), int(row["reporting_wh"])) == (adjusted, used)
        assert int(row["savings_wh"]) == adjusted - used
        assert int(row["base_wh"]) + int(row["adjustment_wh"]) - used == int(row["savings_wh"])


def test_the_coefficients_are_those_of_the_exact_normal_equations(
    daily_office: dict[str, Any], office: tuple[dict[date, Fraction], dict[date, Fraction]]
) -> None:
    kwh, celsius = office
    days = [day for day in kwh if day.year == 2012]
    rows = [conditions(day, celsius, Fraction(18)) for day in days]
    size = len(rows[0])
    matrix = [[sum((row[i] * row[j] for row in rows), Fraction(0)) for j in range(size)] for i in range(size)]
    right = [sum((row[i] * 1000 * kwh[day] for row, day in zip(rows, days, strict=True)), Fraction(0)) for i in range(size)]
    exact = solved(matrix, right)
    for item, value in zip(daily_office["model"]["coefficients"], exact, strict=True):
        assert Fraction(item["wh"]) == Fraction(round(value * 1000), 1000)


def solved(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Gauss, in rationals."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at in range(len(rows)):
        pivot = next(row for row in range(at, len(rows)) if rows[row][at])
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for other in range(len(rows)):
            if other != at:
                factor = rows[other][at] / rows[at][at]
                rows[other] = [value - factor * own for value, own in zip(rows[other], rows[at], strict=True)]
    return [rows[at][-1] / rows[at][at] for at in range(len(rows))]


def test_the_statistics_are_those_of_the_definitions(
    daily_office: dict[str, Any], office: tuple[dict[date, Fraction], dict[date, Fraction]]
) -> None:
    kwh, celsius = office
    days = [day for day in kwh if day.year == 2012]
    design = np.array([[float(value) for value in conditions(day, celsius, Fraction(18))] for day in days])
    energy = np.array([float(kwh[day]) for day in days])
    slopes, rest, _, _ = np.linalg.lstsq(design, energy, rcond=None)
    n, p = design.shape
    found = daily_office["model"]["statistics"]
    assert (found["n"], found["p"]) == (n, p) == (366, 4)
    assert float(found["r_squared"]) == pytest.approx(1 - rest[0] / ((energy - energy.mean()) ** 2).sum(), abs=1e-6)
    assert float(found["cv_rmse_percent"]) == pytest.approx(100 * np.sqrt(rest[0] / (n - p)) / energy.mean(), abs=1e-3)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * rest[0] / (n - p))
    assert [float(item["t"]) for item in daily_office["model"]["coefficients"]] == pytest.approx(list(slopes / errors), abs=1e-2)


def test_nothing_was_retrofitted_at_meter_201_and_nothing_may_be_claimed(daily_office: dict[str, Any], shared: Path) -> None:
    # The model is good (R² 0.96), and yet a year on it shows 1 % less: at a whole building that is no saving.
    assert daily_office["model"]["accepted"]
    share = int(daily_office["totals"]["savings_wh"]) / int(daily_office["totals"]["adjusted_wh"])
    assert 0 < share < 0.02
    assert codes(daily_office, "error") == ["OPTION_C_SMALL_SAVINGS"]
    assert daily_office["reduction"] is None
    weather_alone = answer_to(real_project(shared, "201", model={"terms": ["cdd", "hdd"]}))
    assert codes(weather_alone, "error") == ["MODEL_NOT_ACCEPTED"]
    assert weather_alone["totals"]["savings_wh"] is None


def test_meter_202_used_a_quarter_more_and_that_is_told_as_it_is(shared: Path) -> None:
    answer = answer_to(real_project(shared, "202", model={"terms": ["cdd"], "base_grid": {"from": "10", "to": "22", "step": "0.5"}}))
    assert answer["model"]["accepted"]
    assert -0.26 < int(answer["totals"]["savings_wh"]) / int(answer["totals"]["adjusted_wh"]) < -0.22
    assert "SAVINGS_NEGATIVE" in codes(answer, "warning")
    assert answer["reduction"] is None
    assert answer["totals"]["base_wh"] == "3567145920"
    assert answer["totals"]["reporting_wh"] == "4397642040"
