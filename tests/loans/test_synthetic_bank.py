"""A made-up book of one bank: its branches, its planted borrowers, and nobody else above what they are worth."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ledger.loans.head import head_from_document
from ledger.loans.reading import read_columns
from ledger.loans.synthetic import make_head, make_rows
from ledger.loans.synthetic_bank import Planted, exposures_of, fit_to_bank

PLANTED = (Planted("甲公司", 80_000_000, 625), Planted("乙公司", 1_000, 400))


def test_planted_borrowers_owe_what_was_said_and_the_book_reads_without_an_error() -> None:
    frame = fit_to_bank(make_rows(3_000, 5), "oak", ("hq", "east"), PLANTED)
    reading = read_columns(frame, head_from_document(make_head(frame)))
    assert reading.book is not None
    assert set(reading.book.series("branch").cast(str).unique().to_list()) == {"hq", "east"}
    ids = exposures_of(frame, (item.name for item in PLANTED))
    rows = [row for row in reading.book.exposures() if row.exposure in ids]
    assert [row.borrower for row in rows] == ["甲公司", "乙公司"]
    for row, item in zip(rows, PLANTED, strict=True):
        assert row.outstanding is not None
        assert row.total_debt is not None
        assert row.total_equity is not None
        assert Fraction(row.outstanding, row.total_debt + row.total_equity) == Fraction(item.thousandths, 1000)


def test_no_other_borrower_has_two_loans_by_shares() -> None:
    plain, fitted = make_rows(3_000, 5), fit_to_bank(make_rows(3_000, 5), "oak", ("hq",), ())
    shares = np.isin(fitted["asset_class"].to_numpy(), ["business_loan", "corporate_bond", "listed_equity", "unlisted_equity"])
    before, after = plain["borrower"].to_numpy()[shares], fitted["borrower"].to_numpy()[shares]
    assert len(set(before)) < len(before)
    assert len(set(after)) == len(after)
