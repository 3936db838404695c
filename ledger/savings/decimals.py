"""Ratios and square roots as decimals of stated digits, by integers alone."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from ledger.units import format_decimal, round_half_even

PLACES = 6


def decimal(value: Fraction, places: int = PLACES) -> str:
    """Return `value` rounded half to even to `places` digits, as a decimal string without trailing zeros."""
    return format_decimal(Fraction(round_half_even(value * 10**places), 10**places))


def square_root(value: Fraction, places: int = PLACES) -> Fraction:
    """Return the square root of a rational ≥ 0, cut to `places` digits behind the point."""
    scaled = value * 10 ** (2 * places)
    return Fraction(isqrt(scaled.numerator // scaled.denominator), 10**places)
