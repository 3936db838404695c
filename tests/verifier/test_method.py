"""Method operational_1 against published figures, and its rounding and roll-up against other arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import evidence as ev
from verifier.errors import Malformed, Refused
from verifier.exact import round_half_even, shortest_decimal
from verifier.library_reader import read_library
from verifier.local_time import days_of_period
from verifier.operational_1 import Inputs, Line, compute_lines
from verifier.organisation import build_tree, read_organisation
from verifier.quantities import Metered
from verifier.roll_up import compute_rollup

MARCH = date(2025, 3, 1), date(2025, 3, 31)


def tables(change_library: Any = None, change_organisation: Any = None) -> tuple[Any, Any]:
    library, organisation = ev.library(), ev.organisation()
    for change, document in ((change_library, library), (change_organisation, organisation)):
        if change is not None:
            change(document)
    return read_library(library), read_organisation(organisation)


def lines_of(
    activity: Any,
    meters: Sequence[Metered] = (),
    *,
    gwp: str = "AR6",
    change_library: Any = None,
    change_organisation: Any = None,
    period: tuple[date, date] = MARCH,
) -> dict[tuple[str, str], Line | Refused]:
    library, organisation = tables(change_library, change_organisation)
    return compute_lines(Inputs("bank-a", organisation, activity, library, meters, gwp, period))


def bare(**lists: Any) -> Any:
    """An activity with these lists alone."""
    empty = dict.fromkeys(("records", "declared_totals", "declared_factors", "factor_choices", "instruments", "denominators"), ())
    return {**ev.activity(), **{name: list(items) for name, items in empty.items()}, **lists}


def record(indicator: str, value: str, unit: str, **changes: Any) -> Any:
    plain = {"id": "r1", "unit": "head", "indicator": indicator, "quantity": {"value": value, "unit": unit}}
    return {**ev.activity()["records"][0], **plain, **changes}


def computed(indicator: str, value: str, unit: str, factor: str | None = None, grid: str = "0.5366", gwp: str = "AR6") -> Line | Refused:
    choices = [{"indicator": indicator, "use": "location", "factor": factor, "reference": ""}] if factor is not None else []
    activity = bare(records=[record(indicator, value, unit)], factor_choices=choices)
    return lines_of(activity, gwp=gwp, change_library=lambda document: document["factors"][1].update(value=grid))[("head", indicator)]


def tonnes(line: Line | Refused) -> Decimal:
    assert isinstance(line, Line)
    return Decimal(sum(line.grams[measure] for measure in ("scope1_g", "scope2_location_g", "scope3_g"))).scaleb(-6)


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
    refused = lines_of(activity)[("head", "fuel.petrol")]
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
    meter = Metered("M1", "head", "el.import", 10**9, 100, 100 - missing)
    line = lines_of(bare(), [meter])[("head", "electricity.purchased")]
    assert isinstance(line, Line)
    assert (line.quality, line.quantity.value, line.activity_bp) == (quality, 1000, ev.ACTIVITY_BP[quality])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_the_root_is_the_sum_of_all_lines_in_any_tree(grams: list[int], chance: Any) -> None:
    parents = [(f"u{i}", None if i == 0 else f"u{chance.randrange(i)}") for i in range(len(grams))]
    lines = [(f"u{i}", {"scope1_g": value, "scope2_location_g": i, "scope2_market_g": 0, "scope3_g": 0}) for i, value in enumerate(grams)]
    chance.shuffle(parents)
    rollup = compute_rollup(build_tree(dict(parents)), lines)
    assert rollup["u0"][1]["scope1_g"] == sum(grams)
    assert all(total["scope1_g"] >= own["scope1_g"] for own, total in rollup.values())


@pytest.mark.parametrize(
    "parents",
    [
        {"a": "b", "b": "a"},
        {"r": None, "a": "b", "b": "a"},
        {"r": None, "a": "a"},
        {"a": None, "b": None},
        {"a": None, "b": "z"},
        {},
    ],
)
def test_units_that_are_not_one_tree_are_refused(parents: Any) -> None:
    with pytest.raises(Refused):
        build_tree(parents)


def test_the_days_of_a_period_are_local_ones() -> None:
    def first_day(timezone: str) -> date:
        return days_of_period({"start": "2024-12-31T16:00:00Z", "end": "2025-12-31T16:00:00Z", "timezone": timezone})[0]

    assert days_of_period(ev.PERIOD) == MARCH
    assert first_day("Asia/Shanghai").year == 2025  # new year in Hangzhou
    assert first_day("UTC").year == 2024
    assert first_day("Asia/Tokyo").year == 2025
    with pytest.raises(Malformed):
        first_day("Nowhere/City")


def test_the_year_of_a_selection_is_that_in_which_the_period_starts() -> None:
    activity = bare(records=[record("electricity.purchased", "1", "kWh")])
    for start, wanted in ((date(2025, 12, 1), "grid-cn-2022"), (date(2024, 12, 1), "FACTOR_NONE")):
        line = lines_of(activity, period=(start, date(start.year + 1, 1, 31)))[("head", "electricity.purchased")]
        assert (line.code if isinstance(line, Refused) else line.factor) == wanted


def test_an_instrument_in_force_needs_a_tree_to_be_spread_in_and_one_that_is_not_does_not() -> None:
    def loop(document: Any) -> None:
        document["units"][0]["placements"][0]["parent"] = "outlet-a1"

    activity = bare(records=[record("electricity.purchased", "1", "kWh")], instruments=ev.activity()["instruments"])
    with pytest.raises(Refused, match="above itself"):
        lines_of(activity, change_organisation=loop)
    assert lines_of({**activity, "instruments": activity["instruments"][2:]}, change_organisation=loop)


@pytest.mark.parametrize(
    ("methods", "gwp", "code"), [(["operational_0"], "AR6", "METHOD_UNKNOWN"), (["operational_1"], "AR7", "GWP_UNKNOWN")]
)
def test_a_method_or_set_of_potentials_that_the_release_does_not_have_is_refused(methods: list[str], gwp: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        lines_of(bare(), gwp=gwp, change_library=lambda document: document.update(methods=methods))
    assert caught.value.code == code
