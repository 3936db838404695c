"""Which factor the rules take: by use, region and year; what they leave to the bank's choice."""

from __future__ import annotations

import pytest

from ledger.errors import NotFound
from ledger.indicators.shipped import shipped_release

GRIDS = {
    "north": "BJ TJ HE SX SD",
    "northeast": "LN JL HL",
    "east": "SH JS ZJ AH FJ",
    "central": "HA HB HN JX SC CQ",
    "northwest": "SN GS QH NX XJ",
    "south": "GD GX YN GZ HI",
}


def test_every_indicator_has_a_rule_and_a_factor_for_every_year_from_2021_to_2027() -> None:
    release = shipped_release()
    for indicator in release.indicators:
        for year in range(2021, 2028):
            factor = release.select(indicator.id, "CN-ZJ", year)
            assert indicator.admits_factor(factor)
            assert factor.serves(indicator.dimension), indicator.id
            if indicator.market_kinds:
                market = release.select(indicator.id, "CN-ZJ", year, "market")
                assert indicator.admits_factor(market, "market")
                assert market.serves("electricity")


@pytest.mark.parametrize(
    ("region", "year", "factor"),
    [
        ("CN-ZJ", 2013, "grid_regional.cn-east.2012"),
        ("CN-ZJ", 2020, "grid_regional.cn-east.2012"),
        ("CN-GD", 2013, "grid_regional.cn-south.2012"),
        ("CN-ZJ", 2021, "grid_average.cn.2021"),
        ("CN-GD", 2022, "grid_average.cn.2022"),
        ("CN-ZJ", 2025, "grid_average.cn.2023"),
        ("CN-ZJ", 2027, "grid_average.cn.2023"),
    ],
)
def test_purchased_power_is_selected_by_region_and_year(region: str, year: int, factor: str) -> None:
    assert shipped_release().select("electricity.purchased", region, year).id == factor


@pytest.mark.parametrize(
    ("region", "year", "factor"),
    [
        ("CN-ZJ", 2019, "grid_regional.cn-east.2012"),
        ("CN-ZJ", 2021, "grid_residual.cn.2021"),
        ("CN-GD", 2022, "grid_residual.cn.2022"),
        ("CN-ZJ", 2023, "grid_residual.cn.2023"),
        ("CN-ZJ", 2026, "grid_residual.cn.2023"),
    ],
)
def test_the_rest_without_instruments_takes_the_residual_factor_or_the_grid_average_where_none_exists(
    region: str, year: int, factor: str
) -> None:
    assert shipped_release().select("electricity.purchased", region, year, "market").id == factor


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("use", ["location", "market"])
def test_every_province_of_a_grid_takes_its_average_of_2012_until_2020(grid: str, use: str) -> None:
    release = shipped_release()
    for province in GRIDS[grid].split():
        for year in range(2012, 2021):
            assert release.select("electricity.purchased", f"CN-{province}", year, use).id == f"grid_regional.cn-{grid}.2012"


@pytest.mark.parametrize(("region", "year"), [("CN-NM", 2013), ("CN-XZ", 2013), ("CN-ZJ", 2011), ("CN-ZJ", 2028)])
@pytest.mark.parametrize("use", ["location", "market"])
def test_a_case_without_a_rule_selects_nothing(region: str, year: int, use: str) -> None:
    # Inner Mongolia lies in two grids and Tibet in none of the six: there the bank names its factor.
    assert shipped_release().find_selected("electricity.purchased", region, year, use) is None
    with pytest.raises(NotFound, match=f"in {region} {year}"):
        shipped_release().select("electricity.purchased", region, year, use)


def test_no_rule_takes_a_provincial_average_but_a_bank_may() -> None:
    release = shipped_release()
    selected = {selection.factor for selection in release.selections}
    provincial = [factor for factor in release.factors if factor.kind == "grid_average" and factor.region == "CN-ZJ"]
    assert [factor.data_year for factor in provincial] == [2021, 2022, 2023]
    for factor in provincial:
        assert factor.id not in selected
        assert release.indicator("electricity.purchased").admits_factor(factor)


@pytest.mark.parametrize("kind", ["grid_om", "grid_bm", "grid_footprint", "grid_fossil"])
@pytest.mark.parametrize("use", ["location", "market"])
def test_factors_made_for_something_else_are_not_admitted_for_purchased_power(kind: str, use: str) -> None:
    release = shipped_release()
    found = [factor for factor in release.factors if factor.kind == kind]
    assert found
    assert not any(release.indicator("electricity.purchased").admits_factor(factor, use) for factor in found)


def test_a_residual_factor_is_for_the_market_alone() -> None:
    release = shipped_release()
    indicator, factor = release.indicator("electricity.purchased"), release.factor("grid_residual.cn.2023")
    assert (indicator.admits_factor(factor), indicator.admits_factor(factor, "market")) == (False, True)


@pytest.mark.parametrize(
    ("indicator", "stem"),
    [("water.supply", "water.supply.gb"), ("water.treatment", "water.treatment.gb"), ("paper.office", "paper.primary.gb")],
)
def test_water_and_paper_take_the_edition_nearest_to_the_year(indicator: str, stem: str) -> None:
    chosen = [shipped_release().select(indicator, "CN-ZJ", year).id for year in (2019, 2022, 2023, 2024, 2025)]
    assert chosen == [f"{stem}.2022", f"{stem}.2022", f"{stem}.2022", f"{stem}.2024", f"{stem}.2024"]
