"""Sums over rows that cannot wrap: halves of 32 bits are added apart and joined as Python integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ledger.accounting.financed.division import Int64

# Rows × 2^32 stays below 2^63, and so does each product of 21-bit limbs, 42 bits, times the rows of a run.
MAX_ROWS = 2**31
_LIMB, _RUN = 21, 2**20


def total(values: Int64) -> int:
    """Return the exact sum of a column of up to 2^31 rows."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def halves_of_groups(values: Int64, order: NDArray[np.intp], starts: NDArray[np.intp]) -> tuple[Int64, Int64]:
    """Return the exact sum of each group as upper × 2^32 + lower: `order` sorts the rows by group, `starts` says where each one begins.

    No group may be empty, and together they have at most 2^31 rows.
    """
    ordered = values[order]
    return np.add.reduceat(ordered >> 32, starts), np.add.reduceat(ordered & 0xFFFFFFFF, starts)


def sum_of_products(left: Int64, right: Int64) -> int:
    """Return the exact Σ left × right of two columns of figures of 0 or more."""
    found = 0
    for start in range(0, left.size, _RUN):
        for shift, one in _limbs(left[start : start + _RUN]):
            for other_shift, other in _limbs(right[start : start + _RUN]):
                found += int(np.dot(one, other)) << (shift + other_shift)
    return found


def _limbs(values: Int64) -> list[tuple[int, Int64]]:
    """Return the non-zero limbs of 21 bits, each with its shift."""
    mask = (1 << _LIMB) - 1
    limbs = [(shift, (values >> shift) & mask) for shift in (0, _LIMB, 2 * _LIMB)]
    return [(shift, limb) for shift, limb in limbs if limb.any()]
