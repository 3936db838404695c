"""What holds of any two periods: parts add up, directions reverse, equal factors change nothing, order does not matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.accounting.analysis import (
    AnalysedLine,
    AnalysisOptions,
    BaseYearPolicy,
    Change,
    PeriodInventory,
    analysis_document,
    as_reported,
    compare_periods,
    constant_factor,
    decompose,
    review_base_year,
)
from ledger.accounting.analysis.columns import COLUMN_NAMES, COLUMNS, grams_in
from ledger.accounting.analysis.decomposition import boundary_units
from ledger.accounting.analysis.inventory import CoveredPart, MarketParts
from ledger.records import canonical
from ledger.records.line import Measures
from tests.accounting.analysis.scene import ROOT, SCOPES, organisation, period, rating, unit

UNITS = organisation(
    unit("branch", kind="branch"),
    unit("old", "branch", closed=date(2023, 12, 31), closing="closed"),
    unit("new", "branch", opened=date(2024, 2, 1)),
    unit("merged", closed=date(2024, 3, 31), closing="merged", merged_into="branch"),
    unit("bought", opened=date(2024, 1, 1), opening="acquired"),
    unit("included", "branch", opened=date(2024, 8, 1), opening="included"),
    unit("sold", closed=date(2024, 5, 31), closing="divested"),
)
ours = settings(max_examples=40, deadline=None)
NAMES = [item.id for item in UNITS.units]
quantities = st.decimals(min_value=0, max_value=10**6, places=3).map(Fraction)
rates = st.decimals(min_value=0, max_value=5000, places=4)


@st.composite
def years(draw: st.DrawFn, year: int) -> PeriodInventory:
    """A year with any lines, one rate per indicator, use and base unit, and instruments on some of the power."""
    of_year = {name: rating(str(draw(rates)), f"{name}-{year}") for name in SCOPES}
    residual = rating(str(draw(rates)), f"residual-{year}", kind="grid_residual")
    lines: list[AnalysedLine] = []
    for name, indicator in draw(st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(sorted(SCOPES))), max_size=12)):
        quantity, market = draw(quantities), None
        if indicator == "power":
            covered = quantity * draw(st.sampled_from([Fraction(0), Fraction(1, 4), Fraction(1)]))
            parts = (CoveredPart("one", covered, Fraction(draw(st.integers(0, 3)))),) if covered else ()
            market = MarketParts(parts, quantity - covered, residual)
        bp = draw(st.integers(0, 2000))
        lines.append(AnalysedLine(name, indicator, SCOPES[indicator], quantity, "kWh", of_year[indicator], market, bp))
    return period(year, *lines, of=UNITS)


@ours
@given(years(2023), years(2024))
def test_the_parts_add_up_to_the_change_everywhere(before: PeriodInventory, after: PeriodInventory) -> None:
    found = decompose(before, after)
    for item in found.lines:
        assert item.change.activity + item.change.factor + item.change.boundary == item.change.change
    for column in COLUMN_NAMES:
        total = found.total(column)
        assert (total.before, total.after) == (grams_in(before.totals, column), grams_in(after.totals, column))
        assert total.activity + total.factor + total.boundary == total.after - total.before
        assert Change.sum(found.indicator(name, column) for name in found.indicators) == total == found.unit(ROOT, column)


@ours
@given(years(2023), years(2024))
def test_the_other_direction_reverses_every_part(before: PeriodInventory, after: PeriodInventory) -> None:
    there, back = decompose(before, after), decompose(after, before)
    for one, other in zip(there.lines, back.lines, strict=True):
        assert (one.unit, one.indicator, one.column) == (other.unit, other.indicator, other.column)
        forward, backward = one.change, other.change
        assert (forward.before, forward.after) == (backward.after, backward.before)
        assert (forward.activity, forward.factor, forward.boundary) == (-backward.activity, -backward.factor, -backward.boundary)


@ours
@given(years(2023), years(2024))
def test_the_factor_part_does_not_depend_on_how_quantities_are_split_between_units(before: PeriodInventory, after: PeriodInventory) -> None:
    found, outside = decompose(before, after), boundary_units(before, after)
    for indicator in {line.indicator for line in before.lines} & {line.indicator for line in after.lines} - {"power"}:
        lines = [line for side in (before, after) for line in side.lines if line.indicator == indicator and line.unit not in outside]
        quantity = sum((line.quantity for line in lines), Fraction(0))
        rate = after.rates[indicator, "location", "kWh"].rate - before.rates[indicator, "location", "kWh"].rate
        # One rounding per line, of at most half a gram.
        assert abs(found.indicator(indicator, "all_location_g").factor - rate * quantity / 2) <= Fraction(len(lines), 2)


@ours
@given(years(2023), years(2024))
def test_at_its_own_factors_a_period_is_as_reported(before: PeriodInventory, after: PeriodInventory) -> None:
    (first, last), reported = constant_factor([before, after], after), as_reported([before, after])
    assert replace(last, kept=()) == reported[1]
    assert last.kept == ()
    indicators = [{line.indicator for line in inventory.lines} for inventory in (before, after)]
    assert {indicator for _, indicator in first.kept} == indicators[0] - indicators[1]


@ours
@given(years(2023), years(2024))
def test_equal_factors_leave_the_constant_factor_series_as_reported(before: PeriodInventory, after: PeriodInventory) -> None:
    same = replace(after, lines=tuple(line.rated(before.rates) for line in after.lines))
    common = {line.indicator for line in before.lines}
    same = replace(same, lines=tuple(line for line in same.lines if line.indicator in common))
    assert constant_factor([before, same], before) == as_reported([before, same])
    assert all(item.change.factor == 0 for item in decompose(before, same).lines)


@ours
@given(years(2023), years(2024))
def test_only_instruments_part_the_market_column_from_the_location_column(before: PeriodInventory, after: PeriodInventory) -> None:
    bare = [replace(item, lines=tuple(replace(line, market=None) for line in item.lines)) for item in (before, after)]
    for item in decompose(*bare).lines:
        if item.column == "scope2_location_g":
            assert decompose(*bare).line(item.unit, item.indicator, "scope2_market_g") == item.change


@ours
@given(years(2023))
def test_totals_of_the_root_are_the_sum_of_the_lines(inventory: PeriodInventory) -> None:
    assert inventory.unit_totals[ROOT] == inventory.totals == Measures.sum(inventory.indicator_totals.values())
    assert set(COLUMNS) == set(Measures().to_document())


@ours
@given(years(2023), years(2024), st.integers(1, 10_000))
def test_effects_lead_from_the_base_as_reported_to_the_recalculated_one(before: PeriodInventory, after: PeriodInventory, bp: int) -> None:
    found = review_base_year([before, after], BaseYearPolicy("2023", bp))
    applied = [entry for entry in found.log if entry.decision == "recalculated" and not entry.estimated]
    assert found.as_reported + Measures.sum(entry.effect for entry in applied) == found.recalculated
    assert {entry.decision for entry in found.log} in ({"recalculated"}, {"carried"}, set())
    assert found.series[0].totals == found.recalculated


@ours
@given(years(2022), years(2023), years(2024))
def test_the_order_of_lines_and_periods_changes_no_byte(one: PeriodInventory, two: PeriodInventory, three: PeriodInventory) -> None:
    options = AnalysisOptions(base_year=BaseYearPolicy("2022", 500))
    first = canonical.dump(analysis_document([one, two, three], options))
    shuffled = [replace(item, lines=tuple(reversed(item.lines))) for item in (three, one, two)]
    assert canonical.dump(analysis_document(shuffled, options)) == first


@ours
@given(years(2023), years(2024))
def test_rows_and_parts_tell_of_the_same_change(before: PeriodInventory, after: PeriodInventory) -> None:
    found = compare_periods(before, after)
    for column in COLUMN_NAMES:
        assert sum(grams_in(row.change, column) for row in found.rows) == found.decomposition.total(column).change
