"""Intensities: denominators of a unit with all below it, by days open, and a reason where there is none."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from ledger.accounting.analysis import Intensity, PeriodInventory, compute_intensities
from ledger.records.declared import Denominator
from tests.accounting.analysis.scene import ROOT, line, organisation, period, unit


def the(inventory: PeriodInventory, name: str, measure: str) -> Intensity:
    (found,) = [item for item in compute_intensities(inventory) if (item.unit, item.measure) == (name, measure)]
    return found


def test_a_branch_divides_by_its_own_heads_and_those_of_its_outlets() -> None:
    units = organisation(unit("branch", kind="branch", headcount=30), unit("outlet", "branch", headcount=10), headcount=60)
    inventory = period(2025, line("branch gas 4"), line("outlet gas 4"), line("root gas 2"), of=units)
    found = the(inventory, "branch", "headcount")
    assert found.denominator == 40
    assert found.values is not None
    assert found.values["scope1_g"] == 200
    assert the(inventory, ROOT, "headcount").values == {
        name: Fraction(100) if "scope1" in name or "all" in name else Fraction(0) for name in found.values
    }


def test_a_declared_denominator_speaks_for_the_unit_with_all_below() -> None:
    units = organisation(unit("branch", kind="branch"), unit("outlet", "branch"), unit("other"))
    income = (Denominator("branch", "income_cny", "800"), Denominator("other", "income_cny", "200"))
    inventory = period(2025, line("outlet gas 4"), line("other gas 6"), of=units, denominators=income)
    assert the(inventory, "branch", "income_cny").denominator == 800
    assert the(inventory, ROOT, "income_cny").denominator == 1000
    values = the(inventory, ROOT, "income_cny").values
    assert values is not None
    assert values["scope1_g"] == 10
    assert the(inventory, "outlet", "income_cny").reason == "DENOMINATOR_MISSING"


def test_a_missing_denominator_names_the_units_that_lack_it() -> None:
    units = organisation(unit("a", headcount=5), unit("b"), unit("c"), headcount=1)
    found = the(period(2025, line("a gas 1"), line("b gas 1"), line("c gas 1"), of=units), ROOT, "headcount")
    assert (found.values, found.denominator, found.reason, found.missing) == (None, None, "DENOMINATOR_MISSING", ("b", "c"))


def test_a_unit_without_a_line_may_be_without_heads() -> None:
    units = organisation(unit("a", headcount=5), unit("b"))
    assert the(period(2025, line("a gas 1"), of=units), ROOT, "headcount").denominator == 5


def test_outlets_count_by_the_days_on_which_they_were_open() -> None:
    units = organisation(
        unit("all-year"),
        unit("from-july", opened=date(2025, 7, 1)),
        unit("one-day", opened=date(2024, 1, 1), closed=date(2025, 1, 1), closing="closed"),
        unit("before", closed=date(2024, 12, 31), closing="closed"),
        unit("later", opened=date(2026, 1, 1)),
        unit("branch", kind="branch"),
    )
    inventory = period(2025, line("all-year gas 550"), of=units)
    assert the(inventory, ROOT, "outlet").denominator == 1 + Fraction(184, 365) + Fraction(1, 365)
    values = the(inventory, ROOT, "outlet").values
    assert values is not None
    assert values["scope1_g"] == 365_000
    assert {item.unit for item in compute_intensities(inventory)} == {ROOT, "all-year", "from-july", "one-day", "branch"}


def test_area_of_a_unit_open_for_a_quarter_counts_a_quarter() -> None:
    units = organisation(unit("a", area_m2="365.0", opened=date(2025, 10, 1)))
    assert the(period(2025, line("a gas 1"), of=units), "a", "area_m2").denominator == 92


@pytest.mark.parametrize("measure", ["headcount", "outlet"])
def test_nothing_is_divided_by_zero(measure: str) -> None:
    inventory = period(2025, line("branch gas 1"), of=organisation(unit("branch", kind="branch", headcount=0)))
    found = the(inventory, "branch", measure)
    assert (found.denominator, found.values, found.reason) == (0, None, "DENOMINATOR_ZERO")
