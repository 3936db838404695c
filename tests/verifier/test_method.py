"""Method operational_1 against published figures, and its rounding and roll-up against other arithmetic."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import evidence as ev
from verifier.divergence import shortest_decimal
from verifier.errors import Malformed, Refused
from verifier.library import read_library
from verifier.operational_1 import Line, Metered, compute_lines, compute_rollup, local_year, round_half_even


def computed(indicator: str, value: str, unit: str, factor: str | None = None, grid: str = "0.5366", gwp: str = "AR6") -> Line | Refused:
    activity = ev.activity()
    activity["records"] = [{**activity["records"][0], "unit": "head", "indicator": indicator, "quantity": {"value": value, "unit": unit}}]
    if factor is not None:
        activity["factor_choices"] = [{"indicator": indicator, "factor": factor, "reference": ""}]
    library = ev.library()
    library["factors"][1]["value"] = grid
    return compute_lines(ev.organisation(), activity, read_library(library), [], gwp, 2025)[("head", indicator)]


def tonnes(line: Line | Refused) -> Decimal:
    assert isinstance(line, Line)
    return Decimal(sum(line.grams.values())).scaleb(-6)


@pytest.mark.parametrize(
    ("indicator", "value", "unit", "grid", "published", "tolerance"),
    [  # Huishang Bank, reports for 2021, 2023 and 2024; Ningbo Baichu, verification of 2020; Henan Huadong, verification of 2024
        ("electricity.purchased", "4225", "MWh", "0.7035", "2972.3", "0.06"),
        ("electricity.purchased", "4578", "MWh", "0.7035", "3220.6", "0.06"),
        ("electricity.purchased", "4872", "MWh", "0.7035", "3427.5", "0.06"),
        ("electricity.purchased", "4872", "MWh", "0.5703", "2778.50", "0.01"),
        ("electricity.purchased", "35932", "MWh", "0.5703", "20492.02", "0.01"),
        ("electricity.purchased", "37240", "MWh", "0.5703", "21237.97", "0.01"),
        ("electricity.purchased", "8157", "MWh", "0.7035", "5738.45", "0.01"),
        ("electricity.purchased", "173502", "度", "0.5366", "93.1", "0.05"),
        ("gas.natural", "84.5", "万m3", "0.5366", "1828.93", "0.01"),
        ("gas.natural", "79.8", "万m3", "0.5366", "1727.20", "0.01"),
        ("fuel.petrol", "464000", "L", "0.5366", "1055.90", "0.01"),
        ("fuel.petrol", "544000", "L", "0.5366", "1237.96", "0.01"),
    ],
)
def test_published_figures_come_out(indicator: str, value: str, unit: str, grid: str, published: str, tolerance: str) -> None:
    assert abs(tonnes(computed(indicator, value, unit, grid=grid)) - Decimal(published)) <= Decimal(tolerance)


def test_another_gwp_set_gives_another_published_figure() -> None:
    assert abs(tonnes(computed("gas.natural", "84.5", "万m3", gwp="AR5")) - Decimal("1828.84")) <= Decimal("0.01")
    assert abs(tonnes(computed("fuel.petrol", "464000", "L", gwp="AR5")) - Decimal("1055.11")) <= Decimal("0.01")


@pytest.mark.parametrize(
    ("indicator", "value", "unit", "factor", "code"),
    [
        ("electricity.purchased", "1", "MWh", "grid-om", "FACTOR_NOT_ADMITTED"),
        ("electricity.purchased", "1", "MWh", "nowhere", "FACTOR_UNKNOWN"),
        ("fuel.petrol", "1", "L", "gas-ndrc", "FACTOR_NOT_ADMITTED"),
        ("electricity.purchased", "1", "m3", None, "UNIT_DIMENSION"),
        ("electricity.purchased", "1", "gallon", None, "UNIT_DIMENSION"),
        ("electricity.purchased", "-1", "MWh", None, "QUANTITY_NEGATIVE"),
        ("fuel.unknown", "1", "L", None, "INDICATOR_UNKNOWN"),
        ("gas.natural", "1", "t", None, "UNIT_DIMENSION"),
    ],
)
def test_what_the_method_refuses_is_refused(indicator: str, value: str, unit: str, factor: str | None, code: str) -> None:
    result = computed(indicator, value, unit, factor)
    assert isinstance(result, Refused)
    assert result.code == code


def test_litres_and_tonnes_in_one_line_are_refused() -> None:
    activity = ev.activity()
    activity["records"][4]["unit"] = "head"
    lines = compute_lines(ev.organisation(), activity, read_library(ev.library()), [], "AR6", 2025)
    refused = lines[("head", "fuel.petrol")]
    assert isinstance(refused, Refused)
    assert refused.code == "QUANTITY_BASES"


@settings(max_examples=200)
@given(st.fractions())
def test_rounding_is_half_even(value: Fraction) -> None:
    assert round_half_even(value) == round(value)


@settings(max_examples=100)
@given(st.integers(-(10**9), 10**9))
def test_halves_round_to_even(number: int) -> None:
    assert round_half_even(Fraction(number, 2)) == int((Decimal(number) / 2).quantize(Decimal(1), ROUND_HALF_EVEN))


@settings(max_examples=200)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**9), max_value=10**9))
def test_the_shortest_decimal_is_exact_and_has_no_trailing_zero(value: Decimal) -> None:
    text = shortest_decimal(Fraction(value))
    assert Fraction(text) == Fraction(value)
    assert "." not in text or not text.endswith("0")
    assert not text.startswith(".")


@pytest.mark.parametrize(("missing", "quality"), [(5, 1), (6, 3), (0, 1), (100, 3)])
def test_a_meter_counts_quality_3_beyond_five_percent_unmeasured(missing: int, quality: int) -> None:
    activity = {**ev.activity(), "records": []}
    meter = Metered("M1", "head", "el.import", 10**9, 100, 100 - missing)
    line = compute_lines(ev.organisation(), activity, read_library(ev.library()), [meter], "AR6", 2025)[("head", "electricity.purchased")]
    assert isinstance(line, Line)
    assert (line.quality, line.quantity) == (quality, 1000)


def test_a_meter_of_another_quantity_enters_no_line() -> None:
    activity = {**ev.activity(), "records": []}
    meter = Metered("M1", "head", "pv.generation", 10**9, 100, 100)
    assert compute_lines(ev.organisation(), activity, read_library(ev.library()), [meter], "AR6", 2025) == {}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_the_root_is_the_sum_of_all_lines_in_any_tree(grams: list[int], chance: Any) -> None:
    units = [{"id": f"u{i}", "parent": None if i == 0 else f"u{chance.randrange(i)}"} for i in range(len(grams))]
    lines = [(f"u{i}", {"scope1_g": value, "scope2_location_g": i, "scope2_market_g": 0, "scope3_g": 0}) for i, value in enumerate(grams)]
    chance.shuffle(units)
    rollup = compute_rollup({"units": units}, lines)
    assert rollup["u0"][1]["scope1_g"] == sum(grams)
    assert all(total["scope1_g"] >= own["scope1_g"] for own, total in rollup.values())


@pytest.mark.parametrize(
    "units",
    [
        [{"id": "a", "parent": "b"}, {"id": "b", "parent": "a"}],
        [{"id": "r", "parent": None}, {"id": "a", "parent": "b"}, {"id": "b", "parent": "a"}],
        [{"id": "a", "parent": None}, {"id": "b", "parent": None}],
        [{"id": "a", "parent": None}, {"id": "b", "parent": "z"}],
    ],
)
def test_units_that_are_not_one_tree_are_refused(units: list[Any]) -> None:
    with pytest.raises(Refused):
        compute_rollup({"units": units}, [])


def test_the_year_is_the_local_one() -> None:
    new_year_in_hangzhou = 1735660800  # 2024-12-31T16:00:00Z
    assert local_year(new_year_in_hangzhou, "Asia/Shanghai") == 2025
    assert local_year(new_year_in_hangzhou, "UTC") == 2024
    assert local_year(new_year_in_hangzhou, "Asia/Tokyo") == 2025
    with pytest.raises(Malformed):
        local_year(0, "Nowhere/City")
