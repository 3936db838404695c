"""From rows to the line that a bank may claim, or to nothing (spec: savings §7)."""

from __future__ import annotations

from dataclasses import replace

from ledger.records.findings import Finding
from ledger.savings.result import SavingsResult, reduction_of


def claim_saved(result: SavingsResult, saved_wh: int) -> SavingsResult:
    """Return a result with its line; what used more than its baseline gives no line, for measures are unsigned."""
    if saved_wh < 0:
        action = "look for what has grown; a negative saving is reported as it is and gives no line of REDUCTIONS"
        finding = Finding("SAVINGS_NEGATIVE", "warning", f"project {result.given.id}", action, f"{saved_wh} Wh", "0 Wh or more")
        return replace(result, findings=(*result.findings, finding))
    return replace(result, reduction=reduction_of(result.given, saved_wh=saved_wh))


def nothing_known(id: str) -> Finding:
    """Return the finding of a project none of whose rows can be computed."""
    action = "give readings, and conditions where a model needs them, of the same months before and after"
    return Finding("SAVINGS_NOTHING", "error", f"project {id}", action, "no month that is known", "at least one")


def row_unclaimed(month: str, missing: str, days: int, of_days: int) -> Finding:
    """Return the finding of days of the reporting period for which nothing is claimed."""
    action = f"complete the {missing}; nothing is claimed for these days"
    params = {"period": month, "missing": missing, "days": str(days)}
    return Finding(
        "SAVINGS_UNCLAIMED", "warning", f"period {month}", action, f"{missing} missing on {days} of {of_days} days", None, params
    )
