"""Exact quantities."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.units import format_decimal, parse_decimal, round_half_even


@given(st.integers(-(10**30), 10**30), st.integers(0, 20))
def test_a_decimal_survives_writing_and_reading(digits: int, places: int) -> None:
    value = Fraction(digits, 10**places)
    assert parse_decimal(format_decimal(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_reading_and_rounding_agree_with_the_decimal_module(value: Decimal) -> None:
    text = format(value, "f")
    assert parse_decimal(text) == Fraction(text)
    assert round_half_even(parse_decimal(text)) == int(value.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


@pytest.mark.parametrize(("text", "shortest"), [("12.50", "12.5"), ("0.0", "0"), ("-0.125", "-0.125"), ("100", "100"), ("0.3", "0.3")])
def test_a_decimal_is_written_in_its_shortest_form(text: str, shortest: str) -> None:
    assert format_decimal(parse_decimal(text)) == shortest


@pytest.mark.parametrize("text", ["", "1,5", "1e3", "+1", "01", ".5", "5.", " 1", "1 ", "１", "NaN", "-", "1_000", "0x10", "1\n", "9" * 61])
def test_what_is_no_decimal_string_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_decimal(text)


def test_a_third_has_no_finite_expansion() -> None:
    with pytest.raises(InputError):
        format_decimal(Fraction(1, 3))


@pytest.mark.parametrize(("value", "rounded"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("-0.5", 0), ("-1.5", -2), ("2.500001", 3)])
def test_a_half_goes_to_the_even_gram(value: str, rounded: int) -> None:
    assert round_half_even(parse_decimal(value)) == rounded
