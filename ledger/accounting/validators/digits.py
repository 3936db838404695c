"""How two printed numbers may be one number and a slip of the pen: a moved decimal point, two digits swapped, one digit wrong."""

from __future__ import annotations

from fractions import Fraction

from ledger.units import parse_decimal

LEAST_DIGITS = 4
GREATEST_POWER = 6
SLACK = Fraction(1, 100)
"""A moved point is still seen where the two numbers were also rounded or restated a little."""

SWAPPED = "two neighbouring digits swapped"
WRONG_DIGIT = "one digit differs"
MOVED_DIGIT = "one digit dropped and another repeated"


def find_power_of_ten(a: Fraction, b: Fraction, slack: Fraction = SLACK) -> int | None:
    """Return k with a ≈ b × 10^k (to 1 %, or to `slack`), k from ±1 to ±6, or None."""
    if a == 0 or b == 0 or (a > 0) != (b > 0):
        return None
    for power in (k for size in range(1, GREATEST_POWER + 1) for k in (size, -size)):
        if abs(a / (b * Fraction(10) ** power) - 1) <= slack:
            return power
    return None


def find_slip(a: str, b: str) -> str | None:
    """Return how two decimal strings of equally many digits differ by one slip, or None; at least four of the digits must count."""
    left, right = _digits(a, b)
    if left == right or len(left) != len(right) or min(len(text.strip("0")) for text in (left, right)) < LEAST_DIGITS:
        return None
    different = [index for index, pair in enumerate(zip(left, right, strict=True)) if pair[0] != pair[1]]
    first, last = different[0], different[-1]
    if len(different) == 1:
        return WRONG_DIGIT
    if len(different) == 2 and last == first + 1 and left[first] == right[last] and left[last] == right[first]:
        return SWAPPED
    # The same digits but for one that is left out here and one that is left out there.
    if len(left) > LEAST_DIGITS and (left[first + 1 : last + 1] == right[first:last] or left[first:last] == right[first + 1 : last + 1]):
        return MOVED_DIGIT
    return None


def rounded_like(value: Fraction, printed: str) -> str:
    """Return a number as it would be printed with as many decimals as `printed`."""
    places = len(printed.partition(".")[2])
    scaled = round(value * 10**places)
    digits = str(abs(scaled)).rjust(places + 1, "0")
    sign = "-" if scaled < 0 else ""
    return sign + (digits if places == 0 else f"{digits[:-places]}.{digits[-places:]}")


def half_last_digit(text: str) -> Fraction:
    """Return half of the last printed digit of a decimal string: what rounding it may have taken or added."""
    parse_decimal(text)
    return Fraction(1, 2 * 10 ** len(text.partition(".")[2]))


def _digits(a: str, b: str) -> tuple[str, str]:
    places = max(len(text.partition(".")[2]) for text in (a, b))
    texts = []
    for text in (a, b):
        whole, _, rest = text.removeprefix("-").partition(".")
        texts.append(whole + rest.ljust(places, "0"))
    return texts[0], texts[1]
