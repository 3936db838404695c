"""A restatement names its cause; what else changed beside it is pointed out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.accounting.methods.operational_1 import Inputs, compute
from ledger.accounting.restatement import Version, check_cause
from ledger.records.meter_record import Quantity
from tests.accounting.inventory import ROOT, changed, choice, inputs, instrument, meter, record, year
from tests.accounting.small_release import small_release

PERIOD = year(2025)
RECORDS = (f"{ROOT} electricity.purchased 100 kWh", f"{ROOT} fuel.natural_gas.stationary 1 m3")


def first() -> Inputs:
    """Two records, a certificate, a meter and no choice."""
    given = inputs(PERIOD, RECORDS, units=("branch-1",), instruments=(f"c1 {ROOT} 10 kWh 2025-01-01",), release=small_release())
    return replace(given, meters=(meter("m1", "branch-1", Quantity.WATER_VOLUME, 5, PERIOD),))


def with_activity(given: Inputs, **changes: object) -> Inputs:
    return replace(given, activity=replace(given.activity, **changes))  # type: ignore[arg-type]


CHANGES = {
    "records": lambda given: with_activity(given, records=(record(RECORDS[0], PERIOD, quality=1), record(RECORDS[1], PERIOD))),
    "instruments": lambda given: with_activity(given, instruments=(instrument(f"c1 {ROOT} 11 kWh 2025-01-01"),)),
    "factor_choices": lambda given: with_activity(given, factor_choices=(choice("fuel.natural_gas.stationary fuel.gas"),)),
    "meters": lambda given: replace(given, meters=(meter("m1", "branch-1", Quantity.WATER_VOLUME, 6, PERIOD),)),
    "library": lambda given: replace(given, release=small_release(grid_average="0.21")),
    "organisation": lambda given: changed(given, "branch-1", headcount=7),
    "gwp": lambda given: replace(given, gwp="AR5"),
}
ABOUT = {
    "data": {"records", "instruments", "meters"},
    "factor": {"library", "factor_choices"},
    "boundary": {"organisation"},
    "method": {"gwp"},
    "error": set(CHANGES),
}


def version(given: Inputs) -> Version:
    statement = compute(given).statement
    assert statement is not None
    return Version(statement, given.activity)


@pytest.mark.parametrize("cause", sorted(ABOUT))
@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_change_that_the_cause_is_not_about_is_pointed_out(change: str, cause: str) -> None:
    before = version(first())
    restated = replace(CHANGES[change](first()), revision=2, cause=cause, supersedes=before.statement.digest())
    found = check_cause(before, version(restated), same_keys=True)
    expected = [] if change in ABOUT[cause] else [("INPUT_CHANGED_BESIDE_CAUSE", "warning", f"/{change}")]
    assert [(item.code, item.severity, item.place) for item in found] == expected


def test_an_unchanged_activity_is_not_pointed_out_whatever_its_order() -> None:
    before = version(first())
    same = with_activity(first(), records=tuple(reversed(first().activity.records)))
    restated = replace(same, revision=2, cause="method", supersedes=before.statement.digest())
    assert check_cause(before, version(restated), same_keys=True) == ()
