"""The answer `lingtan.loans/1`: each exposure, sums, ratios and findings of a loan file (spec: financed-input §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from ledger.accounting.financed.blocks import Block
from ledger.accounting.financed.compute import BookComputation
from ledger.accounting.financed.result_compute import LoanResult, LoanSums, RowResult, decimal, factor_of
from ledger.accounting.financed.result_portfolio import fraction, portfolio_document, tonnes
from ledger.accounting.financed.statement import FinancedStatement
from ledger.accounting.methods.attribution import Attribution
from ledger.loans.head import HOME_CURRENCY, Head
from ledger.records.findings import Finding, has_errors
from ledger.records.period import Period
from ledger.units import format_decimal

SCHEMA = "lingtan.loans/1"
PLACES = 6
SCOPES = ("s1_g", "s2_g", "s12_g", "s3_g")
# Lists of blocks of the answer, the name of each block's key in it, and the key of the sums.
BLOCKS = (
    ("classes", "class", "asset_class"),
    ("sectors", "sector", "sector"),
    ("branches", "branch", "branch"),
    ("high_carbon", "sector", "high_carbon"),
    ("uses", "use", "use"),
    ("options", "option", "option"),
)
GRAMS = (*SCOPES, "removals_g", "avoided_g", "credits_retired_g", "credits_generated_g")


def loans_document(result: LoanResult) -> dict[str, object]:
    """Return the answer to a file that could be read; equal inputs give equal canonical bytes."""
    given, sums = result.given, result.sums
    findings = list(result.findings)
    portfolio = portfolio_document(given.portfolio, findings)
    return {
        "schema": SCHEMA,
        "accepted": not has_errors(findings),
        "input": given.hash,
        "institution": given.institution,
        "period": period_of(given.period),
        "method": given.method.id,
        "policies": given.policies.to_document(),
        "currency": given.currencies.home,
        "exposures": [_row(row) for row in result.rows],
        **_sums(sums),
        "portfolio": portfolio,
        "findings": [finding.to_document() for finding in findings],
    }


def book_document(
    head: Head, input: str, computation: BookComputation, findings: Iterable[Finding], statement: FinancedStatement | None = None
) -> dict[str, object]:
    """Return the answer to a whole book, without its exposures; `input` is the SHA-256 of the file as hex."""
    known, figures = tuple(findings), computation.figures
    return {
        "schema": SCHEMA,
        "accepted": not has_errors(known),
        "input": input,
        "institution": head.institution,
        "period": period_of(head.period),
        "method": computation.method.id,
        "policies": computation.policies.to_document(),
        "currency": HOME_CURRENCY,
        "exposures": None,
        **_sums(None if figures is None else LoanSums.of_book(figures)),
        "portfolio": None,
        "statement": None if statement is None else statement_facts(statement),
        "findings": [finding.to_document() for finding in known],
    }


def statement_facts(statement: FinancedStatement) -> dict[str, object]:
    """Return what a person looks at before signing a statement of a book."""
    tree = statement.commitment
    return {
        "hash": statement.digest(),
        "dataset": statement.dataset,
        "revision": statement.origin.revision,
        "exposures": statement.groups.rows,
        "groups": statement.groups.n,
        "root": tree.root,
        "tree_root": tree.tree_root,
        "totals": [str(value) for value in tree.totals],
    }


def period_of(period: Period | None) -> dict[str, object] | None:
    """Return id and days of a period."""
    if period is None:
        return None
    return {"id": period.id, "start": period.first_day.isoformat(), "end": period.last_day.isoformat()}


def _sums(sums: LoanSums | None) -> dict[str, object]:
    if sums is None:
        nothing = dict.fromkeys(("totals", "coverage", "reductions", "waci"))
        return {**nothing, **{name: [] for name in (*(name for name, _, _ in BLOCKS), "excluded", "tie_out")}}
    return {
        "totals": block_document(sums.totals),
        **{name: _blocks(key, sums.by[of]) for name, key, of in BLOCKS},
        "excluded": [{"reason": item.reason, "rows": item.rows, "exposure_cents": str(item.exposure_cents)} for item in sums.excluded],
        "coverage": _coverage(sums),
        "reductions": {"g": str(sums.reductions_g), "tonnes": tonnes(sums.reductions_g), "rows": sums.reduction_rows},
        "waci": _waci(sums),
        "tie_out": [
            {
                "id": item.id,
                "asset_class": item.asset_class,
                "declared_cents": str(item.declared_cents),
                "computed_cents": str(item.computed_cents),
            }
            for item in sums.tie_out
        ],
    }


def refused_loans_document(findings: Iterable[Finding]) -> dict[str, object]:
    """Return the answer to a file that could not be read: findings alone."""
    known = tuple(findings)
    return {
        "schema": SCHEMA,
        "accepted": not has_errors(known),
        "exposures": [],
        "totals": None,
        "findings": [finding.to_document() for finding in known],
    }


def block_document(block: Block) -> dict[str, object]:
    """Return the sums of a block as a statement has them, and the ratios that follow from them."""
    exposure = Fraction(block.exposure_cents, 100)
    grams = {name: getattr(block, name) for name in GRAMS}
    per_s3 = Fraction(block.s3_g * 100, block.s3_exposure_cents) if block.s3_exposure_cents else None
    return {
        **block.to_document(),
        "exposure": format_decimal(exposure),
        "tonnes": {name.removesuffix("_g"): tonnes(value) for name, value in grams.items()},
        "score": _ratio(block.score),
        "score_s3": _ratio(block.score_s3),
        "intensity": _ratio(block.intensity),
        "intensity_s3": _ratio(per_s3),
        "intensity_per_10000": None if block.intensity is None else decimal(block.intensity / 100, PLACES + 2),
    }


def _ratio(value: Fraction | None) -> str | None:
    return None if value is None else decimal(value, PLACES)


def _blocks(key: str, blocks: Mapping[str, Block]) -> list[object]:
    return [{key: name, **block_document(blocks[name])} for name in sorted(blocks, key=str.encode)]


def _coverage(sums: LoanSums) -> dict[str, object]:
    covered, total = sums.totals.exposure_cents, sums.total_cents
    percent = decimal(Fraction(covered * 100, total), PLACES) if total else None
    return {"exposure_cents": str(covered), "total_cents": str(total), "unknown_rows": sums.unknown_rows, "percent": percent}


def _waci(sums: LoanSums) -> dict[str, object] | None:
    if sums.waci is None:
        return None
    whole = sums.totals.exposure_cents
    percent = decimal(Fraction(sums.waci.exposure_cents * 100, whole), PLACES) if whole else None
    return {**sums.waci.to_document(), "value": format_decimal(Fraction(sums.waci.value_micro, 10**6)), "coverage_percent": percent}


def _row(row: RowResult) -> dict[str, object]:
    exposure, outcome = row.given.exposure, row.outcome
    document: dict[str, object] = {"exposure": row.given.id, "place": row.given.pointer}
    if exposure is None or outcome is None:
        return {**document, "state": "refused"}
    for name in ("borrower", "asset_class", "branch", "sector", "high_carbon", "use", "option", "option_2"):
        document[name] = getattr(exposure, name)
    cents = outcome.exposure_cents
    document |= {"exposure_cents": None if cents is None else str(cents), "exposure_amount": None if cents is None else money(cents)}
    if outcome.attribution is None:
        return {**document, "state": "excluded" if outcome.excluded else "refused", "excluded": outcome.excluded}
    return {**document, "state": "calculated", "excluded": None, **_attribution(outcome.attribution)}


def _attribution(attribution: Attribution) -> dict[str, object]:
    emissions, given = attribution.emissions, attribution.attributed
    figures = {name: getattr(given, name) for name in GRAMS}
    denominator = attribution.denominator_cents
    return {
        "numerator_cents": str(attribution.numerator_cents),
        "denominator_cents": None if denominator is None else str(denominator),
        "denominator": attribution.denominator,
        "factor": fraction(factor_of(attribution)),
        "emissions": {name: text_or_null(getattr(emissions, name)) for name in SCOPES},
        "attributed": {
            **{name: text_or_null(value) for name, value in figures.items()},
            "tonnes": {name.removesuffix("_g"): None if value is None else tonnes(value) for name, value in figures.items()},
        },
        "score_s12": attribution.score_s12,
        "score_s3": attribution.score_s3,
        "reduction": None
        if attribution.reduction_g is None
        else {"g": str(attribution.reduction_g), "tonnes": tonnes(attribution.reduction_g)},
    }


def money(cents: int) -> str:
    """Return cents as an exact amount."""
    return format_decimal(Fraction(cents, 100))


def text_or_null(value: int | None) -> str | None:
    """Return an integer as a decimal string, null where it is unknown."""
    return None if value is None else str(value)
