"""Case 28: the bank's share of a green project's reduction (《绿色信贷项目节能减排量测算指引》): reduction × balance ÷ total investment.

The source prints no complete example, so these are its properties: linear, at most the project's own, and so over all who lend.
"""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.accounting.financed.compute import compute_book
from ledger.accounting.financed.reductions import reduction_rows
from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.loans.book import Book
from ledger.loans.exposure import Exposure
from tests.accounting.financed.scene import loan
from tests.worked_cases.command import attributed, bank

TONNE = 10**6
yuan = st.integers(1, 10**9)
tonnes = st.integers(0, 10**6)


def project(balance: int, investment: int, reduction: int) -> Exposure:
    """A green project with the same balance at the year's end and at every month's end."""
    figures: dict[str, object] = {"total_investment": investment, "project_reduction_t": reduction, "project_total": investment}
    months = (balance * 100,) * 12
    return loan(balance, asset_class="project_finance", use="project", months=months, s12_t=0, green_field="clean_energy", **figures)


def share(balance: int, investment: int, reduction: int) -> int:
    """The bank's share in grams, the same by both methods for a balance that does not change."""
    row = project(balance, investment, reduction)
    by_method = [
        method.attribute(row, method.Policies()).attribution  # type: ignore[attr-defined]
        for method in (pcaf_2, pboc_2021)
    ]
    assert by_method[0].reduction_g == by_method[1].reduction_g
    return int(by_method[0].reduction_g)


def test_half_of_the_investment_carries_half_of_the_reduction() -> None:
    assert share(50, 100, 30) == 15 * TONNE


@settings(deadline=None)
@given(yuan, tonnes, st.integers(1, 9))
def test_a_share_is_linear_in_the_balance_up_to_rounding(part: int, reduction: int, times: int) -> None:
    investment = 10 * part
    assert abs(share(times * part, investment, reduction) - times * share(part, investment, reduction)) <= (times + 1) // 2


@settings(deadline=None)
@given(yuan, yuan, tonnes)
def test_a_share_is_at_most_the_project_s_reduction(balance: int, investment: int, reduction: int) -> None:
    assert 0 <= share(balance, investment, reduction) <= reduction * TONNE


@settings(deadline=None)
@given(st.lists(yuan, min_size=1, max_size=6), tonnes)
def test_all_lenders_together_share_at_most_the_project_s_reduction(balances: list[int], reduction: int) -> None:
    together = sum(share(balance, sum(balances), reduction) for balance in balances)
    # Each share is rounded to the gram by itself.
    assert abs(together - reduction * TONNE) <= len(balances) // 2


def test_the_table_of_the_projects_names_balance_investment_reduction_and_share() -> None:
    book = Book.of([project(50, 100, 30), loan(1, s12_t=1, total_equity=9, total_debt=9)])
    found = compute_book(book, pcaf_2.Policies())
    assert found.figures is not None
    (row,) = reduction_rows(book, found.attribution)
    assert (row.row, row.exposure.green_field, row.balance_cents, row.total_investment_cents) == (1, "clean_energy", 50_00, 100_00)
    assert (row.reduction_g, row.share_g) == (30 * TONNE, 15 * TONNE)
    assert (found.figures.reductions_g, found.figures.reduction_rows, found.figures.total.avoided_g) == (15 * TONNE, 1, 0)


def test_the_command_gives_the_same_share_by_both_methods_and_without_an_exposure(tmp_path: Path) -> None:
    loan_of_half = {"outstanding": "3 亿元", "mean_balance": "3 亿元", "total_investment": "6 亿元", "project_total": "6 亿元"}
    green = {"asset_class": "project_finance", "use": "project", "option": "1b", "s12_t": 0, "project_reduction_t": "30 万t"}
    item = {"reduction": "30 万t", "balance": "3 亿元", "total_investment": "6 亿元"}
    for method in ("pcaf_2", "pboc_2021"):
        document = bank({**loan_of_half, **green, "green_field": "clean_energy"}, method=method, portfolio={"reductions": [item]})
        answer = attributed(tmp_path, document)
        assert answer["exposures"][0]["reduction"]["tonnes"] == "150000"
        assert answer["reductions"] == {"g": str(150_000 * TONNE), "tonnes": "150000", "rows": 1}
        assert answer["portfolio"]["reductions"]["tonnes"] == "150000"
        assert answer["totals"]["tonnes"]["avoided"] == "0"
