"""The numerator: the mean balance of the period, kept as a sum and how many balances it is of (spec: method-pboc-2021 §1; unverified)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.methods.attribution import LIMIT, Notice
from ledger.loans.exposure import Exposure

MONTH_END, MEAN_OF_ENDS = "month_end", "mean_of_ends"
AVERAGES = (MONTH_END, MEAN_OF_ENDS)
MONTHS = 12
"""How many balances a guarantee without any counts as: of 0, but its denominator is kept as a multiple of them like every other."""


@dataclass(frozen=True)
class Balance:
    """Σ of balances in cents, of `parts` balances. For mean_of_ends every month counts with its two ends."""

    total: int
    parts: int

    @property
    def mean(self) -> Fraction:
        """Return the mean balance in cents."""
        return Fraction(self.total, self.parts)


def mean_balance(row: Exposure, average: str, notices: list[Notice]) -> Balance | None:
    """Return V, or None where a balance is unknown, which `notices` then say."""
    if row.instrument == "guarantee" and not row.called:
        notices.append(Notice("GUARANTEE_NOT_CALLED", "called"))
        return Balance(0, (len(row.months) or MONTHS) * (2 if average == MEAN_OF_ENDS else 1))
    if not row.months:
        notices.append(Notice("BALANCE_MISSING", "m01"))
        return None
    total, parts = sum(row.months), len(row.months)
    if average == MEAN_OF_ENDS:
        if row.m00 is None:
            notices.append(Notice("BALANCE_MISSING", "m00"))
            return None
        total, parts = row.m00 + 2 * total - row.months[-1], 2 * parts
    if total >= LIMIT:
        notices.append(Notice("FIGURE_TOO_LARGE", "m01"))
        return None
    return Balance(total, parts)
