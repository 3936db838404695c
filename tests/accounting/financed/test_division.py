"""a × b ÷ d over columns against Python integers, which cannot be wrong."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ledger.accounting.financed.division import TOO_LARGE, divide_half_even, multiply_divide

LARGEST = 2**63 - 1
EDGES = [0, 1, 2, 3, 10, 99, 2**31, 2**32 - 1, 2**49, 2**50 - 1, 2**50, 2**52, 2**53, 2**53 + 1, 2**60, 2**61 - 1, 2**61, 2**62, LARGEST]
Column = NDArray[np.int64]


def columns(seed: int, rows: int) -> tuple[Column, Column, Column, Column]:
    """Columns a, b, d, plus of all magnitudes: uniform in the number of bits, neighbours of edges, ties, quotients at the bound."""
    rng = np.random.default_rng(seed)

    def any_size(low: int = 0) -> Column:
        bits = rng.integers(0, 63, rows)
        values = rng.integers(0, LARGEST, rows, endpoint=True) >> bits
        edges = np.array(EDGES)[rng.integers(0, len(EDGES), rows)]
        return np.maximum(np.where(rng.random(rows) < 0.05, edges, values), low)

    a, b, d, plus = any_size(), any_size(), any_size(1), any_size()
    kind = rng.integers(0, 5, rows)
    # As a book has them: a ≤ d; exact ties, a × b = (k + ½) × d; quotients around 2^50.
    a = np.where(kind == 0, a % d, a)
    half = rng.integers(1, 2**30, rows)
    a, d, b = np.where(kind == 1, half, a), np.where(kind == 1, 2 * half, d), np.where(kind == 1, b | 1, b)
    near = 2**50 + rng.integers(-3, 4, rows)
    a, b, d = np.where(kind == 2, near, a), np.where(kind == 2, d, b), d
    # Just below the quotient's bound with a divisor above its own.
    wide = rng.integers(2**60, LARGEST, rows)
    part = rng.integers(0, wide)
    a, b, d = np.where(kind == 4, part, a), np.where(kind == 4, 2**50 - rng.integers(0, 99, rows), b), np.where(kind == 4, wide, d)
    return a, b, d, np.where(kind == 3, plus, plus >> 20)


def exactly(a: Column, b: Column, d: Column, plus: Column | None) -> Column:
    addends = [0] * a.size if plus is None else plus.tolist()
    found = [divide_half_even(x * y + c * z, z) for x, y, z, c in zip(a.tolist(), b.tolist(), d.tolist(), addends, strict=True)]
    return np.array([value if value <= LARGEST else TOO_LARGE for value in found], np.int64)


@pytest.mark.parametrize("seed", range(4))
def test_no_row_of_50_000_is_off_the_exact_quotient(seed: int) -> None:
    a, b, d, plus = columns(seed, 50_000)
    assert np.array_equal(multiply_divide(a, b, d), exactly(a, b, d, None))
    assert np.array_equal(multiply_divide(a, b, d, plus), exactly(a, b, d, plus))


def test_the_reference_division_rounds_as_rationals_do() -> None:
    for numerator in range(200):
        for denominator in range(1, 12):
            assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@pytest.mark.parametrize(
    ("a", "b", "d", "plus", "expected"),
    [
        (1, 1, 2, 0, 0),
        (3, 1, 2, 0, 2),
        (1, 1, 2, 1, 2),  # 1.5, not 0 + 1
        (3, 1, 2, 1, 2),  # 2.5
        (5, 1, 2, LARGEST - 3, LARGEST - 1),  # 2.5 on top of an even number
        (LARGEST, LARGEST, LARGEST, 0, LARGEST),
        (LARGEST, 2, 1, 0, TOO_LARGE),
        (LARGEST, 1, 1, 1, TOO_LARGE),
        (LARGEST, 1, LARGEST, 0, 1),
        (0, LARGEST, LARGEST, 0, 0),
        (2**53 + 1, 1, 1, 0, 2**53 + 1),  # not a float64
    ],
)
def test_edges(a: int, b: int, d: int, plus: int, expected: int) -> None:
    one = [np.array([value], np.int64) for value in (a, b, d, plus)]
    assert multiply_divide(*one).tolist() == [expected]


def test_one_row_beyond_the_fast_bounds_leaves_the_others_exact() -> None:
    a, b, d = np.array([LARGEST, 1, 3]), np.array([LARGEST, 1, 7]), np.array([LARGEST, 2, 2])
    assert multiply_divide(a, b, d).tolist() == [LARGEST, 0, 10]


def test_no_rows_give_no_rows() -> None:
    nothing = np.zeros(0, np.int64)
    assert multiply_divide(nothing, nothing, nothing, nothing).size == 0


wide = st.integers(0, LARGEST)


@settings(deadline=None)
@given(wide, wide, st.integers(1, LARGEST), wide)
def test_any_row_is_the_exact_quotient(a: int, b: int, d: int, plus: int) -> None:
    one = [np.array([value], np.int64) for value in (a, b, d, plus)]
    assert multiply_divide(*one).tolist() == exactly(*one).tolist()
