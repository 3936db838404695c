"""Case 1: Scope 2 of Huishang Bank (徽商银行), 2019 to 2024, with a factor restatement, through the public command.

Source: ESG reports FY2021 (2022042802114), FY2023 (2024041801900) and FY2024 (2025041400651) at esg.hkubs.ai. Tolerances: the rounding of
the printed quantities and figures. The series as one report is in test_case_01_series_of_huishang_bank.py.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.worked_cases.command import codes, computed, findings, report, tonnes

EAST_2012 = "grid_regional.cn-east.2012"
ETS = "grid_ets.cn.0.5703"
NATIONAL_2022 = "grid_average.cn.2022"
YEARS = [
    (2019, "422.5", EAST_2012, "2972.3", "0.06"),
    (2020, "457.8", EAST_2012, "3220.6", "0.06"),
    (2021, "487.2", EAST_2012, "3427.5", "0.06"),
    (2021, "487.2", ETS, "2778.50", "0.01"),
    (2022, "3593.2", ETS, "20492.02", "0.01"),
    (2023, "3724.0", ETS, "21237.97", "0.01"),
    (2024, "4229.1", NATIONAL_2022, "22693.55", "0.30"),
]


def year(fiscal_year: int, quantity: str, factor: str, published: str, tolerance: str | None = None) -> dict[str, Any]:
    figure = {"measure": "scope2", "value": published} | ({} if tolerance is None else {"tolerance": tolerance})
    return {
        "id": fiscal_year,
        "records": [{"indicator": "electricity.purchased", "quantity": f"{quantity} 万kWh"}],
        "factor_choices": [{"indicator": "electricity.purchased", "factor": factor}],
        "declared_totals": [figure],
    }


@pytest.mark.parametrize(("fiscal_year", "quantity", "factor", "published", "tolerance"), YEARS)
def test_each_year_is_reproduced_within_its_tolerance(
    tmp_path: Path, fiscal_year: int, quantity: str, factor: str, published: str, tolerance: str
) -> None:
    answer = computed(tmp_path, report("huishang", "CN-AH", **year(fiscal_year, quantity, factor, published, tolerance)))
    assert abs(tonnes(answer["totals"], "scope2_location") - Decimal(published)) <= Decimal(tolerance)
    assert codes(answer, "error") == []


@pytest.mark.parametrize(("fiscal_year", "quantity", "factor", "published", "tolerance"), YEARS)
def test_without_a_tolerance_the_rounding_of_what_is_printed_is_enough(
    tmp_path: Path, fiscal_year: int, quantity: str, factor: str, published: str, tolerance: str
) -> None:
    answer = computed(tmp_path, report("huishang", "CN-AH", **year(fiscal_year, quantity, factor, published)))
    assert codes(answer, "error") == []
    assert ("DECLARED_WITHIN_ROUNDING" in codes(answer)) == (fiscal_year == 2024)


def series(tmp_path: Path) -> dict[str, Any]:
    periods = [year(*YEARS[2][:4]), *(year(*item[:4]) for item in YEARS[4:])]
    periods[1]["declared_totals"].append({"measure": "scope2", "value": "2778.50", "period": 2021, "reference": "restated in FY2022"})
    units = [{"id": "head-office", "kind": "institution"}, {"id": "branches", "opened": "2022-01-01", "opening": "included"}]
    for period, others in zip(periods[1:], ("3106.0", "3236.8", "3741.9"), strict=True):
        # The report prints one figure for the whole bank; what head office alone used stays as it was in 2021.
        whole = Decimal(period["records"][0]["quantity"].split()[0])
        assert whole - Decimal(others) == Decimal("487.2")
        period["records"] = [
            {"unit": unit, "indicator": "electricity.purchased", "quantity": f"{value} 万kWh"}
            for unit, value in (("head-office", "487.2"), ("branches", others))
        ]
    return computed(
        tmp_path, report("huishang", "CN-AH", units=units, periods=periods, policies={"reference_period": "2024", "base_year": "2021"})
    )


def test_the_constant_factor_series_parts_growth_from_the_factor(tmp_path: Path) -> None:
    analysis = series(tmp_path)["analysis"]
    constant = {point["period"]: Decimal(point["totals"]["scope2_location_g"]) / 10**6 for point in analysis["series"]["constant_factor"]}
    for period, expected in (("2022", "19281.11"), ("2023", "19982.98"), ("2024", "22693.35")):
        assert abs(constant[period] - Decimal(expected)) <= Decimal("0.005")
    assert round((constant["2024"] / constant["2023"] - 1) * 100, 1) == Decimal("13.6")
    reported = {point["period"]: Decimal(point["totals"]["scope2_location_g"]) for point in analysis["series"]["as_reported"]}
    assert round((reported["2024"] / reported["2023"] - 1) * 100, 1) == Decimal("6.9")


def test_the_wider_boundary_makes_the_base_year_be_recalculated(tmp_path: Path) -> None:
    log = series(tmp_path)["analysis"]["base_year"]["log"]
    assert (log[0]["period"], log[0]["cause"], log[0]["decision"]) == ("2022", "included", "recalculated")


def test_the_restated_figure_of_2021_is_named(tmp_path: Path) -> None:
    finding = findings(series(tmp_path), "PRIOR_PERIOD_RESTATED")[0]
    assert finding["params"]["percent"] == "−18.9 %"
    assert finding["place"] == "/periods/1/declared_totals/1/value"
