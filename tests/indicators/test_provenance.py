"""Every figure has a publication and a mark of how well it is known; every row of the disclosure table has an indicator."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from ledger.indicators.factor import BASE_UNITS, KINDS
from ledger.indicators.shipped import shipped_release

# Publications whose number is not printed on them, or was not to be had: docs/library.md names each of them with its reason.
WITHOUT_NUMBER = {
    "lingtan-operational-1",
    "mee-footprint-2023",
    "mee-footprint-2024",
    "ndrc-grid-2010",
    "ndrc-grid-2012",
    "ndrc-other-industry",
    "ndrc-public-building",
}
ISSUED = ["2024-04-12", "2024-12-20", "2025-12-31"]


@pytest.mark.parametrize(
    ("factor", "value", "confidence"),
    [
        ("grid_average.cn.2021", "0.5568", "M"),
        ("grid_average.cn.2022", "0.5366", "X"),
        ("grid_average.cn.2023", "0.5306", "X"),
        ("grid_average.cn-east.2021", "0.5992", "S"),
        ("grid_average.cn-east.2022", "0.5617", "V"),
        ("grid_average.cn-east.2023", "0.5500", "X"),
        ("grid_average.cn-zj.2021", "0.5422", "S"),
        ("grid_average.cn-zj.2022", "0.5153", "S"),
        ("grid_average.cn-zj.2023", "0.4974", "S"),
        ("grid_residual.cn.2021", "0.5942", "M"),
        ("grid_residual.cn.2022", "0.5856", "S"),
        ("grid_residual.cn.2023", "0.6096", "S"),
        ("grid_fossil.cn.2021", "0.8426", "M"),
        ("grid_fossil.cn.2022", "0.8325", "S"),
        ("grid_fossil.cn.2023", "0.8273", "S"),
        ("grid_ets.cn.0.6101", "0.6101", "M"),
        ("grid_ets.cn.0.5839", "0.5839", "S"),
        ("grid_ets.cn.0.5810", "0.5810", "S"),
        ("grid_ets.cn.0.5703", "0.5703", "X"),
        ("grid_regional.cn-east.2010", "0.7182", "M"),
        ("grid_regional.cn-east.2011", "0.7129", "M"),
        ("grid_regional.cn-east.2012", "0.7035", "X"),
        ("grid_regional.cn-north.2012", "0.8843", "V"),
        ("grid_regional.cn-sh.2010", "0.7934", "V"),
        ("grid_regional.cn-zj.2016", "0.5246", "M"),
        ("grid_footprint.cn.2023", "0.6205", "V"),
        ("grid_footprint.cn.2024", "0.5777", "V"),
        ("grid_om.cn-east.2019", "0.7921", "M"),
        ("grid_bm.cn-east.2019", "0.3870", "M"),
        ("heat.cn.default", "0.11", "V"),
        ("self_generation.pv", "0", "V"),
        ("travel.air_domestic.gb.2024", "0.2726", "S"),
        ("travel.air_long_haul.gb.2024", "0.20", "M"),
        ("travel.rail.gb.2024", "0.03546", "S"),
        ("travel.rail_high_speed.cn", "0.027", "S"),
        ("travel.hotel.cn", "53.5", "M"),
        ("water.supply.gb.2024", "0.153", "S"),
        ("water.treatment.gb.2022", "0.272", "S"),
        ("paper.primary.gb.2024", "1.339", "M"),
    ],
)
def test_values_and_confidence_of_the_collected_facts(factor: str, value: str, confidence: str) -> None:
    found = shipped_release().factor(factor)
    assert (found.value, found.confidence) == (value, confidence)


@pytest.mark.parametrize(
    ("year", "national", "low", "high"),
    [(2021, "0.5568", "CN-YN", "CN-HE"), (2022, "0.5366", "CN-YN", "CN-HE"), (2023, "0.5306", "CN-YN", "CN-TJ")],
)
def test_averages_of_thirty_provinces_and_seven_regions_surround_the_national_one(year: int, national: str, low: str, high: str) -> None:
    release = shipped_release()
    values = {factor.region: factor.value or "" for factor in release.factors if factor.kind == "grid_average" and factor.data_year == year}
    provinces = {region: value for region, value in values.items() if len(region) == 5}
    assert (len(values), len(provinces)) == (1 + 7 + 30, 30)
    assert values["CN"] == national
    assert min(provinces, key=lambda region: provinces[region]) == low
    assert max(provinces, key=lambda region: provinces[region]) == high


@pytest.mark.parametrize(
    ("region", "members"), [("EAST", "SH JS ZJ AH FJ"), ("NORTHEAST", "LN JL HL"), ("NORTHWEST", "SN GS QH NX XJ"), ("SOUTHWEST", "SC CQ")]
)
@pytest.mark.parametrize("year", [2021, 2022, 2023])
def test_a_region_lies_between_its_provinces(region: str, members: str, year: int) -> None:
    # A region's average is a weighted mean of its provinces: a digit slipped in either leaves this range.
    release = shipped_release()
    values = [release.factor(f"grid_average.cn-{member.lower()}.{year}").value or "" for member in members.split()]
    assert min(values) <= (release.factor(f"grid_average.cn-{region.lower()}.{year}").value or "") <= max(values)


def test_every_factor_names_a_document_that_is_there_and_every_document_is_named() -> None:
    release = shipped_release()
    named: set[str | None] = {factor.document for factor in release.factors}
    named |= {template.document for template in release.templates} | {profile.document for profile in release.target_profiles}
    assert named == {document.id for document in release.documents}


def test_what_was_read_or_cross_checked_has_a_numbered_publication_or_a_documented_exception(root: Path) -> None:
    release = shipped_release()
    read = {factor.document for factor in release.factors if factor.confidence in ("V", "X")}
    assert {id for id in read if release.document(id).number is None} == WITHOUT_NUMBER
    text = (root / "docs" / "library.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE)) == WITHOUT_NUMBER


def test_what_comes_from_memory_or_one_source_says_so_in_its_clause() -> None:
    for factor in shipped_release().factors:
        if factor.kind == "grid_average":
            assert factor.data_year is not None
            assert shipped_release().document(factor.document).number
        if factor.confidence == "M":
            assert re.search("memory|low-quality default|never purchased power", factor.clause or ""), factor.id
        if factor.confidence == "S":
            assert re.search("secondary source|draft", factor.clause or ""), factor.id


def test_the_low_quality_defaults_carry_a_wide_uncertainty() -> None:
    for factor in shipped_release().factors:
        low = (factor.clause or "").startswith("low-quality default")
        assert low == (factor.kind in ("travel", "water", "material", "waste") or factor.carrier == "cooling"), factor.id
        assert (factor.uncertainty_bp == 5000) == low


def test_a_factor_supersedes_an_earlier_one_of_its_kind() -> None:
    release = shipped_release()
    for factor in release.factors:
        if factor.supersedes is not None:
            earlier = release.factor(factor.supersedes)
            assert (earlier.kind, earlier.region) == (factor.kind, factor.region)
            assert (earlier.data_year or 0) <= (factor.data_year or 9999)


def test_grid_averages_are_valid_from_the_day_of_their_announcement() -> None:
    release = shipped_release()
    found = {factor.valid_from.isoformat() for factor in release.factors if factor.kind == "grid_average" and factor.valid_from is not None}
    assert sorted(found) == ISSUED
    for factor in release.factors:
        published = release.document(factor.document).published
        assert factor.valid_from is None or factor.valid_from == published, factor.id


def test_both_default_tables_are_there_with_and_without_the_other_gases() -> None:
    release = shipped_release()
    petrol = {(factor.guide, factor.fuel.ncv_mj) for factor in release.factors if factor.carrier == "petrol" and factor.fuel is not None}
    assert petrol == {
        ("gbt-32150", "43.070"),
        ("gbt-32150.road", "43.070"),
        ("public-building", "44.800"),
        ("public-building.road", "44.800"),
        ("public-building.stationary", "44.800"),
    }
    fuels = {factor.carrier for factor in release.factors if factor.fuel is not None}
    for carrier in fuels:
        assert {factor.kind for factor in release.factors if factor.carrier == carrier} == {"fuel", "fuel_per_gas"}, carrier
    assert all(factor.guide for factor in release.factors if factor.fuel is not None)


@pytest.mark.parametrize(
    ("item", "indicators"),
    [
        (
            "office coal, diesel, petrol, gas",
            "fuel.coal.stationary fuel.diesel.stationary fuel.petrol.stationary fuel.natural_gas.stationary",
        ),
        ("own vehicles", "fuel.diesel.vehicles fuel.petrol.vehicles"),
        ("own heating", "fuel.coal.heating fuel.diesel.heating fuel.petrol.heating fuel.natural_gas.heating"),
        ("electricity", "electricity.purchased electricity.self_used_pv"),
        ("purchased heating and cooling", "heat.purchased cooling.purchased"),
        ("travel energy", "travel.energy"),
        ("travel", "travel.air_domestic travel.air_long_haul travel.rail travel.rail_high_speed travel.car"),
        ("lodging", "travel.hotel"),
        ("water", "water.supply"),
        ("paper", "paper.office paper.recycled"),
        ("waste", "waste.general waste.electronic"),
    ],
)
def test_every_row_of_table_1_1_has_its_indicators(item: str, indicators: str) -> None:
    release = shipped_release()
    printed = {id for row in release.template("sz-2022-1.1").rows for id in row.indicators}
    for id in indicators.split():
        assert release.find_indicator(id) is not None, item
        assert id in printed


def test_the_disclosure_tables_are_printed_in_their_order() -> None:
    rows = shipped_release().template("sz-2022-1.1").rows
    groups = list(dict.fromkeys(row.group.zh for row in rows))
    assert groups == ["能源", "水", "纸张", "废弃物", "范围一", "范围二", "范围三", "合计"]
    units = [row.unit for row in rows if row.group.en == "Energy"]
    assert " ".join(units) == "t L L m3 L L t L L m3 kWh tce tce"
    assert len(list(dict.fromkeys(row.group.zh for row in shipped_release().template("jrt-0227-2021").rows))) == 4


def test_a_total_row_holds_every_indicator_and_scope_rows_none_of_another_scope() -> None:
    release = shipped_release()
    every = {indicator.id for indicator in release.indicators}
    for template in release.templates:
        assert set(template.rows[-1].indicators) == every
        for row in template.rows:
            scope = {"Scope 1": 1, "Scope 2": 2, "Scope 3": 3}.get(row.group.en)
            assert scope is None or {release.indicator(id).scope for id in row.indicators} == {scope}, row.id


def test_target_profiles_are_those_of_the_city_and_of_its_pilots() -> None:
    release = shipped_release()
    profiles = {
        profile.id: (profile.peak_by, profile.operations_neutral_by, profile.financed_neutral_by) for profile in release.target_profiles
    }
    assert profiles == {"25-55": (2025, 2055, None), "28-58": (2028, 2058, 2058)}


def test_every_kind_is_used_but_that_of_a_supplier_and_every_dimension_but_days() -> None:
    release = shipped_release()
    assert set(KINDS) - {factor.kind for factor in release.factors} == {"supplier"}
    assert set(BASE_UNITS) - {indicator.dimension for indicator in release.indicators} == {"days"}
    assert {unit.dimension for unit in release.units} == set(BASE_UNITS) - {"days"}
    assert {unit.code for unit in release.units} >= set(BASE_UNITS.values()) - {"day"}


def test_the_documentation_counts_what_is_there(root: Path) -> None:
    release = shipped_release()
    counts = Counter(factor.confidence for factor in release.factors)
    text = (root / "docs" / "library.md").read_text(encoding="utf-8")
    stated = {name: int(number) for name, number in re.findall(r"^\| ([a-z -]+[a-z]) \| (\d+) \|", text, re.MULTILINE)}
    assert stated == {
        "publications": len(release.documents),
        "units": len(release.units),
        "gwp sets": len(release.gwp_sets),
        "indicators": len(release.indicators),
        "factors": len(release.factors),
        "rules": len(release.selections),
        "disclosure tables": len(release.templates),
        "target profiles": len(release.target_profiles),
    }
    assert {mark: int(number) for mark, number in re.findall(r"^\| ([VXSM]) \| (\d+) \|", text, re.MULTILINE)} == counts


def test_every_table_has_a_confidence_column_for_what_is_measured_or_published(root: Path) -> None:
    for name in ("electricity.csv", "fuels.csv", "heat.csv", "scope3.csv", "refrigerants.csv", "gwp.csv"):
        with (root / "ledger/indicators/tables" / name).open(encoding="utf-8", newline="") as file:
            assert all(row["confidence"] in {"V", "X", "S", "M"} for row in csv.DictReader(file)), name
