"""Sums of a book by every key, against sums of the reference's rows; WACI; sums that would wrap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.accounting.financed import sums
from ledger.accounting.financed.blocks import Block
from ledger.accounting.financed.compute import BookFigures, Excluded, compute_book
from ledger.accounting.financed.methods import Policies, method_of
from ledger.accounting.financed.portfolio import weighted_score
from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.accounting.methods.attribution import Attribution
from ledger.errors import InputError
from ledger.loans.book import Book
from ledger.loans.exposure import Exposure
from ledger.loans.head import Head, LedgerFigure
from tests.accounting.financed.scene import LARGEST, Maker, loan

KEYS: dict[str, Callable[[Exposure], str | None]] = {
    "classes": lambda row: row.asset_class,
    "sectors": lambda row: row.sector,
    "branches": lambda row: row.branch,
    "high_carbon": lambda row: row.high_carbon,
    "options": lambda row: row.option,
    "uses": lambda row: row.use,
}


def block_of(found: Attribution) -> Block:
    a, score_s3 = found.attributed, found.score_s3 or 0
    with_s3 = found.exposure_cents if score_s3 else 0
    scopes = (a.s1_g or 0, a.s2_g or 0, a.s12_g, a.s3_g or 0, int(score_s3 > 0), with_s3)
    ledgers = (a.removals_g, a.avoided_g, a.credits_retired_g, a.credits_generated_g)
    return Block(1, found.exposure_cents, *scopes, *ledgers, found.exposure_cents * found.score_s12, found.exposure_cents * score_s3)


def waci_of(rows: list[tuple[Exposure, Attribution]]) -> tuple[int, int]:
    """WACI as its page says it: each intensity to a millionth, then the mean to a millionth."""
    weights = [
        (found.exposure_cents, round(Fraction(found.emissions.s12_g * 10**8, row.revenue)))
        for row, found in rows
        if row.revenue and found.denominator_cents and found.emissions.s12_g is not None
    ]
    weights = [(cents, intensity) for cents, intensity in weights if intensity < 2**63]
    covered = sum(cents for cents, _ in weights)
    return round(Fraction(sum(cents * intensity for cents, intensity in weights), covered)), covered


@pytest.mark.parametrize("policies", [pcaf_2.Policies(), pboc_2021.Policies(exclude_small_micro=True)], ids=["pcaf", "pboc"])
def test_blocks_and_ratios_are_the_sums_of_the_reference_s_rows(policies: Policies) -> None:
    attribute = method_of(policies).attribute
    outcomes = [(row, attribute(row, policies)) for row in Maker(21, 0.02).book(2_000)]
    outcomes = [(row, outcome) for row, outcome in outcomes if outcome.attribution or outcome.excluded]
    figures = figures_of([row for row, _ in outcomes], policies)
    rows = [(row, outcome.attribution) for row, outcome in outcomes if outcome.attribution is not None]
    assert len(rows) > 800
    assert figures.total == Block.sum(block_of(found) for _, found in rows)
    for name, key in KEYS.items():
        expected: dict[str, Block] = defaultdict(Block)
        for row, found in rows:
            if key(row):
                expected[str(key(row))] += block_of(found)
        assert getattr(figures, name) == dict(expected), name
        assert list(getattr(figures, name)) == sorted(expected, key=str.encode), name
    reasons = defaultdict(list)
    for _, outcome in outcomes:
        if outcome.excluded:
            reasons[outcome.excluded].append(outcome.exposure_cents or 0)
    assert figures.excluded == tuple(Excluded(reason, len(cents), sum(cents)) for reason, cents in sorted(reasons.items()))
    assert figures.covered_cents == figures.total.exposure_cents
    assert figures.total_cents == sum(outcome.exposure_cents or 0 for _, outcome in outcomes)
    assert figures.unknown_exposure == sum(outcome.exposure_cents is None for _, outcome in outcomes)
    reductions = [found.reduction_g for _, found in rows if found.reduction_g is not None]
    assert (figures.reductions_g, figures.reduction_rows) == (sum(reductions), len(reductions))
    assert figures.waci is not None
    assert (figures.waci.value_micro, figures.waci.exposure_cents) == waci_of(rows)
    assert figures.total.score == weighted_score((found.exposure_cents, found.score_s12) for _, found in rows)
    assert figures.total.score_s3 == weighted_score((found.exposure_cents, found.score_s3) for _, found in rows if found.score_s3)


def figures_of(rows: list[Exposure], policies: Policies, head: Head | None = None) -> BookFigures:
    found = compute_book(Book.of(rows, head or Head()), policies)
    assert found.figures is not None, found.notices
    return found.figures


def test_one_row_with_an_error_leaves_the_book_without_figures_and_the_others_with_theirs() -> None:
    good, bad = loan(1, s12_t=1, total_equity=1, total_debt=1), loan(1, total_equity=1, total_debt=1)
    found = compute_book(Book.of([good, bad]), pcaf_2.Policies())
    assert found.figures is None
    assert [found.attribution.attribution(at) is not None for at in (0, 1)] == [True, False]


def test_a_figure_of_the_general_ledger_stands_beside_the_sum_of_the_book() -> None:
    rows = [loan(1, s12_t=1, total_equity=1, total_debt=1), loan(2, s12_t=1, asset_class="mortgage", property_value=9)]
    head = Head(general_ledger=(LedgerFigure("GL-2", 300, "all"), LedgerFigure("GL-1", 250, "homes", "mortgage")))
    found = figures_of(rows, pcaf_2.Policies(), head).tie_out
    assert [(item.id, item.asset_class, item.declared_cents, item.computed_cents) for item in found] == [
        ("GL-1", "mortgage", 250, 200),
        ("GL-2", None, 300, 300),
    ]


def test_a_reason_of_the_bank_that_reads_as_a_policy_s_is_one_reason() -> None:
    rows = [
        loan(None, months=(100,), exclude_reason="policy: natural person"),
        loan(None, months=(10,), natural_person=True),
        loan(None, months=(1,), s12_t=1, revenue=1),
    ]
    figures = figures_of(rows, pboc_2021.Policies(exclude_natural_person=True))
    assert figures.excluded == (Excluded("policy: natural person", 2, 110),)
    assert (figures.covered_cents, figures.total_cents) == (1, 111)


def test_intensity_and_scores_of_nothing_are_unknown() -> None:
    assert (Block().intensity, Block().score, Block().score_s3) == (None, None, None)
    # 3 t for 1.5 million CNY.
    assert Block(exposure_cents=150_000_000, s12_g=3_000_000).intensity == 2
    with pytest.raises(InputError, match="weighted score"):
        weighted_score([])


def test_a_block_is_written_as_integers_in_strings() -> None:
    document = Block(rows=1, exposure_cents=2**70, weighted=5 * 2**70).to_document()
    assert (document["exposure_cents"], document["s12_g"], len(document)) == (str(2**70), "0", 14)


columns = st.lists(st.integers(0, LARGEST), max_size=30)


@settings(deadline=None)
@given(columns)
def test_sums_do_not_wrap(values: list[int]) -> None:
    assert sums.total(np.array(values, np.int64)) == sum(values)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, LARGEST), st.integers(0, LARGEST)), max_size=30))
def test_sums_of_products_do_not_wrap(pairs: list[tuple[int, int]]) -> None:
    left, right = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    assert sums.sum_of_products(left, right) == sum(one * other for one, other in pairs)


def test_sums_of_products_run_on_over_more_than_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "_RUN", 3)
    values = np.array([LARGEST, 1, 2**42, 5, 0, LARGEST, 7], np.int64)
    assert sums.sum_of_products(values, values) == sum(value * value for value in values.tolist())


def test_blocks_of_figures_beyond_64_bits_are_exact() -> None:
    heavy = replace(loan(0, listed=True, option="1a"), outstanding=LARGEST, evic=LARGEST, s12_t=LARGEST, s3_t=LARGEST, high_carbon="steel")
    figures = figures_of([heavy] * 40, pcaf_2.Policies())
    for block in (figures.total, figures.classes["business_loan"], figures.high_carbon["steel"], figures.options["1a"]):
        assert (block.s12_g, block.s3_g, block.weighted_s3) == (40 * LARGEST, 40 * LARGEST, 40 * LARGEST)
