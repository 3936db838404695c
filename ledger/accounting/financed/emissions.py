"""Emissions of a run of rows in whole grams, equal to the reference (spec: method-pcaf-2 §3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.accounting.financed.columns import Rows
from ledger.accounting.financed.division import TOO_LARGE, Bool, Int64, divide_half_even, multiply_divide
from ledger.accounting.financed.option_tables import ACTIVITY, ASSETS, DECLARED, REVENUE, TURNOVER, Chosen
from ledger.accounting.financed.said import Said
from ledger.accounting.methods.attribution import LIMIT
from ledger.accounting.methods.pcaf_2.emissions import CENTS_PER_GRAM, GRAMS_PER_KG
from ledger.loans.exposure import ASSET_CLASSES, DECIMALS

At = NDArray[np.intp]
_SOVEREIGN = ASSET_CLASSES.index("sovereign")
_FACTOR = 10 ** DECIMALS["sector_factor"]
_ACTIVITY_UNITS = 10 ** DECIMALS["activity"] * 10 ** DECIMALS["activity_factor"] // GRAMS_PER_KG
_TURNOVER_ZEROS = DECIMALS["asset_turnover"] + DECIMALS["sector_factor"] + 2  # 10 to this: both scales and cents per gram
_DIVISOR_ZEROS = 18  # 10^18 is the greatest power of ten that the fast division takes


@dataclass(frozen=True)
class GramColumns:
    """Scopes of a run in grams and where each is known; 0 where it is not."""

    s1: Int64
    s2: Int64
    s12: Int64
    s3: Int64
    has_s1: Bool
    has_s2: Bool
    has_s12: Bool
    has_s3: Bool

    @classmethod
    def unknown(cls, size: int) -> GramColumns:
        """Return columns in which nothing is known yet."""
        s1, s2, s12, s3 = (np.zeros(size, np.int64) for _ in range(4))
        has_s1, has_s2, has_s12, has_s3 = (np.zeros(size, np.bool_) for _ in range(4))
        return cls(s1, s2, s12, s3, has_s1, has_s2, has_s12, has_s3)

    def drop(self, where: Bool) -> None:
        """Forget every figure of the rows that `where` marks."""
        for grams in (self.s1, self.s2, self.s12, self.s3):
            grams[where] = 0
        for known in (self.has_s1, self.has_s2, self.has_s12, self.has_s3):
            known[where] = False


def find_emissions(rows: Rows, chosen: Chosen, balance: Int64, needed: Bool, said: Said) -> GramColumns:
    """Return E of every row by its option, saying of the rows `needed` what is missing or contradicts itself."""
    found = GramColumns.unknown(rows.size)
    from_activity = (chosen.source == ACTIVITY) & rows.known("activity")
    declared = (chosen.source == DECLARED) | ((chosen.source == ACTIVITY) & ~from_activity)
    _declared(rows, declared, needed, said, found)
    _of_activity(rows, from_activity, needed, said, found)
    _by_factor(
        rows, chosen.source == REVENUE, ("revenue", "sector_factor", "sector_factor_s3"), rows.values("revenue"), needed, said, found
    )
    _by_factor(rows, chosen.source == ASSETS, ("", "asset_factor", "asset_factor_s3"), balance, needed, said, found)
    of_turnover = ("asset_turnover", "sector_factor", "sector_factor_s3")
    _by_factor(rows, chosen.source == TURNOVER, of_turnover, balance, needed, said, found)
    if rows.has("s3_t"):
        counts = (declared | from_activity) & chosen.declared_s3 & rows.known("s3_t") & found.has_s12
        np.copyto(found.s3, rows.values("s3_t"), where=counts)
        found.has_s3[counts] = True
        said.add("FIGURE_UNUSED", "s3_t", needed & rows.known("s3_t") & ~chosen.declared_s3)
    if rows.has("process_t"):
        said.add("FIGURE_UNUSED", "process_t", needed & rows.known("process_t") & ~from_activity)
    too_large = found.has_s12 & ((found.s12 == TOO_LARGE) | (found.s3 == TOO_LARGE))
    if too_large.any():
        said.add("FIGURE_TOO_LARGE", "option", needed & too_large)
        found.drop(too_large)
    return found


def _declared(rows: Rows, where: Bool, needed: Bool, said: Said, found: GramColumns) -> None:
    if not where.any():
        return
    s1, s2, s12 = rows.values("s1_t"), rows.values("s2_t"), rows.values("s12_t")
    has_s1, has_s2, has_s12 = rows.known("s1_t"), rows.known("s2_t"), rows.known("s12_t")
    both, negative = has_s1 & has_s2, where & (s1 < 0)
    total = np.where(both, s1 + s2, s12)  # wraps below 0 where it is too large
    ambiguous = both & has_s12 & (total != s12)
    ambiguous |= has_s12 & ~both & ((has_s1 & (s12 < s1)) | (has_s2 & (s12 < s2)))
    alone = has_s1 & ~has_s2 & ~has_s12 & (rows.choice("asset_class") == _SOVEREIGN)
    unknown = ~both & ~has_s12 & ~alone
    wanted = needed & where & ~negative
    said.add("EMISSIONS_NEGATIVE", "s1_t", needed & negative)
    said.add("EMISSIONS_AMBIGUOUS", "s12_t", wanted & ambiguous)
    said.add("SCOPE2_UNKNOWN", "s2_t", wanted & alone)
    said.add("EMISSIONS_MISSING", "s1_t", wanted & unknown & ~has_s1)
    said.add("EMISSIONS_MISSING", "s2_t", wanted & unknown & has_s1)
    given = where & ~negative & ~ambiguous & ~unknown
    total = np.where(total < 0, TOO_LARGE, np.where(alone, s1, total))
    for grams, known, values, has in ((found.s1, found.has_s1, s1, has_s1), (found.s2, found.has_s2, s2, has_s2)):
        np.copyto(grams, values, where=given & has)
        known[given & has] = True
    np.copyto(found.s12, total, where=given)
    found.has_s12[given] = True


def _of_activity(rows: Rows, where: Bool, needed: Bool, said: Said, found: GramColumns) -> None:
    if not where.any():
        return
    ambiguous = where & (rows.known("s1_t") | rows.known("s2_t") | rows.known("s12_t"))
    missing = where & ~ambiguous & ~rows.known("activity_factor")
    said.add("EMISSIONS_AMBIGUOUS", "activity", needed & ambiguous)
    said.add("EMISSIONS_MISSING", "activity_factor", needed & missing)
    at = np.flatnonzero(where & ~ambiguous & ~missing)
    plus = rows.values("process_t")[at] if rows.has("process_t") else None
    units = np.full(at.size, _ACTIVITY_UNITS, np.int64)
    found.s12[at] = multiply_divide(rows.values("activity")[at], rows.values("activity_factor")[at], units, plus)
    found.has_s12[at] = True


def _by_factor(rows: Rows, where: Bool, columns: tuple[str, str, str], cents: Int64, needed: Bool, said: Said, found: GramColumns) -> None:
    if not where.any():
        return
    base, factor, factor_s3 = columns
    has_base = rows.known(base) if base else np.ones(rows.size, np.bool_)
    said.add("EMISSIONS_MISSING", base, needed & where & ~has_base)
    said.add("EMISSIONS_MISSING", factor, needed & where & has_base & ~rows.known(factor))
    at = np.flatnonzero(where & has_base & rows.known(factor))
    of_s3 = at[rows.known(factor_s3)[at]]
    found.s12[at], found.s3[of_s3] = (_grams(rows, base, cents, column, here) for column, here in ((factor, at), (factor_s3, of_s3)))
    found.has_s12[at], found.has_s3[of_s3] = True, True


def _grams(rows: Rows, base: str, cents: Int64, factor: str, at: At) -> Int64:
    if base != "asset_turnover":
        return multiply_divide(cents[at], rows.values(factor)[at], np.full(at.size, _FACTOR * CENTS_PER_GRAM, np.int64))
    turnover, turnover_zeros = _without_zeros(rows.values("asset_turnover")[at])
    per_revenue, factor_zeros = _without_zeros(rows.values(factor)[at])
    zeros = _TURNOVER_ZEROS - turnover_zeros - factor_zeros
    if zeros <= _DIVISOR_ZEROS and int(turnover.max(initial=0)) * int(per_revenue.max(initial=0)) < LIMIT:
        return multiply_divide(cents[at], turnover * per_revenue, np.full(at.size, 10**zeros, np.int64))
    found = np.empty(at.size, np.int64)
    for row, (balance, times, grams) in enumerate(zip(cents[at].tolist(), turnover.tolist(), per_revenue.tolist(), strict=True)):
        value = divide_half_even(balance * times * grams, 10**zeros)
        found[row] = value if value < LIMIT else TOO_LARGE
    return found


def _without_zeros(values: Int64) -> tuple[Int64, int]:
    """Return the column without the decimal zeros that all its figures end with, and how many those are."""
    common = int(np.gcd.reduce(values)) if values.size else 0
    zeros = 0
    while common and common % 10 == 0 and zeros < DECIMALS["sector_factor"]:
        common, zeros = common // 10, zeros + 1
    return values // 10**zeros, zeros
