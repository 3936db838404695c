"""The baseline model of a project: its rows, the base temperature, the frozen fit, and whether it is accepted (spec: savings §5)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.records.findings import Finding
from ledger.savings.conditions import Row, rows_of
from ledger.savings.decimals import decimal
from ledger.savings.fit import statistics_of, unmet
from ledger.savings.given import DEGREE_TERMS, Energy, ModelPlan, SavingsInput, Span
from ledger.savings.regression import Fitted, fit
from ledger.savings.result import Model

LISTED = 20
LEAST_T = 2
RANGE_PERCENT = 10


@dataclass(frozen=True)
class Modelled:
    """A frozen model with the rows of the reporting period that it is to be applied to."""

    model: Model
    fitted: Fitted
    after: tuple[Row, ...]


def model_baseline(given: SavingsInput, plan: ModelPlan, findings: list[Finding]) -> Modelled | None:
    """Return the baseline model; None with a finding where the baseline does not determine one."""
    if given.baseline is None or given.use_before is None or given.use_after is None:
        return None
    best: tuple[Fitted, Fraction, tuple[Row, ...]] | None = None
    bases = (plan.base_c,) if plan.grid is None else plan.grid.bases()
    rows: tuple[Row, ...] = ()
    for base in bases:
        rows = _rows(given, given.baseline, given.use_before, plan, base)
        fitted = fit([row for row in rows if row.complete], plan.terms, plan.digits)
        # Strictly better, so that of equals the first of the grid is taken.
        if fitted is not None and (best is None or fitted.r_squared > best[0].r_squared):
            best = (fitted, base, rows)
    _tell_dropped(rows, findings)
    if best is None:
        known = sum(row.complete for row in rows)
        action = "give more months or days, or fewer terms: terms that never change, or change together, cannot be told apart"
        got, expected = f"{known} rows for {len(plan.terms) + 1} coefficients", "rows that determine them"
        findings.append(Finding("MODEL_UNDETERMINED", "error", "/model", action, got, expected))
        return None
    fitted, base, rows = best
    complete = tuple(row for row in rows if row.complete)
    statistics = statistics_of(fitted, complete)
    broken = unmet(statistics, given.limits)
    for what, got, expected in broken:
        action = "no savings are claimed: find the variable that explains the use, a longer baseline, or another option"
        findings.append(Finding("MODEL_NOT_ACCEPTED", "error", "/model", action, f"{what} {got}", expected, {"statistic": what}))
    _tell_terms(fitted, findings)
    after = _rows(given, given.reporting, given.use_after, plan, base)
    _tell_range(plan, complete, after, findings)
    model = Model(plan.granularity, base, len(bases), plan.digits, fitted.coefficients, statistics, not broken)
    return Modelled(model, fitted, after)


def _rows(given: SavingsInput, span: Span, energy: Energy, plan: ModelPlan, base: Fraction) -> tuple[Row, ...]:
    return rows_of(span, energy, plan, base, given.temperature, given.calendar)


def _tell_dropped(rows: tuple[Row, ...], findings: list[Finding]) -> None:
    dropped = [row for row in rows if not row.complete]
    for row in dropped[:LISTED]:
        action = f"complete the {row.missing}; the row is not part of the model"
        findings.append(Finding("BASELINE_ROW_DROPPED", "warning", f"period {row.key}", action, f"{row.missing} missing", "all known"))
    if len(dropped) > LISTED:
        action = "complete the baseline; these rows are not part of the model"
        findings.append(Finding("BASELINE_ROW_DROPPED", "warning", "baseline", action, f"{len(dropped)} in all", "all known"))


def _tell_terms(fitted: Fitted, findings: list[Finding]) -> None:
    for item in fitted.coefficients[1:]:
        if item.t not in ("inf", "-inf", "none") and abs(Fraction(item.t)) < LEAST_T:
            action = "leave the term out, or say why it stays: it explains nothing that chance would not"
            findings.append(Finding("TERM_NOT_SIGNIFICANT", "warning", f"term {item.term}", action, f"t = {item.t}", "|t| of 2 or more"))
        if item.term in DEGREE_TERMS and item.wh < 0:
            action = "look at the readings: more heat or cold should not use less"
            findings.append(
                Finding("TERM_SIGN", "warning", f"term {item.term}", action, f"{decimal(item.wh, 9)} Wh for a degree-day", "0 or more")
            )


def _tell_range(plan: ModelPlan, before: tuple[Row, ...], after: tuple[Row, ...], findings: list[Finding]) -> None:
    """Tell how many rows of the reporting period lie more than 10 % of the range outside what the model was made of."""
    for at, term in enumerate(plan.terms):
        seen = [row.terms[at] / row.days for row in before if row.terms is not None]
        margin = (max(seen) - min(seen)) * RANGE_PERCENT / 100
        low, high = min(seen) - margin, max(seen) + margin
        outside = sum(1 for row in after if row.terms is not None and not low <= row.terms[at] / row.days <= high)
        if outside:
            action = "the model is stretched beyond what it was made of: say so where the savings are used"
            got, expected = f"{outside} of {len(after)} rows", f"{decimal(low, 4)} to {decimal(high, 4)} a day"
            findings.append(Finding("CONDITIONS_OUT_OF_RANGE", "warning", f"term {term}", action, got, expected))
