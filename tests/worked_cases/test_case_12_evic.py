"""Case 12: PCAF Part A, 2nd edition, box 5: with cash deducted shareholders and lenders hold 125 % of a company, with EVIC 100 %.

Equity 50, debt 50, cash 20: enterprise value without cash 80 → 62.5 % + 62.5 % (printed 63 %), EVIC 100 → 50 % + 50 %. Tolerance 0.005.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from ledger.accounting.financed.portfolio import enterprise_value_including_cash
from tests.accounting.financed.scene import loan, pcaf
from tests.worked_cases.command import attributed, bank, codes

EQUITY, DEBT, CASH = 50, 50, 20
EMISSIONS = 10**6


def held(value: Fraction) -> tuple[Fraction, Fraction]:
    """The parts of shareholders and lenders of a listed company of that value, by the method."""
    company = {"evic": value, "listed": True, "s12_t": EMISSIONS}
    equity = pcaf(loan(EQUITY, asset_class="listed_equity", **company))
    debt = pcaf(loan(DEBT, asset_class="corporate_bond", **company))
    return tuple(Fraction(part.attributed.s12_g, EMISSIONS * 10**6) for part in (equity, debt))  # type: ignore[return-value]


def test_evic_does_not_deduct_cash_and_everything_is_held_once() -> None:
    evic = enterprise_value_including_cash(ordinary=Fraction(EQUITY), preferred=Fraction(0), debt=Fraction(DEBT), minority=Fraction(0))
    assert evic == 100
    assert held(evic) == (Fraction(1, 2), Fraction(1, 2))


def test_with_cash_deducted_more_than_the_company_would_be_held() -> None:
    equity, debt = held(Fraction(EQUITY + DEBT - CASH))
    assert (equity, debt) == (Fraction(5, 8), Fraction(5, 8))
    assert abs(equity - Fraction("0.63")) <= Fraction("0.005")


def holders(**company: object) -> dict[str, object]:
    """A file in which shareholders and lenders of one listed company hold everything."""
    listed = {"borrower": "C", "listed": True, "option": "1a", "s12_t": EMISSIONS, **company}
    shares = {"id": "shares", "borrower": "C", "asset_class": "listed_equity", "outstanding": EQUITY}
    bonds = {"id": "bonds", "borrower": "C", "asset_class": "corporate_bond", "outstanding": DEBT}
    return bank(shares, bonds, companies=[listed])


def test_the_command_deducts_no_cash(tmp_path: Path) -> None:
    answer = attributed(tmp_path, holders(evic={"ordinary": EQUITY, "debt": DEBT, "cash": CASH}))
    assert [item["factor"]["percent"] for item in answer["exposures"]] == ["50", "50"]
    assert answer["totals"]["tonnes"]["s12"] == str(EMISSIONS)
    assert codes(answer) == []


def test_the_command_says_where_more_than_the_company_is_held(tmp_path: Path) -> None:
    answer = attributed(tmp_path, holders(evic=EQUITY + DEBT - CASH))
    assert [item["factor"]["percent"] for item in answer["exposures"]] == ["62.5", "62.5"]
    assert codes(answer) == ["ATTRIBUTION_ABOVE_ONE"]
