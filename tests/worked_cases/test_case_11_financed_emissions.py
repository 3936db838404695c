"""Case 11: PCAF Part A, 2nd edition, tables 5-4 → 5-5 (the same in 5-8 → 5-9 and 5-12 → 5-13): three sectors attributed. Tolerance 0.

Attribution of forestry 10 %, industrial 25 %, energy 20 %; removals and credits are columns of their own, never netted.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ledger.accounting.financed.compute import compute_book
from ledger.accounting.methods import pcaf_2
from ledger.loans.book import Book
from tests.accounting.financed.scene import loan
from tests.worked_cases.command import attributed, bank

TONNE = 10**6
COLUMNS = ("s1_t", "s2_t", "s3_t", "removals_t", "credits_retired_t", "credits_generated_t")
NAMES = ("s1", "s2", "s3", "removals", "credits_retired", "credits_generated")
SECTORS = {  # attribution in per cent, then the columns in t
    "forestry": (10, (1_000, 100, 5_000, 20_000, 0, 5_000)),
    "industrial": (25, (20_000, 5_000, 30_000, 0, 25_000, 0)),
    "energy": (20, (5_000, 0, 10_000, 1_000, 5_000, 500)),
}
PORTFOLIO = (6_100, 1_260, 10_000, 2_200, 7_250, 600)


def test_the_portfolio_is_the_one_of_the_standard() -> None:
    rows = [
        replace(loan(percent, total_equity=60, total_debt=40, **dict(zip(COLUMNS, tonnes, strict=True))), exposure=sector, sector=sector)
        for sector, (percent, tonnes) in SECTORS.items()
    ]
    figures = compute_book(Book.of(rows), pcaf_2.Policies()).figures
    assert figures is not None
    total = figures.total
    grams = (total.s1_g, total.s2_g, total.s3_g, total.removals_g, total.credits_retired_g, total.credits_generated_g)
    assert grams == tuple(tonnes * TONNE for tonnes in PORTFOLIO)
    # The headline is S1 + S2: nothing is netted from it.
    assert total.s12_g == (6_100 + 1_260) * TONNE
    assert figures.sectors["industrial"].s12_g == 25_000 * TONNE // 4
    assert figures.sectors["forestry"].removals_g == 2_000 * TONNE


def test_the_command_gives_the_table_of_the_standard(tmp_path: Path) -> None:
    exposures = [
        {"id": sector, "outstanding": percent, "emissions": dict(zip(NAMES, tonnes, strict=True))}
        for sector, (percent, tonnes) in SECTORS.items()
    ]
    defaults = {"asset_class": "business_loan", "option": "1b", "equity_and_debt": 100}
    answer = attributed(tmp_path, bank(*exposures, defaults=defaults))
    found = answer["totals"]["tonnes"]
    assert [found[name] for name in NAMES] == [str(tonnes) for tonnes in PORTFOLIO]
    assert found["s12"] == "7360"
    assert [item["factor"]["percent"] for item in answer["exposures"]] == ["10", "25", "20"]
    assert answer["findings"] == []
