"""Uncertainty of totals: quadrature in exact integers, and a seeded simulation that must come to the same."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.accounting.analysis import TotalUncertainty, total_uncertainty
from ledger.accounting.analysis.monte_carlo import simulate
from ledger.accounting.analysis.uncertainty import Contribution, combine, contributions
from ledger.errors import InputError
from tests.accounting.analysis.scene import covered, line, organisation, period, rating, unit


def test_activity_and_factor_of_one_line_add_in_quadrature() -> None:
    assert combine([Contribution(1000, "f", 300, 400)]) == TotalUncertainty(1000, 50, 500)


def test_lines_of_one_factor_are_correlated_in_it() -> None:
    same = [Contribution(1000, "f", 0, 400), Contribution(1000, "f", 0, 400)]
    other = [Contribution(3000, "f", 0, 400), Contribution(4000, "g", 0, 400)]
    assert combine(same) == TotalUncertainty(2000, 80, 400)
    assert combine(other) == TotalUncertainty(7000, 200, 286)


def test_activities_are_independent() -> None:
    assert combine([Contribution(3000, "f", 1000, 0), Contribution(4000, "f", 1000, 0)]) == TotalUncertainty(7000, 500, 714)


def test_a_total_of_0_has_no_share() -> None:
    assert combine([]) == TotalUncertainty(0, 0, None)
    assert combine([Contribution(0, "f", 500, 500)]) == TotalUncertainty(0, 0, None)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**15), st.sampled_from("fgh"), st.integers(0, 20_000), st.integers(0, 20_000)), max_size=8))
def test_both_figures_are_the_nearest_integers_to_the_root(rows: list[tuple[int, str, int, int]]) -> None:
    items = [Contribution(*row) for row in rows]
    found = combine(items)
    square = Fraction(sum((i.grams * i.activity_bp) ** 2 for i in items))
    square += sum(sum(i.grams * i.factor_bp for i in items if i.factor == id) ** 2 for id in "fgh")
    for width, divisor in ((found.half_width_g, 10_000), (found.half_width_bp, found.total_g)):
        if width is not None and divisor:
            exact = square / divisor**2
            assert (max(width - Fraction(1, 2), Fraction(0))) ** 2 <= exact <= (width + Fraction(1, 2)) ** 2
    assert (found.half_width_bp is None) == (found.total_g == 0)


def test_columns_take_their_own_lines_and_a_unit_those_below_it() -> None:
    units = organisation(unit("branch", kind="branch"), unit("outlet", "branch"), unit("other"))
    gas, power = rating("1", "gas-factor", bp=0), rating("1", "power-factor", bp=100)
    inventory = period(2024, line("outlet gas 1000", gas, bp=500), line("other gas 1000", gas), line("branch power 1000", power), of=units)
    assert total_uncertainty(inventory, "scope1_g") == TotalUncertainty(2000, 50, 250)
    assert total_uncertainty(inventory, "scope1_g", "branch") == TotalUncertainty(1000, 50, 500)
    assert total_uncertainty(inventory, "all_location_g", "other") == TotalUncertainty(1000, 0, 0)
    assert total_uncertainty(inventory, "scope2_location_g").half_width_g == 10


def test_a_covered_line_counts_with_its_residual_factor() -> None:
    residual = rating("2", "residual", bp=1000)
    inventory = period(2024, line("a power 100", rating("1", "grid", bp=500), market=covered("40", "60", residual)))
    assert contributions(inventory, "scope2_market_g") == (Contribution(120, "residual", 0, 1000),)
    assert contributions(inventory, "scope2_location_g") == (Contribution(100, "grid", 0, 500),)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 10**9), st.sampled_from("fgh"), st.integers(0, 2000), st.integers(0, 2000)), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
)
def test_the_simulation_comes_to_the_quadrature_within_its_own_error(rows: list[tuple[int, str, int, int]], seed: int) -> None:
    items = [Contribution(*row) for row in rows]
    exact, found = combine(items).half_width_bp, simulate(items, 20_000, seed).half_width_bp
    assert exact is not None
    assert found is not None
    # The standard error of a standard deviation is 1/√(2n) = 0.5 % of it; the product of activity and factor adds at most 0.6 %.
    assert abs(found - exact) <= 2 + exact * 3 // 100


def test_correlation_is_seen_by_the_simulation_too() -> None:
    apart = simulate([Contribution(1, "f", 0, 1000), Contribution(1, "g", 0, 1000)], 20_000, 1).half_width_bp
    together = simulate([Contribution(1, "f", 0, 1000), Contribution(1, "f", 0, 1000)], 20_000, 1).half_width_bp
    assert apart is not None
    assert together is not None
    assert 690 <= apart <= 725
    assert 980 <= together <= 1020


def test_one_seed_gives_one_result() -> None:
    items = [Contribution(1, "f", 700, 1000), Contribution(2, "g", 0, 1000)]
    assert simulate(items, 500, 7) == simulate(items, 500, 7)
    assert len({simulate(items, 500, seed).half_width_bp for seed in range(5)}) > 1


@pytest.mark.parametrize(("draws", "seed"), [(1, 0), (1_000_001, 0), (100, -1), (100, 2**32)])
def test_draws_and_seeds_that_cannot_be_are_refused(draws: int, seed: int) -> None:
    with pytest.raises(InputError):
        simulate([], draws, seed)


def test_a_total_of_0_is_not_simulated() -> None:
    assert simulate([Contribution(0, "f", 1, 1)], 10, 0).half_width_bp is None
