"""Draws in the ledger and in the verifier are two programs of one text; they agree, and every item is equally likely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.records import sampling
from verifier import sampling as other

CHI_SQUARE_999 = {6: 22.46, 9: 27.88, 63: 103.44}
"""Quantiles of chi-square at 99.9 % by degrees of freedom (tables)."""


def chi_square(counts: Sequence[int], expected: Sequence[Fraction]) -> float:
    return float(sum((count - wanted) ** 2 / wanted for count, wanted in zip(counts, expected, strict=True)))


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(1, 40), st.integers(1, 2**33))
def test_the_ledger_and_the_verifier_draw_the_same_items(seed: bytes, size: int, n: int) -> None:
    assert list(sampling.draw_sample(seed, size, n)) == other.draw_items(seed, size, n)


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(1, 40), st.lists(st.integers(0, 2**96), min_size=1, max_size=30).filter(any))
def test_the_ledger_and_the_verifier_draw_the_same_by_a_measure(seed: bytes, size: int, values: list[int]) -> None:
    drawn = sampling.draw_sample(seed, size, values)
    assert list(drawn) == other.draw_by_measure(seed, size, values)
    assert all(values[index] for index in drawn), "an item of value 0 is never drawn"


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_commitments_and_seeds_are_the_same_in_both(root: bytes, nonce: bytes, block: bytes) -> None:
    assert sampling.commitment_of(nonce) == other.commitment_of(nonce)
    assert sampling.seed_of(root, nonce, block) == other.seed_of(root, nonce, block)


def test_the_default_size_is_the_one_of_1_percent_at_95() -> None:
    assert sampling.SIZE_OF_1_PERCENT_AT_95 == other.sample_size(Fraction(1, 100), Fraction(95, 100)) == 299
    assert Fraction(99, 100) ** 299 <= Fraction(5, 100) < Fraction(99, 100) ** 298


@pytest.mark.parametrize("n", [7, 10, 64])
@pytest.mark.parametrize("seed", [bytes(32), bytes(range(32)), b"\xff" * 32])
def test_draws_by_item_are_uniform(seed: bytes, n: int) -> None:
    size = 200 * n
    counts = Counter(sampling.draw_sample(seed, size, n))
    assert chi_square([counts[index] for index in range(n)], [Fraction(size, n)] * n) < CHI_SQUARE_999[n - 1]


@pytest.mark.parametrize("seed", [bytes(32), bytes(range(32)), b"\xff" * 32])
def test_draws_by_a_measure_are_in_proportion_to_it(seed: bytes) -> None:
    values, size = [5, 10, 3, 40, 1, 7, 34], 10_000
    counts = Counter(sampling.draw_sample(seed, size, values))
    assert chi_square([counts[index] for index in range(7)], [Fraction(size * value, 100) for value in values]) < CHI_SQUARE_999[6]


@pytest.mark.parametrize("values", [0, [], [0, 0]])
def test_nothing_cannot_be_drawn_from(values: Sequence[int] | int) -> None:
    with pytest.raises(InputError, match="nothing to draw from"):
        sampling.draw_sample(bytes(32), 1, values)
