"""Reductions of green projects: a ledger of its own, never netted, and the rows of the 碳减排贷款 table (spec: method-pboc-2021 §5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ledger.accounting.financed.attributions import BookAttribution
from ledger.accounting.financed.sums import total
from ledger.loans.book import Book
from ledger.loans.exposure import Exposure


@dataclass(frozen=True)
class ReductionRow:
    """One green project: what the bank lent, all that was invested, what it saves a year and the bank's share of that; cents and grams.

    `row` counts from 1, as in findings. `balance_cents` is the balance that the method takes (outstanding, or the mean of the period).
    """

    row: int
    exposure: Exposure
    balance_cents: int
    total_investment_cents: int | None
    reduction_g: int
    share_g: int


def reduction_rows(book: Book, attribution: BookAttribution) -> Iterator[ReductionRow]:
    """Yield the calculated rows with a project's reduction, in the order of the book."""
    for index in np.flatnonzero(attribution.has_reduction).tolist():
        row = book.exposure(index)
        share = int(attribution.reduction[index])
        yield ReductionRow(index + 1, row, int(attribution.exposure[index]), row.total_investment, row.project_reduction_t or 0, share)


def sum_reductions(attribution: BookAttribution) -> tuple[int, int]:
    """Return the bank's share of all reductions in grams, and of how many rows."""
    return total(attribution.reduction), int(attribution.has_reduction.sum())
