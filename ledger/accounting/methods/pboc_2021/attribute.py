"""Attribute emissions to one exposure, exactly (spec: method-pboc-2021 §2–6; the denominators are unverified)."""

from __future__ import annotations

from fractions import Fraction

from ledger.accounting.methods.attribution import LIMIT, Attribution, Emissions, Notice, Outcome
from ledger.accounting.methods.pboc_2021.balance import Balance, mean_balance
from ledger.accounting.methods.pboc_2021.policies import Policies
from ledger.accounting.methods.pcaf_2.attribute import attribute_figures, green_reduction
from ledger.accounting.methods.pcaf_2.emissions import find_emissions
from ledger.accounting.methods.pcaf_2.options import find_option, find_score
from ledger.loans.exposure import Exposure
from ledger.units import round_half_even

METHOD = "pboc_2021"
NOT_OF_METHOD = frozenset(("3b", "3c"))


def attribute(row: Exposure, policies: Policies) -> Outcome:
    """Return the bank's part of the emissions behind one exposure. Says everything that is wrong with the row at once."""
    notices: list[Notice] = []
    balance = mean_balance(row, policies.average, [] if row.exclude_reason else notices)
    cents = None if balance is None else round_half_even(balance.mean)
    if row.exclude_reason:
        return Outcome(None, row.exclude_reason, cents, ())
    if balance is None or cents is None:
        return Outcome(None, None, None, tuple(sorted(set(notices))))
    reason = policies.find_exclusion(row, balance)
    if reason is not None:
        return Outcome(None, reason, cents, ())
    option, score = find_option(row.asset_class, row.option), find_score(row.asset_class, row.option, row.option_2)
    refused = _refuse_option(row)
    if option is None or score is None or refused is not None:
        notices += [] if refused is None else [refused]
        return Outcome(None, None, cents, tuple(sorted(set(notices))))
    # A balance of 0 needs no denominator and no emissions: its part is 0 whatever they are.
    said = notices if balance.total else []
    emissions = find_emissions(row, option[1], cents, said)
    denominator, name = _find_denominator(row, balance, said)
    reduction = green_reduction(row, balance.mean, notices)
    if any(notice.severity == "error" for notice in notices):
        return Outcome(None, None, cents, tuple(sorted(set(notices))))
    if denominator is not None and balance.total > denominator:
        notices.append(Notice("ATTRIBUTION_CLIPPED", name))
    emissions = emissions or Emissions(None, None, None, None)
    factor = Fraction(0) if denominator is None else Fraction(min(balance.total, denominator), denominator)
    given = attribute_figures(row, emissions, factor, ledgers=True)
    score_s3 = None if emissions.s3_g is None else option[0]
    named = None if denominator is None else name
    attribution = Attribution(balance.total, denominator, named, emissions, given, score, score_s3, cents, reduction)
    return Outcome(attribution, None, cents, tuple(sorted(set(notices))))


def _refuse_option(row: Exposure) -> Notice | None:
    for column, option in (("option", row.option), ("option_2", row.option_2)):
        if option in NOT_OF_METHOD:
            return Notice("OPTION_NOT_OF_METHOD", column)
        if option is not None and find_option(row.asset_class, option) is None:
            return Notice("OPTION_NOT_OF_CLASS", column)
    return None


def _find_denominator(row: Exposure, balance: Balance, notices: list[Notice]) -> tuple[int | None, str]:
    """Return so many times the yearly figure as the balance has parts, or None where it is missing, and the column's name."""
    if row.use == "project":
        value, name = row.total_investment, "total_investment"
        if value is None and row.project_total is not None:
            value, name = row.project_total, "project_total"
    else:
        value, name = row.revenue, "revenue"
    if value is None or value <= 0:
        notices.append(Notice("DENOMINATOR_MISSING", name))
        return None, name
    if value * balance.parts >= LIMIT:
        notices.append(Notice("FIGURE_TOO_LARGE", name))
        return None, name
    return value * balance.parts, name
