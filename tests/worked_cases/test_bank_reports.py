"""Figures that listed banks published, reproduced from their activity data within the rounding of their inputs.

Cases 1, 2, 9, 14, 15 and 19 of the collection of worked cases; sources: ESG reports of Huishang Bank (FY2021 to FY2024), Bank of
Guizhou (2021) and Bank of Jiujiang.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ledger.accounting.methods.operational_1 import compute
from ledger.indicators.release import Release
from ledger.indicators.shipped import shipped_release
from tests.accounting.inventory import ROOT, codes, computed, inputs, the, year

EAST_2012 = "grid_regional.cn-east.2012"
ETS = "grid_ets.cn.0.5703"


def tonnes(grams: int) -> Decimal:
    return Decimal(grams) / 1_000_000


@pytest.mark.parametrize(
    ("fiscal_year", "ten_mwh", "factor", "published", "tolerance"),
    [
        (2019, "422.5", EAST_2012, "2972.3", "0.06"),
        (2020, "457.8", EAST_2012, "3220.6", "0.06"),
        (2021, "487.2", EAST_2012, "3427.5", "0.06"),
        (2021, "487.2", ETS, "2778.50", "0.01"),
        (2022, "3593.2", ETS, "20492.02", "0.01"),
        (2023, "3724.0", ETS, "21237.97", "0.01"),
        (2024, "4229.1", "grid_average.cn.2022", "22693.55", "0.30"),
    ],
)
def test_case_1_scope_2_of_huishang_bank(fiscal_year: int, ten_mwh: str, factor: str, published: str, tolerance: str) -> None:
    records = (f"{ROOT} electricity.purchased {ten_mwh} 万kWh",)
    statement = computed(year(fiscal_year), records, choices=(f"electricity.purchased {factor}",))
    assert abs(tonnes(statement.totals.scope2_location_g) - Decimal(published)) <= Decimal(tolerance)
    assert statement.totals.scope1_g == 0


@pytest.mark.parametrize(
    ("fiscal_year", "ten_mwh", "expected"), [(2022, "3593.2", "19281.11"), (2023, "3724.0", "19982.98"), (2024, "4229.1", "22693.35")]
)
def test_case_1_constant_factor_series(fiscal_year: int, ten_mwh: str, expected: str) -> None:
    records = (f"{ROOT} electricity.purchased {ten_mwh} 万kWh",)
    statement = computed(year(fiscal_year), records, choices=("electricity.purchased grid_average.cn.2022",))
    assert abs(tonnes(statement.totals.scope2_location_g) - Decimal(expected)) <= Decimal("0.005")


CASE_2 = [
    (2022, "84.5", "46.4", "1828.93", "1055.90", "2884.83", "0.01"),
    (2023, "79.8", "54.4", "1727.20", "1237.96", "2965.16", "0.01"),
    (2024, "74.5", "39.8", "1612.99", "905.59", "2518.58", "1.1"),
]


def scope_1(gas: str, petrol: str) -> tuple[str, ...]:
    return (f"{ROOT} fuel.natural_gas.stationary {gas} 万m3", f"{ROOT} fuel.petrol.vehicles {petrol} 万L")


@pytest.mark.parametrize(("fiscal_year", "gas", "petrol", "gas_t", "petrol_t", "total_t", "tolerance"), CASE_2)
def test_case_2_scope_1_gas_by_gas(
    fiscal_year: int, gas: str, petrol: str, gas_t: str, petrol_t: str, total_t: str, tolerance: str
) -> None:
    statement = computed(year(fiscal_year), scope_1(gas, petrol))
    for indicator, published in (("fuel.natural_gas.stationary", gas_t), ("fuel.petrol.vehicles", petrol_t)):
        assert abs(tonnes(statement.line(ROOT, indicator).measures.scope1_g) - Decimal(published)) <= Decimal(tolerance)
    assert abs(tonnes(statement.totals.scope1_g) - Decimal(total_t)) <= Decimal(tolerance)


def with_gwp(ch4: str, n2o: str) -> Release:
    release = shipped_release()
    gwp = replace(release.gwp_set("AR6"), ch4_text=ch4, n2o_text=n2o)
    return replace(release, gwp_sets=tuple(gwp if item.id == "AR6" else item for item in release.gwp_sets))


@pytest.mark.parametrize(
    ("ch4", "n2o", "gas_t", "petrol_t"),
    [("29.8", "273", "1828.93", "1055.90"), ("28", "265", "1828.84", "1055.11"), ("27.9", "273", None, "1055.79")],
)
def test_case_2_tells_gwp_sets_apart(ch4: str, n2o: str, gas_t: str | None, petrol_t: str) -> None:
    statement = computed(year(2022), scope_1("84.5", "46.4"), release=with_gwp(ch4, n2o))
    assert round(tonnes(statement.line(ROOT, "fuel.petrol.vehicles").measures.scope1_g), 2) == Decimal(petrol_t)
    if gas_t is not None:
        assert round(tonnes(statement.line(ROOT, "fuel.natural_gas.stationary").measures.scope1_g), 2) == Decimal(gas_t)


def test_case_2_tells_co2_alone_from_co2e() -> None:
    choices = ("fuel.natural_gas.stationary fuel.natural_gas.generic", "fuel.petrol.vehicles fuel.petrol.public_building")
    statement = computed(year(2022), scope_1("84.5", "46.4"), choices=choices)
    grams = [line.measures.scope1_g for line in statement.lines]
    assert [round(tonnes(value), 2) for value in grams] == [Decimal("1827.05"), Decimal("1030.57")]


BRANCHES = {
    "guiyang": 208,
    "zunyi": 454,
    "qiandongnan": 193,
    "qianan": 177,
    "liupanshui": 165,
    "bijie": 148,
    "tongren": 148,
    "anshun": 100,
    "qianxinan": 99,
}


def guizhou(without: str | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    records = [f"{ROOT} scope1.reported 1301 tCO2e"]
    records += [f"{branch} scope1.reported {value} tCO2e" for branch, value in BRANCHES.items() if branch != without]
    return tuple(records), ("scope1_g 2991.58 5.0",)


def test_case_9_ten_branches_tie_out_within_their_rounding() -> None:
    records, figures = guizhou()
    computation = compute(inputs(year(2021), records, units=tuple(BRANCHES), figures=figures))
    assert computation.findings == ()
    assert computation.statement is not None
    assert computation.statement.totals.scope1_g == 2_993_000_000


@pytest.mark.parametrize("branch", BRANCHES)
def test_case_9_a_missing_branch_is_found_twice(branch: str) -> None:
    records, figures = guizhou(without=branch)
    computation = compute(inputs(year(2021), records, units=tuple(BRANCHES), figures=figures))
    assert codes(computation) == ["UNIT_WITHOUT_DATA", "TOTAL_MISMATCH"]
    assert the(computation, "UNIT_WITHOUT_DATA").place == f"unit {branch}"
    mismatch = the(computation, "TOTAL_MISMATCH")
    assert mismatch.got == f"{2993 - BRANCHES[branch]} tCO2e"
    assert mismatch.expected == "2991.58 ± 5 tCO2e"
    assert not computation.may_be_signed


def test_case_9_a_missing_head_office_is_found_by_the_total() -> None:
    records, figures = guizhou()
    computation = compute(inputs(year(2021), records[1:], units=tuple(BRANCHES), figures=figures))
    assert codes(computation) == ["TOTAL_MISMATCH"]


@pytest.mark.parametrize(("litres", "published"), [("5", "11.11"), ("46.4", "103.06"), ("54.4", "120.83")])
def test_case_14_ten_fold_petrol_slip_is_named(litres: str, published: str) -> None:
    figures = (f"indicator/fuel.petrol.vehicles {published} 0.005",)
    computation = compute(inputs(year(2023), (f"{ROOT} fuel.petrol.vehicles {litres} 万L",), figures=figures))
    finding = the(computation, "IMPLIED_FACTOR_RANGE")
    assert finding.expected == "1.9 to 2.6 kg/L"
    assert finding.got is not None
    assert finding.got.startswith("0.222")
    assert "TOTAL_MISMATCH" in codes(computation)


def test_case_14_the_right_petrol_figure_passes() -> None:
    figures = ("indicator/fuel.petrol.vehicles 111.1 0.06",)
    choices = ("fuel.petrol.vehicles fuel.petrol.public_building",)
    computation = compute(inputs(year(2021), (f"{ROOT} fuel.petrol.vehicles 5.0 万L",), figures=figures, choices=choices))
    assert computation.findings == ()


def test_case_14_gas_that_does_not_fit_its_volume_is_named() -> None:
    figures = ("indicator/fuel.natural_gas.stationary 1827.00 0.005",)
    computation = compute(inputs(year(2022), (f"{ROOT} fuel.natural_gas.stationary 165.4 万m3",), figures=figures))
    assert the(computation, "IMPLIED_FACTOR_RANGE").params["implied"] == "1.104595"


def test_case_15_a_printed_total_that_is_not_the_sum_of_its_parts() -> None:
    records = (f"{ROOT} scope1.reported 2965.16 tCO2e", f"{ROOT} scope2.reported 21237.97 tCO2e")
    wrong = compute(inputs(year(2023), records, figures=("scope1_scope2_location_g 24065.13 0.02",)))
    assert the(wrong, "TOTAL_MISMATCH").params["difference"] == "138 tCO2e"
    assert compute(inputs(year(2023), records, figures=("scope1_scope2_location_g 24203.13 0.02",))).may_be_signed


@pytest.mark.parametrize(
    ("fiscal_year", "mwh", "published"), [(2020, "9612.5", "6894.07"), (2021, "10704", "6412.59"), (2022, "10122.2", "6181.60")]
)
def test_case_19_a_factor_that_nobody_published_is_not_identifiable(fiscal_year: int, mwh: str, published: str) -> None:
    records, figures = (f"{ROOT} electricity.purchased {mwh} MWh",), (f"indicator/electricity.purchased {published} 0.1",)
    computation = compute(inputs(year(fiscal_year), records, figures=figures, choices=(f"electricity.purchased {ETS}",)))
    assert the(computation, "FACTOR_NOT_IDENTIFIABLE").severity == "warning"
    assert the(computation, "TOTAL_MISMATCH").params["consistent_with"] == ""
