"""Round and write exact rationals."""

from __future__ import annotations

from fractions import Fraction


def round_half_even(value: Fraction) -> int:
    """Return the nearest integer, the even one at a half."""
    floor, rest = divmod(value.numerator, value.denominator)
    if 2 * rest < value.denominator:
        return floor
    if 2 * rest > value.denominator:
        return floor + 1
    return floor + (floor & 1)


def shortest_decimal(value: Fraction) -> str:
    """Return the shortest exact decimal of `value`, or p/q where there is none."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits
