"""The answer `lingtan.savings-result/1` (spec: savings §7): canonical JSON, equal input gives equal bytes."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.records.findings import Finding, has_errors
from ledger.savings.decimals import decimal
from ledger.savings.result import Model, PvRow, SavingsResult, SavingsRow
from ledger.units import format_decimal

SCHEMA = "lingtan.savings-result/1"
TOTALS = ("base_wh", "reporting_wh", "adjusted_wh", "routine_wh", "non_routine_wh", "adjustment_wh", "savings_wh")
PV_TOTALS = ("generation_wh", "exported_wh", "self_used_wh")


def savings_document(result: SavingsResult) -> dict[str, object]:
    """Return the answer to a project that could be read."""
    given = result.given
    names = PV_TOTALS if given.kind == "pv" else TOTALS
    return {
        "schema": SCHEMA,
        "accepted": result.accepted,
        "input": given.hash,
        "id": given.id,
        "unit": given.unit,
        "kind": given.kind,
        "option": given.option,
        "timezone": given.timezone,
        "baseline": None if given.baseline is None else given.baseline.to_document(),
        "reporting": given.reporting.to_document(),
        "rows": [_row(row) for row in result.rows] + [_pv_row(row) for row in result.pv_rows],
        "totals": {name: _text(result.total(name)) for name in names},
        "adjustments": [
            {
                "id": item.id,
                "period": item.month,
                "kind": item.kind,
                "mwh": format_decimal(item.mwh),
                "reason": item.reason,
                "evidence": item.evidence.to_document(),
            }
            for item in given.adjustments
        ],
        "model": None if result.model is None else _model(result.model),
        "uncertainty": None if result.uncertainty is None else result.uncertainty.to_document(),
        "reduction": None if result.reduction is None else result.reduction.to_document(),
        "findings": [finding.to_document() for finding in result.findings],
    }


def refused_savings_document(findings: Iterable[Finding]) -> dict[str, object]:
    """Return the answer to a document that could not be read: findings alone."""
    known = tuple(findings)
    return {
        "schema": SCHEMA,
        "accepted": not has_errors(known),
        "rows": [],
        "totals": None,
        "model": None,
        "uncertainty": None,
        "reduction": None,
        "findings": [finding.to_document() for finding in known],
    }


def _row(row: SavingsRow) -> dict[str, object]:
    figures = {name: _text(getattr(row, name)) for name in TOTALS}
    return {"period": row.period, "days": row.days, "claimed_days": row.claimed_days, **figures}


def _pv_row(row: PvRow) -> dict[str, object]:
    figures = {name: _text(getattr(row, name)) for name in PV_TOTALS}
    return {"period": row.period, "days": row.days, "claimed_days": row.claimed_days, **figures}


def _model(model: Model) -> dict[str, object]:
    return {
        "granularity": model.granularity,
        "accepted": model.accepted,
        "base_c": format_decimal(model.base_c),
        "bases_tried": model.chosen_from,
        "digits": model.digits,
        "coefficients": [
            {"term": item.term, "wh": decimal(item.wh, model.digits), "t": item.t, "p": item.p} for item in model.coefficients
        ],
        "statistics": model.statistics.to_document(),
    }


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
