"""Statements of the ledger read back with the exact rates behind their grams."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from ledger.accounting.analysis import PeriodInventory, constant_factor, of_statement
from ledger.accounting.methods.operational_1 import Inputs, compute
from ledger.errors import InputError, IntegrityError
from ledger.records.declared import Denominator
from ledger.records.line import Measures
from ledger.records.statement import Statement
from tests.accounting.inventory import ROOT, inputs, with_factors, year

RECORDS = (
    f"{ROOT} electricity.purchased 1000 MWh",
    "branch-1 fuel.petrol.vehicles 1234.567 L",
    "branch-1 fuel.natural_gas.stationary 1000 m3",
    "branch-1 refrigerant.r-410a 3 kg",
    "branch-1 travel.air_domestic 1000 pkm",
    "outlet-1 heat.purchased 5 GJ",
    "outlet-1 electricity.purchased 7.5 MWh",
    "outlet-1 water.supply 12 m3",
)
UNITS = ("branch-1", "branch-1>outlet-1")
INSTRUMENTS = (f"gec {ROOT} 600 MWh 2025-03-01", "contract branch-1 2500 kWh @0.1")


def given(**others: str) -> Inputs:
    found = inputs(year(2025), RECORDS, units=UNITS, instruments=INSTRUMENTS, **others)  # type: ignore[arg-type]
    activity = replace(found.activity, denominators=(Denominator(ROOT, "income_cny", "1000000"),))
    return replace(found, activity=activity)


def stated(of: Inputs) -> Statement:
    computation = compute(of)
    assert computation.statement is not None, computation.findings
    return computation.statement


def read(of: Inputs) -> PeriodInventory:
    return of_statement(stated(of), of.organisation, of.activity, of.release)


def test_every_column_of_every_line_follows_from_its_exact_rate() -> None:
    of = given()
    statement, inventory = stated(of), read(of)
    assert [(line.unit, line.indicator, line.measures) for line in inventory.lines] == [
        (line.unit, line.indicator, line.measures) for line in statement.lines
    ]
    assert inventory.totals == statement.totals
    assert dict(inventory.unit_totals) == {item.unit: item.total for item in statement.rollup}
    assert (inventory.period, inventory.year, inventory.statement) == ("2025", 2025, statement.digest())
    assert inventory.denominators == of.activity.denominators


def test_a_covered_line_has_its_instruments_and_its_residual_factor() -> None:
    line = read(given()).line_map["outlet-1", "electricity.purchased"]
    assert line.market is not None
    covered = {part.instrument: (part.quantity, part.rate) for part in line.market.covered}
    assert covered["contract"] == (2500, 100)
    assert covered["gec"][1] == 0
    assert line.market.rest == 7500 - 2500 - covered["gec"][0]
    assert (line.market.rating.factor, line.market.rating.rate) == ("grid_residual.cn.2023", Fraction("609.6"))
    assert line.rating.factor == "grid_average.cn.2023"


def test_a_rating_rests_on_a_gwp_set_only_where_another_gas_than_co2_is_in_it() -> None:
    lines = read(given(gwp="AR5")).line_map
    assert lines["branch-1", "fuel.petrol.vehicles"].rating.gwp == "AR5"
    assert lines["branch-1", "refrigerant.r-410a"].rating.gwp == "AR5"
    assert lines[ROOT, "electricity.purchased"].rating.gwp is None


def test_uncertainties_are_the_lines_and_those_of_the_factors() -> None:
    of = given()
    for line, stated_line in zip(read(of).lines, stated(of).lines, strict=True):
        assert (line.activity_bp, line.rating.uncertainty_bp) == (stated_line.uncertainty.activity_bp, stated_line.uncertainty.factor_bp)
        if line.market is not None:
            factor = of.release.factor(line.market.rating.factor)
            default = of.release.policies.factor_uncertainty_bp[factor.confidence]
            assert line.market.rating.uncertainty_bp == (default if factor.uncertainty_bp is None else factor.uncertainty_bp)


def test_a_new_release_does_not_move_a_constant_factor_series() -> None:
    before = read(inputs(year(2024), RECORDS, units=UNITS))
    now = inputs(year(2025), RECORDS, units=UNITS)
    changed = replace(
        now, release=with_factors(now.release, grid_average_cn_2023="0.4", grid_residual_cn_2023="0.9", heat_cn_default="0.2")
    )
    assert read(changed).totals != read(now).totals
    assert constant_factor([before, read(changed)], before) == constant_factor([before, read(now)], before)


def test_inputs_of_another_statement_are_refused() -> None:
    of = given()
    statement = stated(of)
    other = inputs(year(2025), RECORDS[:1], units=("branch-2",))
    for wrong in (
        replace(of, organisation=other.organisation),
        replace(of, activity=other.activity),
        replace(of, release=replace(of.release, release="another")),
    ):
        with pytest.raises(InputError, match="is not the statement's"):
            of_statement(statement, wrong.organisation, wrong.activity, wrong.release)


def test_grams_that_do_not_follow_from_quantity_and_factor_are_refused() -> None:
    of = given()
    statement = stated(of)
    first, *others = statement.lines
    forged = replace(statement, lines=(replace(first, measures=first.measures + Measures(scope1_g=1)), *others))
    with pytest.raises(IntegrityError, match="states"):
        of_statement(forged, of.organisation, of.activity, of.release)
