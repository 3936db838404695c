"""a × b ÷ d over whole columns, exactly, half-even: a float64 guess, its remainder in arithmetic modulo 2^64, at most one step.

Why this is exact. Let x = a·b ÷ d be the true quotient and g the float64 guess of it. g comes from three conversions, one division
and one product, each within 2^-53 of its true result, so |g − x| < 6 · 2^-53 · x < 0.75 while x < 2^50. Rounding g to an integer q adds at
most 0.5: |q − x| < 1.25, and the remainder r = a·b − q·d is within 1.25·d. With d < 2^61 twice of it is below 2^63, so r, computed modulo
2^64, is the true remainder, and q is at most one step from the nearest integer. Rows outside these bounds are done with Python integers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ledger.accounting.methods.attribution import LIMIT

Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]
TOO_LARGE = -1
RUN = 16_384  # rows; what the division needs of them stays in the processor's cache
_QUOTIENT_BOUND = float(2**50)
_DIVISOR_BOUND = 2**61
_ADDEND_BOUND = 2**62


class Quotient:
    """a ÷ d of every row, to be multiplied by columns: 0 ≤ a < 2^63, 0 < d < 2^63."""

    def __init__(self, a: Int64, d: Int64) -> None:
        self._a, self._d = a, d
        self._ratio = a / d
        self._wide = bool(d.size) and int(d.max()) >= _DIVISOR_BOUND

    def times(self, b: Int64, plus: Int64 | None = None) -> Int64:
        """Return round(a × b ÷ d + plus), half-even; -1 where that is 2^63 or more. 0 ≤ b, plus < 2^63."""
        guess = self._ratio * b
        beyond: Bool | None = None
        if (
            self._wide
            or (guess.size and float(guess.max()) >= _QUOTIENT_BOUND)
            or (plus is not None and int(plus.max(initial=0)) >= _ADDEND_BOUND)
        ):
            beyond = (guess >= _QUOTIENT_BOUND) | (self._d >= _DIVISOR_BOUND)
            if plus is not None:
                beyond |= plus >= _ADDEND_BOUND
            guess = np.where(beyond, 0.0, guess)
        np.rint(guess, out=guess)
        found = guess.astype(np.int64)
        # Unsigned, because wrapping is defined there.
        product = self._a.view(np.uint64) * b.view(np.uint64)
        product -= found.view(np.uint64) * self._d.view(np.uint64)
        twice = product.view(np.int64)
        twice <<= 1
        odd = (found if plus is None else found + plus) & 1
        # At a tie the even neighbour wins: an odd number gives way, an even one stays.
        step = (twice + odd > self._d).view(np.int8) - (twice - odd < -self._d).view(np.int8)
        found += step
        if plus is not None:
            found += plus
        if beyond is not None:
            self._exactly(np.flatnonzero(beyond), b, plus, found)
        return found

    def _exactly(self, rows: NDArray[np.intp], b: Int64, plus: Int64 | None, found: Int64) -> None:
        addends = [0] * len(rows) if plus is None else plus[rows].tolist()
        for row, a, factor, d, addend in zip(
            rows.tolist(), self._a[rows].tolist(), b[rows].tolist(), self._d[rows].tolist(), addends, strict=True
        ):
            value = divide_half_even(a * factor + addend * d, d)
            found[row] = value if value < LIMIT else TOO_LARGE


def multiply_divide(a: Int64, b: Int64, d: Int64, plus: Int64 | None = None) -> Int64:
    """Return round(a × b ÷ d + plus) for every row, half-even; -1 where that is 2^63 or more. 0 ≤ a, b, plus < 2^63, 0 < d < 2^63."""
    if a.size <= RUN:
        return Quotient(a, d).times(b, plus)
    found = np.empty(a.size, np.int64)
    for start in range(0, a.size, RUN):
        run = slice(start, start + RUN)
        found[run] = Quotient(a[run], d[run]).times(b[run], None if plus is None else plus[run])
    return found


def divide_half_even(numerator: int, denominator: int) -> int:
    """Return the integer nearest to a rational of 0 or more, ties to even, with Python integers of any size."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))
