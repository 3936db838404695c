"""Series: as reported and at the factors of one period."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ledger.accounting.analysis import as_reported, constant_factor
from ledger.errors import InputError
from tests.accounting.analysis.scene import covered, line, organisation, period, rating, unit


def test_at_constant_factors_only_quantities_are_left_to_change() -> None:
    before, after = period(2023, line("a power 100", "700")), period(2024, line("a power 110", "600"))
    assert [point.totals.scope2_location_g for point in as_reported([after, before])] == [70_000, 66_000]
    assert [point.totals.scope2_location_g for point in constant_factor([after, before], after)] == [60_000, 66_000]
    assert [point.totals.scope2_location_g for point in constant_factor([after, before], before)] == [70_000, 77_000]


def test_a_source_that_the_reference_has_not_keeps_its_rate_and_is_named() -> None:
    before = period(2023, line("a gas 5", "2"), line("a petrol 7", "3", base_unit="L"))
    after = period(2024, line("a petrol 7", "4", base_unit="kg"))
    first, last = constant_factor([before, after], after)
    assert first.totals.scope1_g == 10 + 21
    assert first.kept == (("a", "gas"), ("a", "petrol"))
    assert last.kept == ()


def test_each_line_is_rounded_once_and_half_to_even() -> None:
    inventory = period(2024, line("a gas 1", "0.5"), line("b gas 3", "0.5"))
    assert as_reported([inventory])[0].totals.scope1_g == 0 + 2


def test_what_instruments_cover_stays_and_the_rest_takes_the_reference_residual() -> None:
    old, new = rating("800", "residual-old"), rating("600", "residual-new")
    before = period(2023, line("a power 100", "700", market=covered("40", "60", old, "10")))
    after = period(2024, line("a power 100", "500", market=covered("0", "100", new)))
    assert as_reported([before])[0].totals.scope2_market_g == 48_400
    point = constant_factor([before], after)[0]
    assert (point.totals.scope2_location_g, point.totals.scope2_market_g) == (50_000, 36_400)


def test_without_instruments_the_market_column_is_the_location_column() -> None:
    totals = period(2024, line("a power 10", "7")).totals
    assert (totals.scope2_location_g, totals.scope2_market_g) == (70, 70)


def test_two_rates_for_one_indicator_are_refused() -> None:
    with pytest.raises(InputError, match="rates power"):
        period(2024, line("a power 1", "5"), line("b power 1", "6"))


def test_a_line_may_not_stand_twice() -> None:
    with pytest.raises(InputError, match="two lines"):
        period(2024, line("a power 1"), line("a power 2"))


def test_periods_that_overlap_are_refused() -> None:
    inventory = period(2024, line("a power 1"))
    half = replace(inventory, period="2024-h2", first=date(2024, 7, 1))
    with pytest.raises(InputError, match="overlap"):
        as_reported([inventory, half])


def test_periods_that_share_a_day_are_refused() -> None:
    one = replace(period(2023, line("a power 1")), last=date(2024, 1, 1))
    with pytest.raises(InputError, match="overlap"):
        as_reported([one, period(2024, line("a power 1"))])


def test_periods_of_two_banks_are_refused() -> None:
    other = replace(organisation(unit("a")), institution="other")
    with pytest.raises(InputError, match="different institutions"):
        as_reported([period(2023, line("a power 1")), period(2024, line("a power 1"), of=other)])
