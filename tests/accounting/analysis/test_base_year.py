"""What recalculates a base year, what never does, and the log of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from ledger.accounting.analysis import (
    BaseYearPolicy,
    BaseYearReview,
    Correction,
    PeriodInventory,
    corrections_of,
    review_base_year,
)
from ledger.accounting.analysis.adjustments import Missing
from ledger.errors import InputError
from ledger.records.organisation import Organisation
from tests.accounting.analysis.scene import covered, line, organisation, period, rating, unit

BOUGHT = organisation("a", unit("bought", opened=date(2023, 1, 1), opening="acquired"))


def review(*inventories: PeriodInventory, corrections: tuple[Correction, ...] = (), threshold: int = 500) -> BaseYearReview:
    return review_base_year(inventories, BaseYearPolicy("2021", threshold), corrections)


def scope1(found: BaseYearReview) -> list[int]:
    return [point.totals.scope1_g for point in found.series]


def told(found: BaseYearReview) -> list[tuple[str, str, str]]:
    return [(entry.period, entry.cause, entry.decision) for entry in found.log]


def test_growth_openings_closings_and_merges_never_recalculate() -> None:
    units = organisation(
        "a",
        unit("new", opened=date(2022, 5, 1)),
        unit("shut", closed=date(2021, 12, 31), closing="closed"),
        unit("merged", closed=date(2021, 12, 31), closing="merged", merged_into="a"),
    )
    base = period(2021, line("a gas 100", "1"), line("shut gas 900", "1"), line("merged gas 900", "1"), of=units)
    later = period(2022, line("a gas 5000", "1"), line("new gas 4000", "1"), of=units)
    found = review(base, later)
    assert found.log == ()
    assert found.as_reported == found.recalculated
    assert scope1(found) == [1900, 9000]


def test_a_source_that_the_base_had_not_never_recalculates() -> None:
    base = period(2021, line("a gas 100", "1"))
    petrol = [line("a petrol 50", rating("2", guide=guide), base_unit="L") for guide in ("one", "other")]
    found = review(base, period(2022, line("a gas 100", "1"), petrol[0]), period(2023, line("a gas 100", "1"), petrol[1]))
    assert found.log == ()


def test_newer_data_of_the_same_kind_is_no_method_change() -> None:
    base = period(2021, line("a power 100", rating("5568", "grid_average.cn.2021")))
    assert review(base, period(2022, line("a power 100", rating("5366", "grid_average.cn.2022")))).log == ()


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "grid_ets"},
        {"region": "CN-EAST"},
        {"region": "CN-ZJ"},
        {"region": "*"},
        {"guide": "other"},
        {"basis": "CO2e"},
        {"gwp": "AR6"},
    ],
)
def test_another_kind_region_level_guide_basis_or_gwp_set_recalculates(facts: dict[str, str]) -> None:
    base = period(2021, line("a power 100", "700"))
    found = review(base, period(2022, line("a power 200", rating("600", **facts))))
    assert told(found) == [("2022", "method", "recalculated")]
    assert found.log[0].effect.scope2_location_g == -10_000
    assert found.log[0].ratio == Fraction(1, 7)
    assert found.recalculated.scope2_location_g == 60_000
    assert [point.totals.scope2_location_g for point in found.series] == [60_000, 120_000]


def test_a_change_within_one_region_level_is_none() -> None:
    base = period(2021, line("a power 100", rating("700", region="CN-EAST")))
    assert review(base, period(2022, line("a power 100", rating("600", region="CN-NORTH")))).log == ()


def test_a_province_is_another_level_than_its_grid_region() -> None:
    base = period(2021, line("a power 100", rating("700", region="CN-EAST")))
    assert told(review(base, period(2022, line("a power 100", rating("600", region="CN-ZJ"))))) == [("2022", "method", "recalculated")]


def test_a_method_that_changes_back_leaves_the_base_as_it_was() -> None:
    periods = [
        period(2021 + n, line("a power 100", rating(rate, kind=kind)))
        for n, (rate, kind) in enumerate([("700", "grid_regional"), ("600", "grid_ets"), ("500", "grid_regional")])
    ]
    found = review(*periods)
    assert told(found) == [("2022", "method", "recalculated"), ("2023", "method", "recalculated")]
    assert [point.totals.scope2_location_g for point in found.series] == [70_000, 50_000, 50_000]
    assert found.recalculated == found.as_reported


def test_the_residual_factor_is_a_method_of_its_own() -> None:
    old, new = rating("800", "old", kind="grid_average"), rating("400", "new", kind="grid_residual")
    base = period(2021, line("a power 100", "700", market=covered("40", "60", old)))
    later = period(2022, line("a power 100", "700", market=covered("0", "100", new)))
    found = review(base, later)
    (entry,) = found.log
    assert (entry.indicators, entry.use, entry.decision) == (("power",), "market", "recalculated")
    assert (entry.effect.scope2_location_g, entry.effect.scope2_market_g) == (0, -24_000)
    assert (found.recalculated.scope2_location_g, found.recalculated.scope2_market_g) == (70_000, 24_000)


def test_small_changes_add_up_and_cannot_hide_each_other() -> None:
    units = organisation(
        "a",
        unit("first", opened=date(2022, 1, 1), opening="acquired"),
        unit("second", closed=date(2022, 12, 31), closing="divested"),
    )
    base = period(2021, line("a gas 970", "1"), line("second gas 30", "1"), of=units, historic=(line("first gas 30", "1"),))
    middle = period(2022, line("a gas 970", "1"), line("first gas 30", "1"), line("second gas 30", "1"), of=units)
    last = period(2023, line("a gas 970", "1"), line("first gas 30", "1"), of=units)
    found = review(base, middle, last)
    assert told(found) == [("2022", "acquired", "carried"), ("2023", "divested", "recalculated")]
    assert [entry.carry for entry in found.log] == [Fraction(3, 100), Fraction(6, 100)]
    assert [entry.units for entry in found.log] == [("first",), ("second",)]
    assert scope1(found) == [1000, 1000, 1000]
    assert scope1(review(base, middle)) == [1000, 1030]


def test_a_change_that_just_reaches_the_threshold_recalculates() -> None:
    base = period(2021, line("a gas 10000", "1"), of=BOUGHT, historic=(line("bought gas 500", "1"),))
    later = period(2023, line("a gas 10000", "1"), line("bought gas 500", "1"), of=BOUGHT)
    assert told(review(base, later)) == [("2023", "acquired", "recalculated")]
    less = replace(base, historic=(line("bought gas 499.4", "1"),))
    assert told(review(less, later)) == [("2023", "acquired", "carried")]


def test_the_carry_starts_anew_after_a_recalculation() -> None:
    units = organisation(
        "a", unit("x", opened=date(2022, 1, 1), opening="acquired"), unit("y", opened=date(2023, 1, 1), opening="included")
    )
    base = period(2021, line("a gas 100", "1"), of=units, historic=(line("x gas 100", "1"), line("y gas 5", "1")))
    found = review(base, period(2022, line("a gas 100", "1"), of=units), period(2023, line("a gas 100", "1"), of=units))
    assert told(found) == [("2022", "acquired", "recalculated"), ("2023", "included", "carried")]
    # The recalculated base is 200 g: 5 g are 2.5 % of it.
    assert found.log[1].carry == Fraction(25, 1000)


def test_a_unit_without_historic_lines_is_estimated_and_named() -> None:
    units = organisation("a", unit("bought", opened=date(2023, 7, 2), opening="acquired"))
    base = period(2021, line("a gas 1000", "1"), of=units)
    later = period(2023, line("a gas 1000", "1"), line("bought gas 183", "1"), of=units)
    found = review(base, later)
    (entry,) = found.log
    assert entry.estimated
    assert entry.effect.scope1_g == 365
    assert entry.decision == "recalculated"
    assert not found.complete
    # In 2023 too its days under the former owner are missing.
    assert found.missing == (Missing("2021", "bought", None, "HISTORIC_MISSING"), Missing("2023", "bought", None, "HISTORIC_MISSING"))
    assert found.recalculated == found.as_reported


def test_what_the_base_has_of_a_unit_bought_within_it_is_no_effect() -> None:
    units = organisation("a", unit("bought", opened=date(2021, 7, 1), opening="acquired"))
    base = period(2021, line("a gas 1000", "1"), line("bought gas 40", "1"), of=units)
    found = review(base, period(2022, line("a gas 1000", "1"), line("bought gas 80", "1"), of=units))
    assert [(entry.effect.scope1_g, entry.estimated, entry.decision) for entry in found.log] == [(40, True, "carried")]


def test_historic_lines_complete_the_year_in_which_a_unit_came_in() -> None:
    units = organisation("a", unit("bought", opened=date(2022, 7, 1), opening="acquired"))
    base = period(2021, line("a gas 100", "1"), of=units, historic=(line("bought gas 40", "1"),))
    later = period(2022, line("a gas 100", "1"), line("bought gas 20", "1"), of=units, historic=(line("bought gas 19", "1"),))
    found = review(base, later)
    assert found.complete
    assert scope1(found) == [140, 139]


def test_a_unit_that_did_not_exist_in_the_base_year_has_a_historic_line_of_0() -> None:
    base = period(2021, line("a gas 100", "1"), of=BOUGHT, historic=(line("bought gas 0", "1"),))
    found = review(base, period(2023, line("a gas 100", "1"), line("bought gas 90", "1"), of=BOUGHT))
    assert told(found) == [("2023", "acquired", "carried")]
    assert found.complete


def test_a_unit_that_came_in_and_left_again_is_in_no_period() -> None:
    units = organisation("a", unit("x", opened=date(2022, 1, 1), opening="acquired", closed=date(2022, 12, 31), closing="divested"))
    base = period(2021, line("a gas 100", "1"), of=units, historic=(line("x gas 50", "1"),))
    found = review(
        base, period(2022, line("a gas 100", "1"), line("x gas 60", "1"), of=units), period(2023, line("a gas 100", "1"), of=units)
    )
    assert told(found) == [("2022", "acquired", "recalculated"), ("2023", "divested", "recalculated")]
    assert scope1(found) == [100, 100, 100]
    assert found.complete


def test_nothing_is_missing_of_a_unit_that_left_again() -> None:
    gone = {"closed": date(2022, 12, 31), "closing": "divested"}
    units = organisation("a", unit("sold", **gone), unit("x", opened=date(2022, 1, 1), opening="acquired", **gone))
    periods = [
        period(2021, line("a gas 100", "1"), line("sold gas 50", "1"), of=units),
        period(2022, line("a gas 100", "1"), line("sold gas 50", "1"), line("x gas 60", "1"), of=units),
        *(period(year, line("a gas 100", "1"), of=units) for year in (2023, 2024)),
    ]
    assert [item.unit for item in review(*periods[:2]).missing] == ["x"]
    found = review(*periods)
    assert (found.missing, scope1(found)) == ((), [100, 100, 100, 100])
    # Each unit is a cause once, and 2024 has none.
    assert [(entry.period, entry.units, entry.effect.scope1_g) for entry in found.log] == [
        ("2022", ("x",), 60),
        ("2023", ("sold", "x"), -50),
    ]


def test_historic_lines_of_an_older_method_take_the_new_rate_too() -> None:
    units = organisation("a", unit("bought", opened=date(2022, 7, 1), opening="acquired"))
    old, new = rating("2"), rating("1", kind="grid_ets")
    base = period(2021, line("a gas 100", old), of=units, historic=(line("bought gas 40", old),))
    later = period(2022, line("a gas 100", new), line("bought gas 20", new), of=units, historic=(line("bought gas 19", old),))
    assert scope1(review(base, later)) == [140, 139]


def test_something_that_comes_to_an_empty_base_recalculates_it() -> None:
    base = period(2021, line("a gas 0", "1"), of=BOUGHT, historic=(line("bought gas 1", "1"),))
    found = review(base, period(2023, line("a gas 9", "1"), line("bought gas 1", "1"), of=BOUGHT), threshold=10_000)
    assert found.log[0].ratio is None
    assert told(found) == [("2023", "acquired", "recalculated")]


def test_litres_without_a_new_rate_keep_theirs_and_are_named_once() -> None:
    old, new = rating("2", guide="one"), rating("3", guide="other")
    base = period(2021, line("a petrol 10", old, base_unit="L"), line("a gas 100", "1"))
    years = [period(year, line("a petrol 8", new, base_unit="kg"), line("a gas 100", rating("2", kind="heat"))) for year in (2022, 2023)]
    found = review(base, *years)
    assert [(entry.indicators, entry.effect.scope1_g) for entry in found.log] == [(("gas",), 100), (("petrol",), 0)]
    assert told(found) == [("2022", "method", "recalculated")] * 2
    assert found.missing == (Missing("2021", "a", "petrol", "BASE_UNIT_DIFFERS"),)
    assert not found.complete
    assert found.recalculated.scope1_g == 20 + 200


def test_any_unit_of_the_bank_may_show_the_new_rate_in_litres() -> None:
    old, kilograms, litres = rating("2", guide="one"), rating("3", guide="other"), rating("4", guide="other")
    later = period(2022, line("a petrol 8", kilograms, base_unit="kg"), line("b petrol 4", litres, base_unit="L"))
    found = review(period(2021, line("a petrol 10", old, base_unit="L")), later)
    assert (found.recalculated.scope1_g, found.complete) == (40, True)


def test_an_error_found_later_corrects_the_base() -> None:
    base, later = period(2021, line("a gas 50", "2"), line("a petrol 1", "4")), period(2022, line("a gas 60", "2"))
    restated = replace(base, lines=(line("a gas 5", "2"), line("a petrol 1", "4")))
    corrections = corrections_of(base, restated, "2022", "note 7 of the 2022 report")
    assert corrections == (Correction("2022", "2021", "a", "gas", Fraction(5), "note 7 of the 2022 report"),)
    found = review(base, later, corrections=corrections)
    assert told(found) == [("2022", "error", "recalculated")]
    assert found.log[0].effect.scope1_g == -90
    assert found.log[0].reference == "note 7 of the 2022 report"
    assert scope1(found) == [14, 120]


def test_corrections_below_the_threshold_add_up() -> None:
    base = period(2021, line("a gas 1000", "1"), line("b gas 1000", "1"))
    years = [period(year, line("a gas 1000", "1")) for year in (2022, 2023)]
    wrong = (Correction("2022", "2021", "a", "gas", Fraction(1060), "one"), Correction("2023", "2021", "b", "gas", Fraction(960), "two"))
    found = review(base, *years, corrections=wrong)
    assert told(found) == [("2022", "error", "carried"), ("2023", "error", "recalculated")]
    assert found.recalculated.scope1_g == 2020


@pytest.mark.parametrize(
    ("correction", "match"),
    [
        (Correction("2022", "2021", "a", "petrol", Fraction(1), "x"), "no line"),
        (Correction("2021", "2021", "a", "gas", Fraction(1), "x"), "found in"),
        (Correction("2022", "2020", "a", "gas", Fraction(1), "x"), "no period"),
        (Correction("2029", "2021", "a", "gas", Fraction(1), "x"), "no period"),
    ],
)
def test_a_correction_of_nothing_is_refused(correction: Correction, match: str) -> None:
    with pytest.raises(InputError, match=match):
        review(period(2021, line("a gas 1")), period(2022, line("a gas 1")), corrections=(correction,))


def test_an_error_is_found_after_the_base_period() -> None:
    years = [period(year, line("a gas 1")) for year in (2020, 2021, 2022)]
    with pytest.raises(InputError, match="found in 2021"):
        review(*years, corrections=(Correction("2021", "2020", "a", "gas", Fraction(2), "x"),))


def test_a_corrected_quantity_leaves_what_instruments_cover() -> None:
    base = period(2021, line("a power 100", "2", market=covered("40", "60", rating("3"), "1")))
    later = period(2022, line("a power 100", "2", market=covered("40", "60", rating("3"), "1")))
    right = Correction("2022", "2021", "a", "power", Fraction(150), "x")
    found = review(base, later, corrections=(right,))
    assert (found.recalculated.scope2_location_g, found.recalculated.scope2_market_g) == (300, 40 + 330)
    with pytest.raises(InputError, match="below what its instruments cover"):
        review(base, later, corrections=(replace(right, quantity=Fraction(39)),))


def test_one_line_is_corrected_once() -> None:
    twice = (Correction("2022", "2021", "a", "gas", Fraction(1), "x"),) * 2
    with pytest.raises(InputError, match="two corrections"):
        review(period(2021, line("a gas 1")), period(2022, line("a gas 1")), corrections=twice)


def test_revisions_with_other_lines_are_no_correction() -> None:
    with pytest.raises(InputError, match="not two revisions"):
        corrections_of(period(2021, line("a gas 1")), period(2021, line("a petrol 1")), "2022", "x")


def test_a_threshold_of_0_recalculates_for_every_cause() -> None:
    base = period(2021, line("a gas 100000", "1"), of=BOUGHT, historic=(line("bought gas 1", "1"),))
    later = period(2023, line("a gas 100000", "1"), line("bought gas 1", "1"), of=BOUGHT)
    assert told(review(base, later, threshold=0)) == [("2023", "acquired", "recalculated")]
    growth = period(2021, line("a gas 100", "1")), period(2022, line("a gas 900", "1"))
    assert review(*growth, threshold=0).log == ()


@pytest.mark.parametrize("threshold", [-1, 100_001])
def test_a_threshold_is_a_share(threshold: int) -> None:
    with pytest.raises(InputError, match="threshold"):
        BaseYearPolicy("2021", threshold)


def test_the_base_period_must_be_there() -> None:
    with pytest.raises(InputError, match="no period"):
        review(period(2022, line("a gas 1")))


def test_the_first_year_alone_has_nothing_to_recalculate() -> None:
    found = review(period(2021, line("a gas 1", "7")))
    assert (found.log, found.recalculated.scope1_g, found.complete) == ((), 7, True)


def test_periods_before_the_base_are_recalculated_with_it() -> None:
    units: Organisation = BOUGHT
    early = period(2020, line("a gas 90", "1"), of=units, historic=(line("bought gas 45", "1"),))
    base = period(2021, line("a gas 100", "1"), of=units, historic=(line("bought gas 50", "1"),))
    later = period(2023, line("a gas 100", "1"), line("bought gas 50", "1"), of=units)
    assert scope1(review(early, base, later)) == [135, 150, 150]
