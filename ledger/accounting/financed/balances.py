"""Numerators of a run of rows, for both methods, equal to the reference of each (spec: method-pcaf-2 §1, method-pboc-2021 §1, §6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ledger.accounting.financed.columns import Codes, Rows
from ledger.accounting.financed.division import TOO_LARGE, Bool, Int64, multiply_divide
from ledger.accounting.financed.said import Said
from ledger.accounting.methods import pboc_2021
from ledger.accounting.methods.attribution import LIMIT
from ledger.accounting.methods.pboc_2021 import policies as pboc
from ledger.accounting.methods.pboc_2021.balance import MEAN_OF_ENDS, MONTHS
from ledger.loans.exposure import ASSET_CLASSES, INSTRUMENTS, USES

_GUARANTEE, _UNLISTED, _GENERAL = INSTRUMENTS.index("guarantee"), ASSET_CLASSES.index("unlisted_equity"), USES.index("general")
EXCLUSIONS = (pboc.SHORT_LIFE, pboc.SMALL_BALANCE, pboc.NATURAL_PERSON, pboc.SMALL_MICRO)
KEPT = -1


@dataclass(frozen=True)
class Balances:
    """Σ of balances and how many they are, the exposure in cents, where they are known (0 elsewhere), and a policy's exclusions.

    `excluded` numbers the reasons EXCLUSIONS, -1 where the row stays.
    """

    total: Int64
    parts: Int64
    exposure: Int64
    known: Bool
    excluded: Codes


def outstanding(rows: Rows, among: Bool, said: Said) -> Balances:
    """Return N of pcaf_2, saying of the rows `among` what is wrong with it."""
    uncalled = (rows.choice("instrument") == _GUARANTEE) & ~rows.flag("called")
    said.add("GUARANTEE_NOT_CALLED", "called", among & uncalled)
    total, known = rows.values("outstanding"), rows.known("outstanding")
    if uncalled.any():
        total, known = np.where(uncalled, 0, total), known | uncalled
    if not known.all():
        total, known = _from_shares(rows, among, said, total, known)
    return Balances(total, np.ones(rows.size, np.int64), total, known, np.full(rows.size, KEPT, np.intp))


def _from_shares(rows: Rows, among: Bool, said: Said, total: Int64, known: Bool) -> tuple[Int64, Bool]:
    shares, all_shares, equity = rows.values("shares"), rows.values("total_shares"), rows.values("total_equity")
    given = rows.known("shares") & rows.known("total_shares") & rows.known("total_equity")
    from_shares = ~known & given & (rows.choice("asset_class") == _UNLISTED)
    said.add("BALANCE_MISSING", "outstanding", among & ~known & ~from_shares)
    wrong = from_shares & ((all_shares <= 0) | (shares > all_shares))
    said.add("SHARES_ABOVE_TOTAL", "shares", among & wrong)
    from_shares &= ~wrong
    said.add("EQUITY_NEGATIVE", "total_equity", among & from_shares & (equity < 0))
    at = np.flatnonzero(from_shares)
    total = np.where(known, total, 0)
    total[at] = multiply_divide(np.maximum(equity[at], 0), shares[at], all_shares[at])
    return total, known | from_shares


def mean_balance(rows: Rows, months: tuple[str, ...], policies: pboc_2021.Policies, among: Bool, said: Said) -> Balances:
    """Return V of pboc_2021 as a sum and its parts, saying of the rows `among` that stay what is wrong with it."""
    uncalled = (rows.choice("instrument") == _GUARANTEE) & ~rows.flag("called")
    weights = dict.fromkeys(months, 1)
    if policies.average == MEAN_OF_ENDS and months:
        weights = {"m00": 1, **dict.fromkeys(months, 2), months[-1]: 1}
    total, too_large = _weighted_sum(rows, weights)
    known = np.full(rows.size, bool(months))
    for name in months:
        known &= rows.known(name)
    start_unknown = known & ~rows.known("m00") if policies.average == MEAN_OF_ENDS else np.zeros(rows.size, np.bool_)
    too_large &= known & ~start_unknown & ~uncalled
    usable = (known & ~start_unknown & ~too_large) | uncalled
    total = np.where(usable & ~uncalled, total, 0)
    of_none = MONTHS * (2 if policies.average == MEAN_OF_ENDS else 1)
    parts = np.full(rows.size, sum(weights.values()) if months else of_none)
    excluded = np.where(usable & among, _exclusions(rows, policies, total, parts), KEPT)
    stays = among & (excluded == KEPT)
    said.add("GUARANTEE_NOT_CALLED", "called", stays & uncalled)
    said.add("BALANCE_MISSING", "m01", stays & ~known & ~uncalled)
    said.add("BALANCE_MISSING", "m00", stays & start_unknown & ~uncalled)
    said.add("FIGURE_TOO_LARGE", "m01", stays & too_large)
    exposure = multiply_divide(total, np.ones(rows.size, np.int64), parts)
    return Balances(total, parts, exposure, usable, excluded)


def _weighted_sum(rows: Rows, weights: dict[str, int]) -> tuple[Int64, Bool]:
    """Return Σ weight × column, and where it is 2^63 or more."""
    high, low = np.zeros(rows.size, np.int64), np.zeros(rows.size, np.int64)
    for name, weight in weights.items():
        values = rows.values(name)
        high += (values >> 32) * weight
        low += (values & 0xFFFFFFFF) * weight
    high += low >> 32
    too_large = high >= LIMIT >> 32
    return np.where(too_large, TOO_LARGE, (high << 32) + (low & 0xFFFFFFFF)), too_large


def _exclusions(rows: Rows, policies: pboc_2021.Policies, total: Int64, parts: Int64) -> Codes:
    general = rows.choice("use") == _GENERAL
    rules = (
        policies.exclude_short_life and rows.known("life_days") & (rows.values("life_days") < pboc.SHORT_LIFE_DAYS),
        policies.exclude_small_balance and total < pboc.SMALL_BALANCE_CENTS * parts,
        policies.exclude_natural_person and rows.flag("natural_person") & general,
        policies.exclude_small_micro and rows.flag("small_micro") & general,
    )
    found = np.full(rows.size, KEPT, np.intp)
    for reason in range(len(rules) - 1, -1, -1):
        found = np.where(rules[reason], reason, found)
    return found
