"""Case 25: a public examination question (pzacademy.com/qa/190838). Tolerance 0.001 × 10,000 t.

A: 60 of 12 million CNY, 1,000,000 t → 5 × 10,000 t. B: 40 of 13.333 million, 2,000,000 t → 6. Together 11, that is 110,000 t.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from ledger.accounting.financed.compute import compute_book
from ledger.accounting.methods import pcaf_2
from ledger.loans.book import Book
from tests.accounting.financed.scene import loan
from tests.worked_cases.command import attributed, bank

WAN = 10_000  # 万


def test_the_answer_is_110_000_tonnes() -> None:
    rows = (
        loan(60 * WAN, total_equity=700 * WAN, total_debt=500 * WAN, s12_t=100 * WAN),
        replace(loan(40 * WAN, total_equity=1_000_0000, total_debt=333_3000, s12_t=200 * WAN), exposure="E2", borrower="B2"),
    )
    figures = compute_book(Book.of(rows), pcaf_2.Policies()).figures
    assert figures is not None
    assert figures.total.rows == 2
    assert abs(Fraction(figures.total.s12_g, WAN * 10**6) - 11) <= Fraction("0.001")


def test_the_command_takes_the_question_as_it_is_printed(tmp_path: Path) -> None:
    a = {"id": "A", "outstanding": "60 万元", "equity_and_debt": "1200 万元", "s12_t": "100 万t"}
    b = {"id": "B", "outstanding": "40 万元", "equity_and_debt": "1333.3 万元", "s12_t": "200 万t"}
    answer = attributed(tmp_path, bank(a, b, defaults={"asset_class": "business_loan", "option": "1b"}))
    assert answer["exposures"][0]["attributed"]["tonnes"]["s12"] == "50000"
    assert abs(Fraction(answer["totals"]["tonnes"]["s12"]) / WAN - 11) <= Fraction("0.001")
