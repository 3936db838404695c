"""What must hold of any exposures: holders share at most the whole, linearity in the balance, and no row knows of another."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.accounting.financed.vectorised import attribute_book
from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.loans.book import Book
from ledger.loans.exposure import Exposure
from tests.accounting.financed.scene import Maker, loan

cents = st.integers(0, 10**15)
grams = st.integers(0, 10**16)
PCAF = pcaf_2.Policies()


def exact(outstanding: int, equity: int, debt: int, emissions: int, **given: object) -> Exposure:
    return replace(loan(0), outstanding=outstanding, total_equity=equity, total_debt=debt, s12_t=emissions, **given)  # type: ignore[arg-type]


def attributed(rows: list[Exposure]) -> list[int]:
    found, notices = attribute_book(Book.of(rows), PCAF)
    assert not notices.has_errors
    return found.s12.tolist()


@settings(deadline=None)
@given(st.lists(cents, min_size=1, max_size=8), st.lists(cents, min_size=1, max_size=8), grams)
def test_all_who_hold_a_company_carry_its_emissions_once(equity: list[int], debt: list[int], emissions: int) -> None:
    of_equity, of_debt = sum(equity), sum(debt)
    rows = [exact(part, of_equity, of_debt, emissions, asset_class="unlisted_equity") for part in equity]
    rows += [exact(part, of_equity, of_debt, emissions) for part in debt]
    # Each part is rounded to the gram by itself, by at most half of one.
    if of_equity + of_debt:
        assert abs(sum(attributed(rows)) - emissions) <= len(rows) / 2


@settings(deadline=None)
@given(st.lists(cents, min_size=1, max_size=8), st.integers(-(10**15), 10**15), cents, grams)
def test_lenders_within_the_debt_of_a_company_never_carry_more_than_all(debts: list[int], equity: int, more: int, emissions: int) -> None:
    rows = [exact(part, equity, sum(debts) + more, emissions) for part in debts]
    if max(equity, 0) + sum(debts) + more:
        assert sum(attributed(rows)) <= emissions + len(rows) / 2


@settings(deadline=None)
@given(cents, cents, grams, st.integers(2, 9))
def test_attribution_is_linear_in_the_balance_up_to_rounding(part: int, more: int, emissions: int, times: int) -> None:
    rows = [exact(part, more, times * part + 1, emissions), exact(times * part, more, times * part + 1, emissions)]
    one, many = attributed(rows)
    assert abs(many - times * one) <= (times + 1) / 2


@settings(deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**13), min_size=1, max_size=12), grams, st.integers(1, 10**15))
def test_pboc_takes_the_mean_exactly_whatever_its_months(seed: int, months: list[int], emissions: int, revenue: int) -> None:
    row = replace(loan(None), months=tuple(months), s12_t=emissions, revenue=revenue)
    found, _ = attribute_book(Book.of([row, row]), pboc_2021.Policies())
    factor = min(Fraction(sum(months), len(months) * revenue), Fraction(1))
    assert found.s12.tolist() == [round(emissions * factor)] * 2
    assert found.exposure.tolist() == [round(Fraction(sum(months), len(months)))] * 2


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.permutations(range(12)))
def test_a_row_s_result_depends_on_no_other_row(seed: int, order: list[int]) -> None:
    rows = Maker(seed, 0.2).book(len(order))
    for policies in (PCAF, pboc_2021.Policies("mean_of_ends", exclude_small_micro=True)):
        found, said = attribute_book(Book.of(rows), policies)
        moved, said_moved = attribute_book(Book.of([rows[at] for at in order]), policies)
        for place, at in enumerate(order):
            assert moved.attribution(place) == found.attribution(at)
            assert said_moved.of_row(place) == said.of_row(at)
