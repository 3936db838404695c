"""Exact quantities: decimal strings in, rationals inside, integers out. The only rounding of the house is here."""

from __future__ import annotations

import re
from fractions import Fraction

from ledger.errors import InputError

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
MAX_DECIMAL_LENGTH = 60


def parse_decimal(text: str) -> Fraction:
    """Return the exact value of a decimal string such as `-12.50`.

    Raises:
        InputError: an exponent, a comma, a leading zero or plus, blanks, or more than 60 characters.
    """
    if len(text) > MAX_DECIMAL_LENGTH or not _DECIMAL.fullmatch(text):
        raise InputError("not a decimal string: expected digits with an optional dot, as 123.456")
    return Fraction(text)


def format_decimal(value: Fraction) -> str:
    """Return a rational as the shortest decimal string.

    Raises:
        InputError: the value has no finite decimal expansion.
    """
    denominator, twos, fives = value.denominator, 0, 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    if denominator != 1:
        raise InputError("the value has no finite decimal expansion")
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (digits if places == 0 else f"{digits[:-places]}.{digits[-places:]}")


def round_half_even(value: Fraction) -> int:
    """Return the integer nearest to `value`, ties to even: the one rounding of a line, to the gram."""
    return round(value)
