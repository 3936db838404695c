"""Target paths: peak, distance, budget and status."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.accounting.analysis import PathAnalysis, Target, YearValue, analyse_path
from ledger.accounting.analysis.paths import Peak, find_peak, path_value
from ledger.errors import InputError
from ledger.indicators.shipped import shipped_release

GOAL = Target("28-58", 2028, 2058)
PILOT = Target("25-55", 2025, 2055)


def values(first: int, *grams: int) -> tuple[YearValue, ...]:
    return tuple(YearValue(first + index, value) for index, value in enumerate(grams))


def against(target: Target, first: int, *grams: int) -> PathAnalysis:
    return analyse_path(values(first, *grams), target)


@pytest.mark.parametrize(
    ("grams", "year", "status"),
    [
        ((5,), 2022, "none"),
        ((5, 6, 7), 2024, "none"),
        ((5, 7, 6), 2023, "provisional"),
        ((5, 7, 6, 6), 2023, "confirmed"),
        ((9, 7, 8, 6), 2022, "confirmed"),
        ((7, 5, 7, 6), 2024, "provisional"),
        ((7, 5, 7), 2024, "none"),
    ],
)
def test_a_peak_is_the_latest_highest_year(grams: tuple[int, ...], year: int, status: str) -> None:
    assert find_peak(values(2022, *grams)) == Peak(year, max(grams), status)


def test_the_path_is_a_straight_line_to_0() -> None:
    start = YearValue(2028, 3000)
    assert [path_value(start, GOAL, year) for year in (2027, 2028, 2029, 2043, 2058, 2060)] == [3000, 3000, 2900, 1500, 0, 0]


def test_milestones_bend_the_path() -> None:
    target = Target("own", 2028, 2058, (YearValue(2020, 9999), YearValue(2030, 2000), YearValue(2040, 1800)))
    start = YearValue(2028, 3000)
    assert [path_value(start, target, year) for year in (2029, 2030, 2035, 2040, 2049)] == [2500, 2000, 1900, 1800, 900]


def test_a_milestone_in_the_year_of_the_start_is_past() -> None:
    target = Target("own", 2028, 2058, (YearValue(2028, 1000),))
    assert path_value(YearValue(2028, 3000), target, 2043) == 1500


def test_a_bank_below_its_path_is_on_it() -> None:
    found = against(PILOT, 2024, 2900, 3000, 2850, 2790)
    assert (found.peak, found.peak_late) == (Peak(2025, 3000, "confirmed"), False)
    assert found.start == YearValue(2025, 3000)
    assert [(year.year, year.path, year.distance, year.distance_bp) for year in found.years] == [
        (2025, 3000, 0, 0),
        (2026, 2900, -50, -172),
        (2027, 2800, -10, -36),
    ]
    assert found.status == "on_path"
    # 31 years from 3000 to 0 in equal steps: 31 × 1500; three of them are gone.
    assert (found.budget.grams, found.budget.used, found.budget.used_bp, found.budget.elapsed_bp) == (46_500, 8640, 1858, 968)
    assert found.budget.status == "within_budget"


def test_a_bank_above_its_path_uses_more_than_its_budget() -> None:
    found = against(PILOT, 2025, 3000, 2950, 2900)
    assert (found.status, found.budget.status) == ("above_path", "over_budget")
    assert [year.distance for year in found.years] == [0, 50, 100]


def test_before_the_peak_year_a_bank_may_grow() -> None:
    found = against(GOAL, 2024, 3000, 3100, 3200)
    assert (found.status, found.peak.status, found.peak_late) == ("before_peak", "none", False)
    assert found.start == YearValue(2024, 3000)
    assert found.years[1].path == 3000 - Fraction(3000, 34)
    assert found.years[1].distance == 188


def test_the_peak_year_itself_may_be_the_highest() -> None:
    assert against(PILOT, 2023, 10, 20, 30).status == "before_peak"


def test_growth_after_the_peak_year_is_overdue() -> None:
    found = against(PILOT, 2024, 3000, 3100, 3200)
    assert (found.status, found.peak_late) == ("peak_overdue", True)


def test_a_peak_after_its_year_is_late() -> None:
    found = against(PILOT, 2025, 3000, 3100, 3000)
    assert (found.peak.status, found.peak_late, found.start.year) == ("provisional", True, 2026)


def test_the_base_year_can_be_given() -> None:
    assert analyse_path(values(2022, 10, 20, 30), GOAL, 2023).start == YearValue(2023, 20)
    with pytest.raises(InputError, match="base year"):
        analyse_path(values(2022, 10, 20, 30), GOAL, 2020)


@pytest.mark.parametrize(("grams", "status"), [((10, 0), "neutral"), ((10, 1), "neutral_overdue"), ((10, 12), "neutral_overdue")])
def test_the_neutrality_year_ends_the_path(grams: tuple[int, ...], status: str) -> None:
    found = analyse_path([YearValue(2050, grams[0]), YearValue(2055, grams[1])], PILOT)
    assert found.status == status
    assert found.years[-1].distance_bp is None


def test_neutrality_before_its_year_is_neutral() -> None:
    assert against(PILOT, 2025, 100, 0).status == "neutral"


def test_a_missing_year_leaves_the_budget_unknown() -> None:
    found = analyse_path([YearValue(2025, 100), YearValue(2027, 80), YearValue(2028, 70)], PILOT)
    assert (found.budget.used, found.budget.used_bp, found.budget.status) == (None, None, "unknown")
    assert found.status == "on_path"


def test_years_without_emissions_have_no_share() -> None:
    found = against(PILOT, 2025, 0, 0)
    assert (found.status, found.budget.used_bp, found.years[-1].distance_bp) == ("neutral", None, None)


@pytest.mark.parametrize("given", [(), (YearValue(2024, 1), YearValue(2024, 2))])
def test_no_value_or_a_year_twice_is_refused(given: tuple[YearValue, ...]) -> None:
    with pytest.raises(InputError, match="yearly values"):
        analyse_path(given, GOAL)


def test_a_path_must_start_before_it_ends() -> None:
    with pytest.raises(InputError, match="would start"):
        against(Target("late", 2020, 2024), 2025, 10, 9)


@pytest.mark.parametrize("milestones", [values(2058, 1), (YearValue(2030, 1), YearValue(2029, 1)), values(2030, -1)])
def test_milestones_out_of_order_are_refused(milestones: tuple[YearValue, ...]) -> None:
    with pytest.raises(InputError, match="milestones"):
        Target("own", 2028, 2058, milestones)


def test_the_release_has_the_profiles_of_huzhou() -> None:
    release = shipped_release()
    assert Target.of_profile(release.target_profile("28-58")) == GOAL
    assert Target.of_profile(release.target_profile("25-55")) == PILOT
