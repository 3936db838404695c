"""A statement against the period before it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from ledger.accounting.analysis import ComparisonRow, PeriodInventory, compare_periods
from ledger.records.line import Measures
from tests.accounting.analysis.scene import line, organisation, period, unit


def rows(before: PeriodInventory, after: PeriodInventory) -> dict[str, ComparisonRow]:
    return {f"{row.unit} {row.indicator}": row for row in compare_periods(before, after).rows}


def test_every_line_of_either_period_has_a_row_with_its_status() -> None:
    before = period(2023, line("a gas 10", "2"), line("a power 5", "7"), line("b gas 1", "2"))
    after = period(2024, line("a gas 12", "2"), line("a power 5", "7"), line("c gas 1", "2"))
    found = rows(before, after)
    assert {name: row.status for name, row in found.items()} == {"a gas": "changed", "a power": "same", "b gas": "gone", "c gas": "new"}
    assert list(found) == sorted(found)


def test_a_row_says_by_how_much() -> None:
    row = rows(period(2023, line("a power 100", "700")), period(2024, line("a power 110", "600")))["a power"]
    assert (row.quantity_change, row.quantity_bp, row.grams_bp) == (10, 1000, -571)
    assert row.change == Measures(scope2_location_g=-4000, scope2_market_g=-4000)
    assert row.before is not None
    assert row.after is not None
    assert (row.before.factor, row.after.factor) == ("factor-700", "factor-600")


def test_new_and_gone_lines_have_no_share() -> None:
    found = rows(period(2023, line("a gas 10", "2")), period(2024, line("b gas 3", "2")))
    assert (found["b gas"].quantity_change, found["b gas"].quantity_bp, found["b gas"].grams_bp) == (3, None, None)
    assert (found["a gas"].quantity_change, found["a gas"].quantity_bp, found["a gas"].grams_bp) == (-10, -10_000, -10_000)


def test_nothing_is_divided_by_0() -> None:
    row = rows(period(2023, line("a gas 0", "2")), period(2024, line("a gas 3", "2")))["a gas"]
    assert (row.quantity_change, row.quantity_bp, row.grams_bp) == (Fraction(3), None, None)


def test_litres_and_kilograms_are_not_compared() -> None:
    row = rows(period(2023, line("a petrol 9", "2", base_unit="L")), period(2024, line("a petrol 6", "3", base_unit="kg")))["a petrol"]
    assert (row.quantity_change, row.quantity_bp, row.grams_bp) == (None, None, 0)
    assert row.status == "changed"


def test_a_unit_that_came_in_is_marked() -> None:
    units = organisation("a", unit("bought", opened=date(2024, 1, 1), opening="acquired"))
    found = rows(period(2023, line("a gas 1"), of=units), period(2024, line("a gas 1"), line("bought gas 1"), of=units))
    assert {name: row.is_boundary for name, row in found.items()} == {"a gas": False, "bought gas": True}


def test_the_rows_add_up_to_the_decomposition() -> None:
    before = period(2023, line("a power 100", "700"), line("b gas 3", "2"))
    after = period(2024, line("a power 110", "600"), line("c gas 4", "2"))
    found = compare_periods(before, after)
    total = Measures.sum(row.change for row in found.rows)
    assert total.scope2_location_g == found.decomposition.total("scope2_location_g").change == -4000
    assert total.scope1_g == found.decomposition.total("scope1_g").change == 2
