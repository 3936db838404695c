"""The parts of a change: activity, factor, boundary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ledger.accounting.analysis import Change, decompose
from ledger.records.organisation import Placement
from tests.accounting.analysis.scene import ROOT, covered, line, organisation, period, rating, unit


def test_a_change_of_both_is_split_by_the_mean_quantity() -> None:
    found = decompose(period(2023, line("a power 100", "700")), period(2024, line("a power 110", "600")))
    # factor (600 − 700) × 105, activity the rest: 10 × the mean rate 650.
    assert found.total("scope2_location_g") == Change(70_000, 66_000, activity=6_500, factor=-10_500)
    assert found.line("a", "power", "all_location_g") == found.total("scope2_location_g")


def test_a_new_gwp_set_or_method_is_factor() -> None:
    old, new = rating("2160", "gas", gwp="AR5"), rating("2164", "gas", gwp="AR6")
    found = decompose(period(2023, line("a gas 10", old)), period(2024, line("a gas 10", new)))
    assert found.total("scope1_g") == Change(21_600, 21_640, factor=40)


def test_units_that_came_in_or_left_are_boundary() -> None:
    units = organisation(
        unit("a"),
        unit("bought", opened=date(2024, 1, 1), opening="acquired"),
        unit("ours", opened=date(2024, 5, 1), opening="included"),
        unit("sold", closed=date(2023, 12, 31), closing="divested"),
        unit("sold-within", closed=date(2024, 6, 30), closing="divested"),
    )
    before = period(2023, line("a gas 1", "2"), line("sold gas 10", "2"), line("sold-within gas 8", "2"), of=units)
    after = period(
        2024, line("a gas 1", "3"), line("bought gas 100", "3"), line("ours gas 5", "3"), line("sold-within gas 4", "3"), of=units
    )
    found = decompose(before, after)
    assert found.total("scope1_g") == Change(38, 330, activity=0, factor=1, boundary=300 + 15 - 20 - 4)
    assert found.unit("bought", "scope1_g") == Change(0, 300, boundary=300)
    assert decompose(after, before).total("scope1_g") == Change(330, 38, activity=0, factor=-1, boundary=-291)


def test_a_unit_bought_before_the_earlier_period_is_activity() -> None:
    units = organisation(unit("a", opened=date(2023, 1, 1), opening="acquired"))
    found = decompose(period(2023, line("a gas 1", "2"), of=units), period(2024, line("a gas 2", "2"), of=units))
    assert found.total("scope1_g") == Change(2, 4, activity=2)


def test_openings_closings_and_merges_are_activity() -> None:
    units = organisation(
        unit("stays"),
        unit("new", opened=date(2024, 3, 1)),
        unit("shut", closed=date(2023, 12, 31), closing="closed"),
        unit("merged", closed=date(2023, 12, 31), closing="merged", merged_into="stays"),
    )
    before = period(2023, line("stays gas 10", "2"), line("shut gas 5", "2"), line("merged gas 20", "2"), of=units)
    after = period(2024, line("stays gas 30", "3"), line("new gas 4", "3"), of=units)
    found = decompose(before, after)
    # As if there were one unit with 35 and then 34: factor (3 − 2) × 69 ÷ 2 = 34.5, here rounded line by line.
    assert found.total("scope1_g").boundary == 0
    assert [found.line(name, "gas", "scope1_g").factor for name in ("stays", "new", "shut", "merged")] == [20, 2, 2, 10]
    assert found.line("merged", "gas", "scope1_g") == Change(40, 0, activity=-50, factor=10)
    assert found.total("scope1_g") == Change(70, 102, activity=-2, factor=34)


def test_a_source_that_only_one_period_has_is_activity() -> None:
    found = decompose(period(2023, line("a gas 1", "2")), period(2024, line("a gas 1", "2"), line("a petrol 3", "4", base_unit="L")))
    assert found.indicator("petrol", "scope1_g") == Change(0, 12, activity=12)


def test_litres_and_kilograms_are_not_compared() -> None:
    before, after = period(2023, line("a petrol 10", "2", base_unit="L")), period(2024, line("a petrol 8", "3", base_unit="kg"))
    assert decompose(before, after).total("scope1_g") == Change(20, 24, activity=4)


def test_in_the_market_column_only_the_residual_rate_is_factor() -> None:
    old, new = rating("800", "old"), rating("600", "new")
    before = period(2023, line("a power 100", "700", market=covered("0", "100", old)))
    after = period(2024, line("a power 100", "700", market=covered("50", "50", new)))
    found = decompose(before, after)
    assert found.total("scope2_market_g") == Change(80_000, 30_000, activity=-35_000, factor=-15_000)
    assert found.total("scope2_location_g") == Change(70_000, 70_000)


def test_a_branch_is_added_up_in_the_later_tree() -> None:
    branches = (unit("one", kind="branch"), unit("two", kind="branch"))
    outlet = unit("outlet", "one")
    moved = replace(outlet, placements=(*outlet.placements, Placement("two", date(2024, 2, 1))))
    before = period(2023, line("outlet gas 5", "2"), of=organisation(*branches, outlet))
    after = period(2024, line("outlet gas 6", "2"), of=organisation(*branches, moved))
    found = decompose(before, after)
    assert found.unit("two", "scope1_g") == Change(10, 12, activity=2)
    assert found.unit("one", "scope1_g") == Change()
    assert found.units == ("outlet", ROOT, "two")


def test_zero_in_both_periods_changes_nothing() -> None:
    found = decompose(period(2023, line("a gas 0", "2")), period(2024, line("a gas 0", "9")))
    assert found.total("all_location_g") == Change()
