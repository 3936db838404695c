"""Compute a loan file: every exposure by the method's reference, sums of them, and what they show together (spec: financed-input §6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.financed.blocks import Block
from ledger.accounting.financed.compute import BookFigures, Excluded, TieOut
from ledger.accounting.financed.input_reading import LedgerInput, LoanInput
from ledger.accounting.financed.input_reading_exposure import RowInput
from ledger.accounting.financed.portfolio import MICRO_PER_GRAM_AND_CENT, Waci
from ledger.accounting.methods.attribution import LIMIT, Attribution, Outcome
from ledger.loans.checks import MAX_INTENSITY, MAX_TURNOVER, MIN_REVENUE_TO_DEBT
from ledger.loans.columns import FACTORS
from ledger.loans.exposure import Exposure
from ledger.records.findings import Finding, has_errors
from ledger.units import format_decimal, round_half_even

KEYS = ("asset_class", "sector", "branch", "high_carbon", "option", "use")


@dataclass(frozen=True)
class RowResult:
    """One exposure of the file, and what the method made of it; `outcome` is None where it could not be read."""

    given: RowInput
    outcome: Outcome | None

    @property
    def is_refused(self) -> bool:
        """Tell whether an error keeps the row from being calculated or excluded."""
        return self.outcome is None or (self.outcome.attribution is None and self.outcome.excluded is None)


@dataclass(frozen=True)
class LoanSums:
    """Sums of all rows, as in a financed statement."""

    totals: Block
    by: dict[str, dict[str, Block]]
    excluded: tuple[Excluded, ...]
    reductions_g: int
    reduction_rows: int
    waci: Waci | None
    total_cents: int
    unknown_rows: int
    tie_out: tuple[TieOut, ...]

    @classmethod
    def of_book(cls, figures: BookFigures) -> LoanSums:
        """Return the sums of a whole book."""
        blocks = (figures.classes, figures.sectors, figures.branches, figures.high_carbon, figures.options, figures.uses)
        return cls(
            totals=figures.total,
            by=dict(zip(KEYS, blocks, strict=True)),
            excluded=figures.excluded,
            reductions_g=figures.reductions_g,
            reduction_rows=figures.reduction_rows,
            waci=figures.waci,
            total_cents=figures.total_cents,
            unknown_rows=figures.unknown_exposure,
            tie_out=figures.tie_out,
        )


@dataclass(frozen=True)
class LoanResult:
    """What came of a file; no sums where a row was refused, since they would lack it."""

    given: LoanInput
    rows: tuple[RowResult, ...]
    sums: LoanSums | None
    findings: tuple[Finding, ...]

    @property
    def is_clean(self) -> bool:
        """Tell whether there is no error."""
        return not has_errors(self.findings)


def compute_loans(given: LoanInput, read: Iterable[Finding] = ()) -> LoanResult:
    """Return the result of a file; `read` are the findings of reading it, which come first. Pure: equal inputs give equal results."""
    findings = list(read)
    rows = []
    for item in given.rows:
        outcome = None if item.exposure is None else given.method.attribute(item.exposure, given.policies)
        rows.append(RowResult(item, outcome))
        if outcome is not None:
            findings += [notice.finding(item.place(notice.column), item.texts.get(notice.column)) for notice in outcome.notices]
        if item.exposure is not None and not item.exposure.exclude_reason:
            findings += _check_row(item, item.exposure, given)
    findings += _check_holders(rows, given)
    findings += _check_general_ledger(given)
    refused = any(row.is_refused for row in rows)
    return LoanResult(given, tuple(rows), None if refused or not rows else _sums(rows, given), tuple(findings))


def factor_of(attribution: Attribution) -> Fraction:
    """Return the attribution factor: balance ÷ denominator, at most 1; without a denominator 1, or 0 for a balance of 0."""
    if attribution.denominator_cents is None:
        return Fraction(int(attribution.numerator_cents > 0))
    return Fraction(min(attribution.numerator_cents, attribution.denominator_cents), attribution.denominator_cents)


def _check_row(item: RowInput, row: Exposure, given: LoanInput) -> Iterator[Finding]:
    """Yield figures that look like 万元 read as 元, ratios that look like percents, and factors without a document (loan-book §3)."""
    action = "is the revenue in yuan, not in 万元, and the factor in tonnes per million?"
    per_million = f"at most {MAX_INTENSITY} t per million"
    grams = _stated_grams(row)
    if row.revenue and row.revenue > 0:
        if grams * 100 > row.revenue * MAX_INTENSITY:
            got = f"emissions ÷ revenue of {grams * 100 // row.revenue} t per million"
            yield Finding("UNIT_SUSPECTED", "warning", item.place("revenue"), action, got, per_million)
        if row.total_debt is not None and row.revenue * MIN_REVENUE_TO_DEBT < row.total_debt:
            got = f"less than 1/{MIN_REVENUE_TO_DEBT} of total_debt"
            yield Finding("UNIT_SUSPECTED", "warning", item.place("revenue"), action, got, "a revenue in yuan")
    if row.sector_factor is not None and row.sector_factor > MAX_INTENSITY:
        yield Finding("UNIT_SUSPECTED", "warning", item.place("sector_factor"), action, item.texts.get("sector_factor"), per_million)
    if row.asset_turnover is not None and row.asset_turnover > MAX_TURNOVER and "asset_turnover" not in given.fractions:
        action = 'write revenue ÷ assets as 0.85, not 85; where it is really above 20 say so: "fractions": ["asset_turnover"]'
        place, written = item.place("asset_turnover"), item.texts.get("asset_turnover")
        yield Finding("PERCENT_SUSPECTED", "error", place, action, written, f"at most {MAX_TURNOVER}")
    if row.factor_source is None and any(getattr(row, name) is not None for name in FACTORS):
        action = "name the document that the factor stands in; a book without it is refused"
        yield Finding("VALUE_MISSING", "warning", item.place("factor_source"), action, "a factor without its document", "a text")


def _stated_grams(row: Exposure) -> int | Fraction:
    if row.s12_t is not None:
        return row.s12_t
    measured = Fraction(0) if row.activity is None or row.activity_factor is None else row.activity * row.activity_factor * 1_000
    return (row.s1_t or 0) + (row.s2_t or 0) + (row.process_t or 0) + round_half_even(measured)


def _check_holders(rows: list[RowResult], given: LoanInput) -> Iterator[Finding]:
    """Yield borrowers of whom the file's exposures together hold more than the whole."""
    held: dict[str, list[tuple[RowResult, Fraction]]] = {}
    for row in rows:
        exposure = row.given.exposure
        if exposure is None or row.outcome is None or row.outcome.attribution is None or exposure.borrower not in given.named_borrowers:
            continue
        if row.outcome.attribution.denominator_cents is not None:
            held.setdefault(exposure.borrower, []).append((row, factor_of(row.outcome.attribution)))
    for parts in held.values():
        whole = sum((factor for _, factor in parts), Fraction(0))
        if whole > 1:
            action = "check the balances, and that the denominator holds all of equity and debt"
            place, got = parts[-1][0].given.place("borrower"), f"{decimal(whole, 6)} of {len(parts)} exposures"
            yield Finding("ATTRIBUTION_ABOVE_ONE", "warning", place, action, got, "at most 1")


def _check_general_ledger(given: LoanInput) -> Iterator[Finding]:
    if any(row.exposure is None for row in given.rows):
        return
    for figure in given.general_ledger:
        computed = _balance(given, figure)
        if computed != figure.cents:
            off = decimal(Fraction(computed - figure.cents, 100), 2)
            action = f"find what is missing or counted twice: the file is off by {off}"
            params = {"id": figure.id, "declared_cents": str(figure.cents), "computed_cents": str(computed)}
            got, expected = decimal(Fraction(computed, 100), 2), decimal(Fraction(figure.cents, 100), 2)
            yield Finding("TIE_OUT_MISMATCH", "error", f"{figure.pointer}/value", action, got, expected, params)


def _balance(given: LoanInput, figure: LedgerInput) -> int:
    exposures = [row.exposure for row in given.rows if row.exposure is not None]
    return sum(row.outstanding or 0 for row in exposures if figure.asset_class in (None, row.asset_class))


def _sums(rows: list[RowResult], given: LoanInput) -> LoanSums:
    by: dict[str, dict[str, Block]] = {key: {} for key in KEYS}
    totals, reductions, reduction_rows = Block(), 0, 0
    excluded: dict[str, Excluded] = {}
    total_cents = unknown = 0
    for row in rows:
        exposure, outcome = row.given.exposure, row.outcome
        if exposure is None or outcome is None:
            continue
        total_cents += outcome.exposure_cents or 0
        if outcome.attribution is None:
            unknown += outcome.exposure_cents is None
            reason = str(outcome.excluded)
            known = excluded.get(reason, Excluded(reason, 0, 0))
            excluded[reason] = Excluded(reason, known.rows + 1, known.exposure_cents + (outcome.exposure_cents or 0))
            continue
        block = block_of(outcome.attribution)
        totals += block
        for key, blocks in by.items():
            name = getattr(exposure, key)
            if name:
                blocks[name] = blocks.get(name, Block()) + block
        if outcome.attribution.reduction_g is not None:
            reductions, reduction_rows = reductions + outcome.attribution.reduction_g, reduction_rows + 1
    tie_out = tuple(TieOut(item.id, item.asset_class, item.cents, _balance(given, item)) for item in given.general_ledger)
    reasons = tuple(excluded[reason] for reason in sorted(excluded, key=str.encode))
    return LoanSums(totals, by, reasons, reductions, reduction_rows, _waci(rows), total_cents, unknown, tie_out)


def block_of(attribution: Attribution) -> Block:
    """Return the block of one exposure."""
    given, cents, score = attribution.attributed, attribution.exposure_cents, attribution.score_s3
    s3_rows, s3_cents = (0, 0) if score is None else (1, cents)
    grams = (given.s1_g or 0, given.s2_g or 0, given.s12_g, given.s3_g or 0)
    ledgers = (given.removals_g, given.avoided_g, given.credits_retired_g, given.credits_generated_g)
    return Block(1, cents, *grams, s3_rows, s3_cents, *ledgers, cents * attribution.score_s12, cents * (score or 0))


def _waci(rows: list[RowResult]) -> Waci | None:
    """Return WACI as the statement of a book has it: each row's intensity rounded to a millionth, then the weighted mean."""
    weighted = covered = 0
    for row in rows:
        exposure, attribution = row.given.exposure, None if row.outcome is None else row.outcome.attribution
        if exposure is None or attribution is None or attribution.denominator_cents is None or not exposure.revenue:
            continue
        if attribution.emissions.s12_g is None or exposure.revenue <= 0:
            continue
        intensity = round_half_even(Fraction(attribution.emissions.s12_g * MICRO_PER_GRAM_AND_CENT, exposure.revenue))
        if intensity < LIMIT:
            weighted, covered = weighted + attribution.exposure_cents * intensity, covered + attribution.exposure_cents
    return Waci(round_half_even(Fraction(weighted, covered)), covered) if covered else None


def decimal(value: Fraction, places: int) -> str:
    """Return a rational rounded half-even to so many decimals, as the shortest decimal string."""
    return format_decimal(Fraction(round_half_even(value * 10**places), 10**places))
