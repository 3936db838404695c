"""Options B and C of a retrofit: the metered use before and after, at the same conditions (spec: savings §5).

Savings = (baseline use − reporting use) ± adjustments. With a model the routine adjustment is the model at the conditions of the reporting
period less the baseline use; without one every adjustment is a listed item with its evidence. Each row is rounded to whole Wh once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from ledger.errors import InputError
from ledger.records.findings import Finding, Severity
from ledger.savings.claim import claim_saved, nothing_known, row_unclaimed
from ledger.savings.conditions import Row
from ledger.savings.decimals import decimal
from ledger.savings.fit import uncertainty_of
from ledger.savings.given import SavingsInput
from ledger.savings.modelling import Modelled, model_baseline
from ledger.savings.result import SavingsResult, SavingsRow
from ledger.savings.sources import to_wh

ERROR: Severity = "error"
WARNING: Severity = "warning"


def compute_retrofit(given: SavingsInput, findings: list[Finding]) -> SavingsResult:
    """Return the savings by month, at the conditions of the reporting period.

    Raises:
        InputError: baseline or use is not given.
    """
    if given.baseline is None or given.use_before is None or given.use_after is None:
        raise InputError(f"project {given.id} has no baseline or no use", hint="give both for options B and C")
    bases = _bases(given, findings)
    if given.model is None:
        return _finish(given, _listed_rows(given, bases, findings), None, findings)
    modelled = model_baseline(given, given.model, findings)
    if modelled is None:
        return SavingsResult(given, (), (), None, None, None, tuple(findings))
    return _finish(given, _modelled_rows(given, modelled, bases, findings), modelled, findings)


def _bases(given: SavingsInput, findings: list[Finding]) -> Mapping[str, int | None]:
    """Return the Wh of the month of the baseline that stands for each month of the reporting period: the first for the first, and so on."""
    before, after = given.baseline.months() if given.baseline else (), given.reporting.months()
    if len(before) != len(after):
        if given.model is None:
            action = "let both periods have the same number of months, or give a model"
            got = f"{len(before)} and {len(after)} months"
            findings.append(Finding("PERIODS_DIFFER", "error", "/baseline", action, got, "as many months as the reporting period"))
        return {}
    found = {}
    for (month, days), (name, _) in zip(before, after, strict=True):
        mwh = None if given.use_before is None else given.use_before.of_month(month, days)
        found[name] = None if mwh is None else to_wh(mwh)
    return found


def _listed(given: SavingsInput, kind: str) -> Mapping[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for item in given.adjustments:
        if item.kind == kind:
            sums[item.month] = sums.get(item.month, Fraction(0)) + item.mwh
    return sums


def _listed_rows(given: SavingsInput, bases: Mapping[str, int | None], findings: list[Finding]) -> tuple[SavingsRow, ...]:
    routine, other, rows = _listed(given, "routine"), _listed(given, "non_routine"), []
    for month, days in given.reporting.months():
        used = None if given.use_after is None else given.use_after.of_month(month, days)
        base, reporting = bases.get(month), None if used is None else to_wh(used)
        extra, special = to_wh(routine.get(month, Fraction(0))), to_wh(other.get(month, Fraction(0)))
        if base is None or reporting is None:
            if bases:
                findings.append(row_unclaimed(month, "readings", len(days), len(days)))
            rows.append(SavingsRow(month, len(days), 0, base, reporting, None, None, special, None))
            continue
        rows.append(
            SavingsRow(month, len(days), len(days), base, reporting, base + extra, extra, special, base + extra + special - reporting)
        )
    return tuple(rows)


def _modelled_rows(
    given: SavingsInput, modelled: Modelled, bases: Mapping[str, int | None], findings: list[Finding]
) -> tuple[SavingsRow, ...]:
    routine, other, rows = _listed(given, "routine"), _listed(given, "non_routine"), []
    by_month: dict[str, list[Row]] = {}
    for row in modelled.after:
        by_month.setdefault(row.month, []).append(row)
    for month, within in by_month.items():
        known = [row for row in within if row.complete]
        days, claimed = sum(row.days for row in within), sum(row.days for row in known)
        base, special = bases.get(month), to_wh(other.get(month, Fraction(0)))
        for missing in sorted({row.missing for row in within if not row.complete}):
            lost = sum(row.days for row in within if not row.complete and row.missing == missing)
            findings.append(row_unclaimed(month, missing, lost, days))
        if not known or not modelled.model.accepted:
            used = None if not known else to_wh(sum(row.energy or 0 for row in known))
            rows.append(SavingsRow(month, days, 0, base, used, None, None, special, None))
            continue
        reporting = to_wh(sum(row.energy or 0 for row in known))
        adjusted = to_wh(sum((modelled.fitted.mwh(row) for row in known), routine.get(month, Fraction(0))))
        change = None if base is None else adjusted - base
        rows.append(SavingsRow(month, days, claimed, base, reporting, adjusted, change, special, adjusted + special - reporting))
    return tuple(rows)


def _finish(given: SavingsInput, rows: tuple[SavingsRow, ...], modelled: Modelled | None, findings: list[Finding]) -> SavingsResult:
    accepted = modelled is None or modelled.model.accepted
    if accepted and not any(row.claimed_days for row in rows) and not any(item.code == "PERIODS_DIFFER" for item in findings):
        findings.append(nothing_known(given.id))
    result = SavingsResult(given, rows, (), None if modelled is None else modelled.model, None, None, ())
    saved, adjusted = result.total("savings_wh"), result.total("adjusted_wh")
    uncertainty = None
    if modelled is None:
        action = "no model adjusts the baseline: the savings rest on the evidence of the listed adjustments"
        findings.append(Finding("ADJUSTMENTS_LISTED", "info", "/adjustments", action, f"{len(given.adjustments)} adjustments"))
    elif saved is not None and adjusted is not None and given.model is not None:
        count = sum(1 for row in modelled.after if row.complete)
        uncertainty = uncertainty_of(modelled.model.statistics, given.model.granularity, given.limits, adjusted, saved, count)
        if saved > 0 and uncertainty.share is not None and 100 * uncertainty.share > given.limits.uncertainty_percent:
            action = "take a longer period or a better model: the savings may be chance"
            got = f"± {decimal(100 * uncertainty.share, 2)} % of the savings at {decimal(given.limits.confidence_percent)} % confidence"
            expected = f"at most {decimal(given.limits.uncertainty_percent)} %"
            findings.append(Finding("SAVINGS_UNCERTAIN", "warning", f"project {given.id}", action, got, expected))
    if given.option == "C":
        _tell_small(given, saved, adjusted, findings)
    result = replace(result, uncertainty=uncertainty, findings=tuple(findings))
    return result if saved is None or not result.accepted else claim_saved(result, saved)


def _tell_small(given: SavingsInput, saved: int | None, adjusted: int | None, findings: list[Finding]) -> None:
    """Refuse a whole-building claim that was never expected to stand out; where it was, and does not, say so."""
    limit = given.limits.least_savings_percent
    computed = None if saved is None or saved < 0 or not adjusted else Fraction(100 * saved, adjusted)
    for share, what, severity in (
        (given.expected_percent, "expected", ERROR),
        (computed, "computed", ERROR if given.expected_percent is None else WARNING),
    ):
        if share is not None and share < limit:
            action = "measure the retrofit on its own (option A or B): at the whole building small savings drown in other changes"
            got, expected = f"{what} {decimal(share, 2)} % of the baseline", f"at least {decimal(limit)} %"
            findings.append(Finding("OPTION_C_SMALL_SAVINGS", severity, f"project {given.id}", action, got, expected))
            return
