"""Cases 5, 7 and 37: what third-party verifiers corrected, and the fuel factors behind the default tables."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from ledger.accounting.methods.operational_1 import compute
from ledger.indicators.shipped import shipped_release
from tests.accounting.inventory import ROOT, codes, computed, inputs, the, year

NINGBO = (f"{ROOT} electricity.purchased 8157 MWh",)


@pytest.mark.parametrize("factor", ["grid_om.cn-east.2019", "grid_bm.cn-east.2019", "grid_footprint.cn.2023"])
def test_case_5_a_baseline_or_footprint_factor_is_refused_for_purchased_power(factor: str) -> None:
    computation = compute(inputs(year(2020), NINGBO, choices=(f"electricity.purchased {factor}",)))
    assert computation.statement is None
    finding = the(computation, "FACTOR_NOT_ADMITTED")
    assert finding.place == "/factor_choices/0/factor"
    assert finding.got == f"{factor.split('.')[0]} of electricity"


def test_case_5_the_verified_figure() -> None:
    statement = computed(year(2020), NINGBO, choices=("electricity.purchased grid_regional.cn-east.2012",))
    assert abs(Decimal(statement.totals.scope2_location_g) / 1_000_000 - Decimal("5738.45")) <= Decimal("0.01")


def test_case_5_the_claim_is_traced_to_the_refused_factor() -> None:
    kilograms = shipped_release().factor("grid_om.cn-east.2019").gases("electricity").co2 * 8_157_000
    assert abs(kilograms / 1000 - Fraction("6461.16")) <= Fraction("0.01")


HENAN = (f"{ROOT} electricity.purchased 173.502 MWh",)


def test_case_7_the_table_follows_from_another_factor_than_listed() -> None:
    # The report lists 0.5633, which no document has; any other factor shows the one that the total follows from.
    figures = ("indicator/electricity.purchased 93.1 0.05",)
    computation = compute(inputs(year(2024), HENAN, figures=figures, choices=("electricity.purchased grid_ets.cn.0.5703",)))
    assert the(computation, "TOTAL_MISMATCH").params["consistent_with"] == "grid_average.cn.2022"


def test_case_7_a_factor_that_is_in_no_release_is_refused() -> None:
    computation = compute(inputs(year(2024), HENAN, choices=("electricity.purchased grid_average.cn.0.5633",)))
    assert computation.statement is None
    assert codes(computation) == ["FACTOR_UNKNOWN"]


def test_case_7_the_factor_of_the_announcement_ties_out() -> None:
    figures = ("indicator/electricity.purchased 93.1 0.05",)
    assert compute(inputs(year(2024), HENAN, figures=figures, choices=("electricity.purchased grid_average.cn.2022",))).findings == ()


@pytest.mark.parametrize(
    ("factor", "dimension", "published"),
    [
        ("fuel.natural_gas.generic", "volume", "2.162188809"),
        ("fuel.petrol.generic", "mass", "2.925056"),
        ("fuel.petrol.public_building", "mass", "3.042547"),
        ("fuel.petrol.public_building", "liquid", "2.221059456"),
        ("fuel.diesel.generic", "mass", "3.095910"),
        ("fuel.lpg.generic", "mass", "3.101330"),
        ("fuel.lng.generic", "mass", "3.182851"),
        ("fuel.kerosene.generic", "mass", "3.033391"),
        ("fuel.fuel_oil.generic", "mass", "3.170461"),
        ("fuel.anthracite.generic", "mass", "2.166622"),
    ],
)
def test_case_37_fuel_factors(factor: str, dimension: str, published: str) -> None:
    gases = shipped_release().factor(factor).gases(dimension)
    assert abs(gases.co2 - Fraction(published)) <= Fraction(1, 1_000_000)
    assert (gases.ch4, gases.n2o) == (0, 0)


@pytest.mark.parametrize(
    ("factor", "dimension", "published"),
    [("fuel.natural_gas.generic.per_gas", "volume", "2.1644117691"), ("fuel.petrol.public_building.per_gas", "liquid", "2.2756535514")],
)
def test_case_2_factors_with_all_gases_to_ten_decimals(factor: str, dimension: str, published: str) -> None:
    release = shipped_release()
    assert abs(release.factor(factor).gases(dimension).co2e(release.gwp_set("AR6")) - Fraction(published)) <= Fraction(5, 10**10)
