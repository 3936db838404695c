"""Uncertainties of a line against decimals of sixty digits, and where they are 0 or a tie."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import evidence as ev
from tests.verifier.test_method import bare, lines_of, record
from verifier.library_reader import read_library
from verifier.operational_1 import Line
from verifier.quantities import Source
from verifier.uncertainty import activity_bp

LIBRARY = read_library(ev.library())
values = st.decimals(min_value=0, max_value=10**6, places=4, allow_nan=False, allow_infinity=False)


def sources(*pairs: tuple[str, int | None]) -> list[Source]:
    return [Source("activity", f"r{i}", Fraction(value), 2, bp) for i, (value, bp) in enumerate(pairs)]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(values, st.integers(0, 100_000)), min_size=1, max_size=6))
def test_the_root_of_squares_is_exact_to_the_nearest_basis_point(pairs: list[tuple[object, int]]) -> None:
    texts = [(str(value), bp) for value, bp in pairs]
    if any(Fraction(value) for value, _ in texts):
        assert activity_bp(sources(*texts), LIBRARY) == ev.quadrature(texts)
    else:
        assert activity_bp(sources(*texts), LIBRARY) == max(bp for _, bp in texts)


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        ([("5", 300)], 300),
        ([("1", 300), ("1", 400)], 250),
        ([("-1", 300), ("1", 400)], 250),  # what is taken off is as uncertain as what is added
        ([("1", 3), ("1", 0)], 2),  # 1.5: half upwards
        ([("1", 1), ("1", 0)], 1),  # 0.5
        ([("1", 1), ("1.001", 0)], 0),  # just below 0.5
        ([("1", 0)], 0),
        ([("0", 7), ("0", 9)], 9),
        ([("1", None)], ev.ACTIVITY_BP[2]),
        ([("1" * 100, 300), ("1" * 100, 400)], 250),
    ],
)
def test_sources_combine_by_quadrature(pairs: list[tuple[str, int | None]], wanted: int) -> None:
    assert activity_bp(sources(*pairs), LIBRARY) == wanted


def test_a_lines_factor_uncertainty_is_its_own_or_that_of_its_confidence() -> None:
    records = [record("water.supply", "1", "m3"), {**record("gas.natural", "1", "m3"), "id": "r2"}]
    lines = lines_of(bare(records=records))
    found = {key[1]: line.factor_bp for key, line in lines.items() if isinstance(line, Line)}
    assert found == {"water.supply": 4000, "gas.natural": ev.FACTOR_BP}
