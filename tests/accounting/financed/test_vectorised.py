"""Over a whole book every row equals the reference: figures, scores, exclusions and every notice."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import fields, replace

import numpy as np
import pytest

from ledger.accounting.financed import vectorised
from ledger.accounting.financed.compute import compute_book
from ledger.accounting.financed.methods import Policies, method_of
from ledger.accounting.financed.said import Notices
from ledger.accounting.financed.vectorised import attribute_book
from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.accounting.methods.attribution import GUARDS, Notice, Outcome
from ledger.errors import InputError
from ledger.loans.book import Book
from ledger.loans.exposure import Exposure
from tests.accounting.financed.scene import LARGEST, Maker, loan

POLICIES = (
    pcaf_2.Policies(),
    pboc_2021.Policies(),
    pboc_2021.Policies("mean_of_ends", True, True, True, True),
    pboc_2021.Policies("month_end", exclude_small_balance=True),
)
ROWS = 1_000


def outcomes_over_book(rows: list[Exposure], policies: Policies) -> list[Outcome]:
    """What the book path gives, in the reference's form."""
    found, said = attribute_book(Book.of(rows), policies)
    of_row: dict[int, list[Notice]] = defaultdict(list)
    for notice, numbers in said.by_notice.items():
        for number in numbers.tolist():
            of_row[number].append(notice)
    return [
        Outcome(
            found.attribution(number),
            found.reasons[found.excluded[number]] if found.excluded[number] >= 0 else None,
            int(found.exposure[number]) if found.has_exposure[number] else None,
            tuple(sorted(of_row[number])),
        )
        for number in range(len(rows))
    ]


def assert_as_reference(rows: list[Exposure], policies: Policies) -> list[Outcome]:
    attribute = method_of(policies).attribute
    expected = [attribute(row, policies) for row in rows]
    for row, got, wanted in zip(rows, outcomes_over_book(rows, policies), expected, strict=True):
        assert got == wanted, row
    return expected


@pytest.mark.parametrize("policies", POLICIES, ids=lambda item: f"{method_of(item).id}-{getattr(item, 'average', '')}")
@pytest.mark.parametrize("wild", [0.0, 0.03, 0.3])
def test_every_row_equals_the_reference(policies: Policies, wild: float) -> None:
    outcomes = assert_as_reference(Maker(seed=int(wild * 100), wild=wild).book(ROWS), policies)
    kinds = Counter("calculated" if item.attribution else "excluded" if item.excluded else "refused" for item in outcomes)
    assert kinds["calculated"] > ROWS // 5
    assert kinds["excluded"]
    assert kinds["refused"]


def test_the_made_up_rows_meet_every_guard_of_the_methods() -> None:
    met: set[str] = set()
    for policies in POLICIES[:3]:
        for seed, wild in ((0, 0.0), (3, 0.03), (30, 0.3)):
            attribute = method_of(policies).attribute
            met |= {notice.code for row in Maker(seed, wild).book(ROWS) for notice in attribute(row, policies).notices}
    # A negative S1 is a matter of sovereigns alone and has its own test.
    assert met == set(GUARDS) - {"EMISSIONS_NEGATIVE"}


def test_runs_of_rows_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectorised, "CHUNK", 7)
    assert_as_reference(Maker(5, 0.1).book(200), pcaf_2.Policies())


@pytest.mark.parametrize("months", [1, 3, 6, 11])
def test_books_of_part_of_a_year_have_as_many_parts(months: int) -> None:
    for policies in POLICIES[1:3]:
        assert_as_reference(Maker(months, 0.05, months).book(500), policies)


def test_an_empty_book_and_one_without_months_are_books() -> None:
    assert attribute_book(Book.of([]), pcaf_2.Policies())[0].rows == 0
    figures = compute_book(Book.of([]), pboc_2021.Policies()).figures
    assert figures is not None
    assert (figures.total.rows, figures.classes, figures.waci, figures.total_cents) == (0, {}, None, 0)
    assert_as_reference([loan(5, s12_t=1, revenue=9)], pboc_2021.Policies())


def test_a_negative_balance_of_a_caller_is_refused() -> None:
    with pytest.raises(InputError, match="outstanding"):
        attribute_book(Book.of([loan(-1, s12_t=1, evic=9)]), pcaf_2.Policies())


def test_rows_that_are_not_calculated_are_zero_in_every_column_but_their_exposure() -> None:
    rows = Maker(8, 0.2).book(1_500)
    for policies in POLICIES[:3]:
        found, _ = attribute_book(Book.of(rows), policies)
        out = ~found.calculated
        assert out.sum() > 300
        for item in fields(found):
            column = getattr(found, item.name)
            if item.name not in ("reasons", "excluded", "exposure", "has_exposure"):
                assert not column[out].any(), item.name


def test_contradicting_emissions_behind_a_balance_of_0_stay_unknown() -> None:
    (outcome,) = assert_as_reference([loan(0, s1_t=1, s2_t=1, s12_t=3, total_equity=1, total_debt=1)], pcaf_2.Policies())
    assert outcome.attribution is not None
    assert (outcome.attribution.emissions.s12_g, outcome.attribution.attributed.s12_g) == (None, 0)


def test_the_order_of_rows_changes_no_figure_and_no_row() -> None:
    rows = [row for row in Maker(11, 0.02).book(2_000) if pcaf_2.attribute(row, pcaf_2.Policies()).attribution]
    shuffled = list(rows)
    random.Random(4).shuffle(shuffled)
    one, other = (compute_book(Book.of(order), pcaf_2.Policies()) for order in (rows, shuffled))
    assert one.figures is not None
    assert one.figures == other.figures
    place = {row.exposure: number for number, row in enumerate(shuffled)}
    assert all(one.attribution.attribution(at) == other.attribution.attribution(place[row.exposure]) for at, row in enumerate(rows))


def test_findings_name_row_and_column_and_what_was_got() -> None:
    rows = [loan(50, s12_t=1, total_equity=40, total_debt=60), loan(50, s12_t=1, total_equity=-40, total_debt=20)]
    found = compute_book(Book.of(rows), pcaf_2.Policies()).findings(Book.of(rows))
    assert [(item.code, item.severity, item.place, item.got) for item in found] == [
        ("ATTRIBUTION_CLIPPED", "warning", "row 2 column total_equity+total_debt", None),
        ("EQUITY_NEGATIVE", "info", "row 2 column total_equity", "-4000"),
    ]


def test_a_thousand_findings_of_one_code_are_listed_and_the_rest_counted() -> None:
    rows = [replace(loan(5, evic=9, listed=True), exposure=f"E{number}") for number in range(1_200)]
    book = Book.of(rows)
    found = compute_book(book, pcaf_2.Policies()).findings(book)
    assert len(found) == 1_001
    assert [item.place for item in found[:2]] == ["row 1 column s1_t", "row 2 column s1_t"]
    assert (found[-1].place, found[-1].got, found[-1].code) == ("book", "1200 rows", "EMISSIONS_MISSING")


def test_notices_of_one_row_with_the_same_name_count_once() -> None:
    row = loan(None, use="project", total_investment=5, project_reduction_t=1, s12_t=1, months=(700,))
    _, said = attribute_book(Book.of([row]), pboc_2021.Policies())
    assert said.by_notice[Notice("ATTRIBUTION_CLIPPED", "total_investment")].tolist() == [0]
    assert isinstance(said, Notices)


def test_figures_at_the_limit_do_not_wrap() -> None:
    rows = [
        replace(loan(0, listed=True), outstanding=LARGEST, evic=LARGEST, s12_t=LARGEST, exposure="whole"),
        replace(loan(0, listed=True), outstanding=LARGEST - 1, evic=LARGEST, s12_t=LARGEST, exposure="all but a cent"),
        replace(loan(0), outstanding=1, total_equity=LARGEST, total_debt=1, s12_t=1, exposure="a denominator of 2^63"),
        replace(loan(0), outstanding=1, total_equity=9, total_debt=1, s1_t=LARGEST, s2_t=1, exposure="emissions of 2^63"),
    ]
    whole, less, wide, sum_of_two = assert_as_reference(rows, pcaf_2.Policies())
    assert whole.attribution is not None
    assert less.attribution is not None
    assert (whole.attribution.attributed.s12_g, less.attribution.attributed.s12_g) == (LARGEST, LARGEST - 1)
    assert [item.notices[0].code for item in (wide, sum_of_two)] == ["FIGURE_TOO_LARGE", "FIGURE_TOO_LARGE"]
    # Three rows of the largest figure: more than 64 bits.
    heavy = [replace(rows[0], exposure=f"E{number}") for number in range(3)]
    figures = compute_book(Book.of(heavy), pcaf_2.Policies()).figures
    assert figures is not None
    assert (figures.total.s12_g, figures.total.exposure_cents, figures.total.weighted) == (3 * LARGEST, 3 * LARGEST, 6 * LARGEST)
    assert np.iinfo(np.int64).max == LARGEST
