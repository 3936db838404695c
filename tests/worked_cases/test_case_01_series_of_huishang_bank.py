"""Case 1, the series: Huishang Bank's Scope 2 over a change of factor and of boundary.

Source: the bank's ESG reports FY2021, FY2023 and FY2024 (HKEX). 2021 covers the head office, from 2022 on the whole bank. The reports do
not say how much of 2022 to 2024 is the head office's: here it stays at 2021's 487.2 万kWh, which no total depends on.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from ledger.accounting.analysis import (
    BaseYearPolicy,
    PeriodInventory,
    as_reported,
    constant_factor,
    decompose,
    of_statement,
    review_base_year,
)
from ledger.accounting.methods.operational_1 import compute
from tests.accounting.inventory import ROOT, changed, inputs, year

COLUMN = "scope2_location_g"
EAST_2012, ETS, AVERAGE_2022 = "grid_regional.cn-east.2012", "grid_ets.cn.0.5703", "grid_average.cn.2022"
HEAD_OFFICE = Decimal("487.2")
REPORTED = {
    2021: ("487.2", EAST_2012, "3427.45"),
    2022: ("3593.2", ETS, "20492.02"),
    2023: ("3724.0", ETS, "21237.97"),
    2024: ("4229.1", AVERAGE_2022, "22693.35"),
}


def inventory(number: int, factor: str | None = None) -> PeriodInventory:
    ten_mwh, reported_factor, _ = REPORTED[number]
    rest = Decimal(ten_mwh) - HEAD_OFFICE
    records = [f"{ROOT} electricity.purchased {HEAD_OFFICE} 万kWh"]
    records += [f"branches electricity.purchased {rest} 万kWh"] if rest else []
    choices = (f"electricity.purchased {factor or reported_factor}",)
    given = inputs(year(number), tuple(records), units=("branches",), choices=choices)
    given = changed(given, "branches", opened=date(2022, 1, 1), opening="included")
    found = compute(given).statement
    assert found is not None
    return of_statement(found, given.organisation, given.activity, given.release)


@pytest.fixture(scope="module")
def years() -> dict[int, PeriodInventory]:
    return {number: inventory(number) for number in REPORTED}


def hundredths(grams: int) -> str:
    return str((Decimal(grams) / 1_000_000).quantize(Decimal("0.01")))


def test_as_reported(years: dict[int, PeriodInventory]) -> None:
    published = [text for _, _, text in REPORTED.values()]
    assert [hundredths(point.totals.scope2_location_g) for point in as_reported(years.values())] == published


def test_at_the_constant_factor_0_5366(years: dict[int, PeriodInventory]) -> None:
    points = constant_factor([years[number] for number in (2022, 2023, 2024)], years[2024])
    assert [hundredths(point.totals.scope2_location_g) for point in points] == ["19281.11", "19982.98", "22693.35"]
    assert [point.kept for point in points] == [(), (), ()]
    growth = Fraction(points[2].totals.scope2_location_g, points[1].totals.scope2_location_g) - 1
    reported = Fraction(years[2024].totals.scope2_location_g, years[2023].totals.scope2_location_g) - 1
    assert (round(growth * 1000), round(reported * 1000)) == (136, 69)


def test_a_fall_by_factor_is_not_a_reduction(years: dict[int, PeriodInventory]) -> None:
    change = decompose(years[2023], years[2024]).total(COLUMN)
    # (0.5366 − 0.5703) × (37,240 + 42,291) MWh ÷ 2, and the rest is consumption.
    assert change.factor == -1_340_097_350
    assert change.activity == change.change + 1_340_097_350 == 2_795_475_950
    assert change.boundary == 0


def test_the_wider_boundary_is_neither_growth_nor_factor(years: dict[int, PeriodInventory]) -> None:
    change = decompose(years[2021], years[2022]).total(COLUMN)
    assert change.boundary == 31_060_000 * Fraction("570.3")
    assert change.factor == 4_872_000 * (Fraction("570.3") - Fraction("703.5"))
    assert change.activity == 0


def test_boundary_and_factor_recalculate_the_base_year(years: dict[int, PeriodInventory]) -> None:
    review = review_base_year([years[2021], years[2022]], BaseYearPolicy("2021", 500))
    assert [(entry.cause, entry.units, entry.indicators, entry.use, entry.decision) for entry in review.log] == [
        ("included", ("branches",), (), None, "recalculated"),
        ("method", (), ("electricity.purchased",), "location", "recalculated"),
    ]
    boundary, factor = review.log
    assert boundary.estimated
    assert boundary.ratio is not None
    assert boundary.ratio > 5
    assert hundredths(factor.effect.scope2_location_g) == "-648.95"


def test_the_restated_2021_is_the_one_that_the_bank_published(years: dict[int, PeriodInventory]) -> None:
    review = review_base_year([years[2021], years[2022]], BaseYearPolicy("2021", 500))
    assert hundredths(review.recalculated.scope2_location_g) == "2778.50"
    # The branches of 2021 are not known: the recalculated base says that they are missing.
    assert not review.complete
    assert [(item.period, item.unit) for item in review.missing] == [("2021", "branches")]


def test_with_the_factor_of_2024_the_whole_series_is_recalculated_to_it(years: dict[int, PeriodInventory]) -> None:
    review = review_base_year(years.values(), BaseYearPolicy("2021", 500))
    assert [hundredths(point.totals.scope2_location_g) for point in review.series[1:]] == ["19281.11", "19982.98", "22693.35"]
    assert hundredths(review.series[0].totals.scope2_location_g) == "2614.32"


def test_the_same_factor_leaves_only_the_boundary() -> None:
    review = review_base_year([inventory(2021, ETS), inventory(2022)], BaseYearPolicy("2021", 500))
    assert [entry.cause for entry in review.log] == ["included"]
