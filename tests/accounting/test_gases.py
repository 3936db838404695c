"""Gas by gas: refrigerants as blends, GWP sets that give other figures, and a gas that a set does not know."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ledger.accounting.methods.operational_1 import compute
from ledger.indicators.shipped import shipped_release
from ledger.records.statement import GasAmount, Gases
from tests.accounting.inventory import ROOT, codes, computed, inputs, the, year
from tests.accounting.small_release import small_release

PERIOD = year(2025)


@pytest.mark.parametrize(("gwp", "kilograms"), [("AR4", "2087.5"), ("AR5", "1923.5"), ("AR6", "2255.5")])
def test_a_kilogram_of_r410a_warms_as_the_assessment_reports_say(gwp: str, kilograms: str) -> None:
    statement = computed(PERIOD, (f"{ROOT} refrigerant.r410a 12.5 kg",), release=small_release(), gwp=gwp)
    assert statement.totals.scope1_g == Decimal("12.5") * Decimal(kilograms) * 1000
    assert statement.gwp == gwp


def test_the_gases_of_a_blend_are_shown_by_name_each_rounded() -> None:
    line = computed(PERIOD, (f"{ROOT} refrigerant.r410a 0.0015 t",), release=small_release()).lines[0]
    assert line.fluorinated == (GasAmount("R-125", 750), GasAmount("R-32", 750))
    assert line.gases == Gases(0, 0, 0)
    odd = computed(PERIOD, (f"{ROOT} refrigerant.r410a 0.000003 kg",), release=small_release()).lines[0]
    # 0.0015 g of each: both show 0, while 0.003 g × 2255.5 are 6.77 g CO2e.
    assert (odd.fluorinated, odd.measures.scope1_g) == ((GasAmount("R-125", 0), GasAmount("R-32", 0)), 7)


def test_co2_in_a_blend_stands_with_the_gases() -> None:
    line = computed(PERIOD, (f"{ROOT} refrigerant.co2_r32 1 kg",), release=small_release()).lines[0]
    assert (line.gases, line.fluorinated) == (Gases(750, 0, 0), (GasAmount("R-32", 250),))
    assert line.measures.scope1_g == 750 + 250 * 771


def test_a_line_of_another_form_has_no_fluorinated_gases() -> None:
    assert computed(PERIOD, (f"{ROOT} fuel.petrol.vehicles 1 L",), release=small_release()).lines[0].fluorinated == ()


def test_a_gas_that_the_gwp_set_does_not_know_is_refused_where_it_is_used() -> None:
    computation = compute(inputs(PERIOD, (f"{ROOT} refrigerant.r410a 1 kg",), release=small_release(), gwp="three-gases"))
    assert [(item.code, item.place, item.got) for item in computation.findings] == [
        ("GAS_WITHOUT_GWP", "/gwp", "R-125"),
        ("GAS_WITHOUT_GWP", "/gwp", "R-32"),
    ]
    assert computation.statement is None
    assert codes(compute(inputs(PERIOD, (f"{ROOT} travel.rail 1 pkm",), release=small_release(), gwp="three-gases")), "error") == []


def test_an_unknown_gwp_set_hides_no_other_finding() -> None:
    computation = compute(
        inputs(PERIOD, (f"{ROOT} refrigerant.r410a 1 m3", f"{ROOT} travel.rail -1 pkm"), release=small_release(), gwp="SAR")
    )
    assert sorted(codes(computation, "error")) == ["DIMENSION_WRONG", "GWP_UNKNOWN", "QUANTITY_NEGATIVE"]
    assert the(computation, "GWP_UNKNOWN").expected == "AR4 or AR5 or AR6 or three-gases"


def test_scope_3_is_computed_in_its_own_column() -> None:
    statement = computed(PERIOD, (f"{ROOT} travel.rail 100000 pkm", f"{ROOT} water.supply 50 m3"), release=small_release())
    assert statement.totals.as_tuple() == (0, 0, 0, 3_549_000 + 8_400)
    assert [line.scope for line in statement.lines] == [3, 3]


# Worked case 2, Huishang Bank FY2022: 84.5 万m³ of gas and 46.4 万L of petrol. Published with AR6 (fossil CH4): 1828.93 and 1055.90 t.
CASE_2 = [("AR6", "1828.93", "1055.90"), ("AR5", "1828.84", "1055.11"), ("AR6-27.9", "1828.87", "1055.79")]


@pytest.mark.parametrize(("gwp", "gas_t", "petrol_t"), CASE_2)
def test_case_2_tells_the_gwp_sets_apart(gwp: str, gas_t: str, petrol_t: str) -> None:
    records = (f"{ROOT} fuel.natural_gas.stationary 84.5 万m3", f"{ROOT} fuel.petrol.vehicles 46.4 万L")
    statement = computed(year(2022), records, gwp=gwp)
    for indicator, tonnes in (("fuel.natural_gas.stationary", gas_t), ("fuel.petrol.vehicles", petrol_t)):
        grams = statement.line(ROOT, indicator).measures.scope1_g
        assert abs(Decimal(grams) / 1_000_000 - Decimal(tonnes)) <= Decimal("0.005"), (indicator, grams)


def test_case_2_with_co2_alone_gives_other_figures_than_the_published_ones() -> None:
    release = shipped_release()
    records = (f"{ROOT} fuel.natural_gas.stationary 84.5 万m3", f"{ROOT} fuel.petrol.vehicles 46.4 万L")
    line_of = {line.indicator: line for line in computed(year(2022), records, release=release).lines}
    for indicator, tonnes in (("fuel.natural_gas.stationary", "1827.05"), ("fuel.petrol.vehicles", "1030.57")):
        factor = release.factor(line_of[indicator].factor)
        assert factor.fuel is not None
        co2 = replace(
            factor, kind="fuel", basis="CO2", unit=factor.unit.replace("CO2e", "CO2"), fuel=replace(factor.fuel, ch4=None, n2o=None)
        )
        factors = tuple(co2 if item.id == factor.id else item for item in release.factors)
        line = computed(year(2022), records, release=replace(release, factors=factors)).line(ROOT, indicator)
        assert abs(Decimal(line.measures.scope1_g) / 1_000_000 - Decimal(tonnes)) <= Decimal("0.005")
        assert line.gases.co2_g == line.measures.scope1_g
