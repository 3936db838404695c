"""Two printed numbers: a moved point, a slip of digits, or nothing of the kind."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.accounting.validators.digits import (
    MOVED_DIGIT,
    SWAPPED,
    WRONG_DIGIT,
    find_power_of_ten,
    find_slip,
    half_last_digit,
    rounded_like,
)

numbers = st.decimals(min_value=1000, max_value=10**9, places=2).map(lambda value: format(value, "f"))


@pytest.mark.parametrize(
    ("a", "b", "slip"),
    [
        ("11355.82", "13555.82", MOVED_DIGIT),  # HKEX 2025043002359
        ("487.2", "478.2", SWAPPED),
        ("22693.55", "22693.35", WRONG_DIGIT),
        ("487.2", "487.20", None),
        ("24065.13", "24203.13", None),  # Huishang FY2024, column 2023: no slip of one figure
        ("454", "545", None),  # too few digits to tell
        ("2400", "4200", None),  # zeros at the ends tell nothing
        ("1234", "12345", None),
        ("1234.5", "1432.5", None),
    ],
)
def test_published_pairs(a: str, b: str, slip: str | None) -> None:
    assert find_slip(a, b) == slip == find_slip(b, a)


def counting(text: str) -> int:
    """How many digits count: all but the zeros at both ends."""
    return len(text.replace(".", "").strip("0"))


@given(numbers, st.data())
def test_swapping_two_neighbours_is_found(text: str, data: st.DataObject) -> None:
    places = [index for index in range(len(text) - 1) if text[index] != text[index + 1] and "." not in text[index : index + 2]]
    assume(places)
    index = data.draw(st.sampled_from(places))
    turned = text[:index] + text[index + 1] + text[index] + text[index + 2 :]
    assume(min(counting(text), counting(turned)) >= 4)
    assert find_slip(text, turned) == SWAPPED


@given(numbers, st.data())
def test_one_wrong_digit_is_found(text: str, data: st.DataObject) -> None:
    index = data.draw(st.sampled_from([index for index, character in enumerate(text) if character != "."]))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != text[index]]))
    wrong = text[:index] + digit + text[index + 1 :]
    assume(min(counting(text), counting(wrong)) >= 4)
    assert find_slip(text, wrong) == WRONG_DIGIT


@given(st.integers(1, 10**9), st.integers(-6, 6))
def test_a_power_of_ten_is_found_whatever_the_number(number: int, power: int) -> None:
    value = Fraction(number, 100)
    assert find_power_of_ten(value * Fraction(10) ** power, value) == (power or None)


def test_the_slip_of_scope_3_is_seen_though_the_figure_was_restated_a_little() -> None:
    assert find_power_of_ten(Fraction("1119956.59"), Fraction("11196.56")) == 2
    assert find_power_of_ten(Fraction("1150000"), Fraction("11196.56")) is None


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False, allow_infinity=False), st.integers(0, 4))
def test_numbers_are_rounded_like_the_printed_one(value: Decimal, places: int) -> None:
    printed = "1" if places == 0 else "1." + "0" * places
    rounded = rounded_like(Fraction(value), printed)
    assert len(rounded.partition(".")[2]) == places
    assert abs(Fraction(rounded) - Fraction(value)) <= half_last_digit(printed)
