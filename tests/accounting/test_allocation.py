"""Space that a landlord meters as a whole: the unit's share, once rounded, and when there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.accounting.methods.operational_1 import Inputs, compute
from ledger.accounting.methods.operational_1.activity_records import allocate
from ledger.records.activity import Source
from ledger.records.organisation import Allocation
from tests.accounting.inventory import changed, codes, inputs, the, year
from tests.accounting.small_release import small_release

PERIOD = year(2025)
POWER = "electricity.purchased"
SINCE = date(2020, 1, 1)


def leased(quantity: str, *allocations: tuple[date, str, str], start: date = PERIOD.first_day, end: date = PERIOD.last_day) -> Inputs:
    """The building's electricity of branch-1, which leases a part of it."""
    given_inputs = inputs(PERIOD, (f"branch-1 {POWER} {quantity} kWh",), units=("branch-1",), release=small_release())
    shares = tuple(Allocation(since, "area", part, whole, "lease") for since, part, whole in allocations)
    given_inputs = changed(given_inputs, "branch-1", allocations=shares)
    record = replace(given_inputs.activity.records[0], source=Source("landlord", "the landlord's bill"), start=start, end=end)
    return replace(given_inputs, activity=replace(given_inputs.activity, records=(record,)))


@pytest.mark.parametrize(
    ("quantity", "part", "whole", "expected"),
    [
        ("1000", "250", "1000", "250"),
        ("1000", "1", "3", "333.333333"),
        ("1000", "2", "3", "666.666667"),
        ("1000", "87.5", "1250.25", "69.986003"),
        ("0.000001", "1", "2", "0"),
        ("0.000003", "1", "2", "0.000002"),
        ("0.000005", "1", "2", "0.000002"),
        ("7", "3", "3", "7"),
    ],
)
def test_a_landlords_quantity_counts_by_the_units_share_to_a_millionth_half_even(
    quantity: str, part: str, whole: str, expected: str
) -> None:
    statement = compute(leased(quantity, (SINCE, part, whole))).statement
    assert statement is not None
    assert statement.lines[0].quantity.value == expected
    assert [source.kind for source in statement.lines[0].sources] == ["activity"]


def test_the_share_is_of_base_units() -> None:
    given_inputs = leased("1", (SINCE, "1", "3"))
    record = replace(given_inputs.activity.records[0], quantity=replace(given_inputs.activity.records[0].quantity, unit="MWh"))
    statement = compute(replace(given_inputs, activity=replace(given_inputs.activity, records=(record,)))).statement
    assert statement is not None
    assert statement.lines[0].quantity.value == "333.333333"


def test_the_share_in_force_on_the_first_day_counts() -> None:
    allocations = ((SINCE, "1", "4"), (date(2025, 7, 1), "1", "2"))
    first = compute(leased("100", *allocations, end=date(2025, 6, 30))).statement
    second = compute(leased("100", *allocations, start=date(2025, 7, 1))).statement
    assert first is not None
    assert second is not None
    assert (first.lines[0].quantity.value, second.lines[0].quantity.value) == ("25", "50")


def test_a_record_across_two_shares_is_refused() -> None:
    computation = compute(leased("100", (SINCE, "1", "4"), (date(2025, 12, 31), "1", "2")))
    finding = the(computation, "ALLOCATION_CHANGES")
    assert (finding.severity, finding.place, computation.statement) == ("error", "/records/0/end", None)
    assert codes(computation) == ["ALLOCATION_CHANGES"]


@pytest.mark.parametrize("allocations", [(), ((date(2025, 1, 2), "1", "4"),)])
def test_a_landlords_quantity_without_a_share_on_its_first_day_is_refused(allocations: tuple[tuple[date, str, str], ...]) -> None:
    computation = compute(leased("100", *allocations))
    finding = the(computation, "ALLOCATION_MISSING")
    assert (finding.severity, finding.place, computation.statement) == ("error", "/records/0/source/kind", None)
    assert codes(computation) == ["ALLOCATION_MISSING"]


def test_only_a_landlords_quantity_is_shared() -> None:
    given_inputs = leased("100", (SINCE, "1", "4"))
    record = replace(given_inputs.activity.records[0], source=Source("invoice", "own bill"))
    statement = compute(replace(given_inputs, activity=replace(given_inputs.activity, records=(record,)))).statement
    assert statement is not None
    assert statement.lines[0].quantity.value == "100"


positive = st.fractions(min_value=0, max_value=10**9, max_denominator=10**9)


@given(positive, st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
def test_the_shares_of_all_tenants_add_up_to_the_building_but_for_the_rounding(quantity: Fraction, parts: list[int]) -> None:
    shares = [allocate(quantity, Fraction(part, sum(parts))) for part in parts]
    assert abs(sum(shares) - quantity) <= Fraction(len(parts), 2 * 10**6)
    assert all((share * 10**6).denominator == 1 for share in shares)
