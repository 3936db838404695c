"""The roll-up in the tree of the period: units that moved, merged, closed or open later stand once, and the bank's total never changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ledger.accounting.methods.operational_1 import Inputs, compute
from ledger.records.organisation import Placement
from ledger.records.statement import Statement
from tests.accounting.inventory import ROOT, changed, codes, inputs, record, year
from tests.accounting.small_release import small_release

PERIOD = year(2025)
UNITS = ("branch-1", "branch-2", "branch-1>outlet-1", "branch-1>outlet-2")
REPORTED = ("branch-1", "branch-2", "outlet-1", "outlet-2")
OPENED = date(2000, 1, 1)


def reported() -> Inputs:
    """Four units with 1, 2, 4 and 8 t, the outlets below branch-1."""
    records = tuple(f"{unit} scope1.reported {2**index} tCO2e" for index, unit in enumerate(REPORTED))
    return inputs(PERIOD, records, units=UNITS, release=small_release())


def totals(given: Inputs) -> dict[str, int]:
    """The total of every unit in tonnes."""
    return {item.unit: item.total.scope1_g // 1_000_000 for item in stated(given).rollup}


def stated(given: Inputs) -> Statement:
    computation = compute(given)
    assert computation.statement is not None, computation.findings
    return computation.statement


def test_units_roll_up_to_where_they_stand() -> None:
    assert totals(reported()) == {"branch-1": 13, "branch-2": 2, ROOT: 15, "outlet-1": 4, "outlet-2": 8}


@pytest.mark.parametrize(
    ("since", "one", "two"),
    [(date(2024, 6, 1), 9, 6), (date(2025, 6, 1), 9, 6), (date(2025, 12, 31), 9, 6), (date(2026, 1, 1), 13, 2)],
)
def test_a_move_within_the_period_moves_all_of_it_and_a_later_one_nothing(since: date, one: int, two: int) -> None:
    moved = changed(reported(), "outlet-1", placements=(Placement("branch-1", OPENED), Placement("branch-2", since)))
    found = totals(moved)
    assert (found["branch-1"], found["branch-2"], found[ROOT]) == (one, two, 15)


def test_a_unit_that_merged_stays_where_it_stood_on_its_last_day() -> None:
    closed = date(2025, 6, 30)
    merged = changed(reported(), "outlet-1", closed=closed, closing="merged", merged_into="outlet-2")
    ended = tuple(replace(item, end=closed) if item.unit == "outlet-1" else item for item in merged.activity.records)
    merged = replace(merged, activity=replace(merged.activity, records=ended))
    assert totals(merged) == totals(reported())
    assert codes(compute(merged)) == []


def test_units_that_closed_before_or_open_later_stand_in_the_tree_without_data() -> None:
    given = reported()
    kept = tuple(item for item in given.activity.records if item.unit not in ("outlet-1", "outlet-2"))
    given = replace(given, activity=replace(given.activity, records=kept))
    given = changed(given, "outlet-1", closed=date(2024, 12, 31), closing="closed")
    given = changed(given, "outlet-2", opened=date(2026, 1, 1))
    assert totals(given) == {"branch-1": 1, "branch-2": 2, ROOT: 3, "outlet-1": 0, "outlet-2": 0}
    assert codes(compute(given)) == []


def test_a_branch_is_covered_by_what_stood_below_it_at_the_end() -> None:
    records = ("outlet-1 scope1.reported 1 tCO2e", f"{ROOT} scope1.reported 1 tCO2e", "outlet-2 scope1.reported 1 tCO2e")
    given = inputs(PERIOD, records, units=UNITS, release=small_release())
    assert [item.place for item in compute(given).findings] == ["unit branch-2"]
    both = (Placement("branch-1", OPENED), Placement("branch-2", date(2025, 5, 1)))
    assert codes(compute(changed(given, "outlet-1", placements=both))) == []


def test_a_record_before_a_later_opening_of_its_unit_is_refused() -> None:
    given = changed(reported(), "outlet-2", opened=date(2025, 7, 1))
    assert codes(compute(given)) == ["RECORD_OUTSIDE_UNIT_DATES"]
    late = replace(record("outlet-2 scope1.reported 8 tCO2e", PERIOD), start=date(2025, 7, 1))
    others = tuple(item for item in given.activity.records if item.unit != "outlet-2")
    assert totals(replace(given, activity=replace(given.activity, records=(*others, late)))) == totals(reported())
