"""Uncertainty by quadrature: exact to the basis point, from sources or from the release's policies."""

from __future__ import annotations

from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.accounting.methods.operational_1 import compute
from ledger.accounting.methods.operational_1.uncertainty import combine
from ledger.records.statement import LineUncertainty
from tests.accounting.inventory import ROOT, computed, inputs, record, year
from tests.accounting.small_release import small_release

PERIOD = year(2025)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([("100", 500)], 500),
        # Two equal, independent sources: u ÷ √2 = 353.55.
        ([("50", 500), ("50", 500)], 354),
        ([("30", 300), ("40", 300)], 214),
        # Σ(q·u)² = 3² + 4²: exactly 5 of 10.
        ([("3", 10), ("4", 10), ("3", 0)], 5),
        ([("1", 1), ("1", 0)], 1),
        ([("1", 1), ("2", 0)], 0),
        ([("1", 3), ("1", 0)], 2),
        ([("-2", 100), ("2", 100)], 71),
        ([("0", 70), ("0", 90)], 90),
        ([("0", 70), ("1", 0)], 0),
        ([("7", 0)], 0),
    ],
)
def test_independent_sources_add_in_quadrature_half_up(parts: list[tuple[str, int]], expected: int) -> None:
    assert combine([(Fraction(quantity), half_width) for quantity, half_width in parts]) == expected


parts = st.lists(st.tuples(st.integers(0, 10**30).map(lambda n: Fraction(n, 10**6)), st.integers(0, 100_000)), min_size=1, max_size=8)


@given(parts)
def test_the_integer_is_the_nearest_to_the_root_in_100_digits(known: list[tuple[Fraction, int]]) -> None:
    total = sum(quantity for quantity, _ in known)
    if total == 0:
        assert combine(known) == max(half_width for _, half_width in known)
        return
    context = Context(prec=100)
    squares = sum((quantity * half_width) ** 2 for quantity, half_width in known)
    root = context.sqrt(context.divide(Decimal(squares.numerator), Decimal(squares.denominator)))
    exact = context.divide(root, context.divide(Decimal(total.numerator), Decimal(total.denominator)))
    found = combine(known)
    assert Decimal(found) - Decimal("0.5") - Decimal("1e-60") <= exact <= Decimal(found) + Decimal("0.5") + Decimal("1e-60")
    assert found <= max(half_width for _, half_width in known)
    assert combine(list(reversed(known))) == found


@given(st.integers(1, 10**4), st.integers(0, 1000))
def test_the_rounding_is_the_one_that_the_method_writes_down(total: int, half_width: int) -> None:
    # The greatest r with (2r - 1)² ≤ 4·Σ(q·u)² ÷ (Σq)², by counting; 0 where none has it.
    bound, expected = Fraction(4 * half_width**2, total**2), 0
    while (2 * (expected + 1) - 1) ** 2 <= bound:
        expected += 1
    assert combine([(Fraction(1), half_width), (Fraction(total - 1), 0)]) == expected


def test_a_records_own_half_width_comes_before_the_one_of_its_quality() -> None:
    text = f"{ROOT} heat.purchased 1 GJ"
    given_inputs = inputs(PERIOD, release=small_release())
    for own, quality, expected in ((None, 4, 1500), (750, 4, 750), (0, 5, 0)):
        records = (replace(record(text, PERIOD, quality=quality), uncertainty_bp=own),)
        statement = compute(replace(given_inputs, activity=replace(given_inputs.activity, records=records))).statement
        assert statement is not None
        assert statement.lines[0].uncertainty == LineUncertainty(expected, 200)


@pytest.mark.parametrize(
    ("text", "factor_bp"),
    [("travel.rail 1 pkm", 4200), ("fuel.natural_gas.stationary 1 m3", 1000), ("water.supply 1 m3", 2000), ("heat.purchased 1 GJ", 200)],
)
def test_a_factors_own_half_width_comes_before_the_one_of_its_confidence(text: str, factor_bp: int) -> None:
    assert computed(PERIOD, (f"{ROOT} {text}",), release=small_release()).lines[0].uncertainty.factor_bp == factor_bp
