"""Case 13: PCAF Part A, 2nd edition, box 8: weighted data-quality scores of business loans. Published 3.03 and 3.53, tolerance 0.005.

The standard prints D as 108,977 in one denominator: a typing error without effect on two decimals.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from ledger.accounting.financed.compute import compute_book
from ledger.accounting.financed.portfolio import weighted_score
from ledger.accounting.methods import pcaf_2
from ledger.loans.book import Book
from tests.accounting.financed.scene import loan
from tests.worked_cases.command import attributed, bank

TOLERANCE = Fraction("0.005")
# Borrower: sector, outstanding, score, S1+2 attributed in kt.
LOANS = {
    "A": ("oil and gas", 522_425, 3, 15),
    "B": ("oil and gas", 187_449, 5, 7),
    "C": ("cattle", 82_778, 1, 8),
    "D": ("cattle", 108_997, 1, 11),
    "E": ("cattle", 67_556, 2, 7),
    "F": ("cattle", 54_762, 5, 5),
}
OPTION = {1: "1a", 2: "1b", 3: "2b", 5: "3b"}


def test_the_scores_are_the_published_ones() -> None:
    everything = weighted_score((outstanding, score) for _, outstanding, score, _ in LOANS.values())
    oil = weighted_score((outstanding, score) for sector, outstanding, score, _ in LOANS.values() if sector == "oil and gas")
    assert abs(everything - Fraction("3.03")) <= TOLERANCE
    assert abs(oil - Fraction("3.53")) <= TOLERANCE


def test_a_book_of_these_loans_has_the_published_scores_and_emissions() -> None:
    rows = []
    for name, (sector, outstanding, score, kilotonnes) in LOANS.items():
        # Options with a denominator: the bank holds all of it, so that what is emitted is what is attributed.
        figures: dict[str, object] = {"total_equity": 0, "total_debt": outstanding, "s12_t": kilotonnes * 1000}
        if score == 5:
            figures = {"asset_factor": Fraction(round(Fraction(kilotonnes * 1000 * 10**6, outstanding) * 10**10), 10**10)}
        rows.append(replace(loan(outstanding, option=OPTION[score], sector=sector, **figures), exposure=name, borrower=name))
    found = compute_book(Book.of(rows), pcaf_2.Policies()).figures
    assert found is not None
    assert found.total.score is not None
    assert found.sectors["oil and gas"].score is not None
    assert abs(found.total.score - Fraction("3.03")) <= TOLERANCE
    assert abs(found.sectors["oil and gas"].score - Fraction("3.53")) <= TOLERANCE
    assert found.total.score_s3 is None
    assert abs(found.total.s12_g - 53 * 10**9) <= 1


def test_the_command_gives_the_published_scores_from_exposures_and_from_scores_alone(tmp_path: Path) -> None:
    exposures = [
        {
            "id": name,
            "sector": sector,
            "outstanding": outstanding,
            "equity_and_debt": outstanding,
            "score": score,
            "s12_t": f"{kilotonnes} kt",
        }
        for name, (sector, outstanding, score, kilotonnes) in LOANS.items()
    ]
    items = [{"id": name, "outstanding": amount, "score": score, "sector": sector} for name, (sector, amount, score, _) in LOANS.items()]
    document = bank(*exposures, defaults={"asset_class": "business_loan"}, portfolio={"data_quality": items})
    answer = attributed(tmp_path, document)
    assert answer["totals"]["tonnes"]["s12"] == "53000"
    for found in (answer["totals"], answer["portfolio"]["data_quality"]):
        assert abs(Fraction(found["score"]) - Fraction("3.03")) <= TOLERANCE
    for sectors in (answer["sectors"], answer["portfolio"]["data_quality"]["sectors"]):
        (oil,) = (item["score"] for item in sectors if item["sector"] == "oil and gas")
        assert abs(Fraction(oil) - Fraction("3.53")) <= TOLERANCE
