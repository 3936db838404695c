"""A statement against the period before it, with what is still to be said about it: to be read before it is signed (spec: analysis §5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ledger.accounting.analysis import Change, Comparison, change_document, compare_periods
from ledger.accounting.analysis.columns import COLUMN_NAMES, SCOPE_COLUMNS
from ledger.records.findings import Finding
from ledger.services.context import Work
from ledger.services.findings import read_findings
from ledger.services.history import StatedPeriod, find_stated, load_stated
from ledger.services.statement_state import find_statement_state
from ledger.services.stored_statement import load_statement_row
from ledger.store import tables
from ledger.store.repositories import answers, periods

SCHEMA = "lingtan.comparison/1"
SEVERITIES = ("error", "warning", "info")


def compare_statement(work: Work, statement_id: str) -> dict[str, object]:
    """Return the `lingtan.comparison/1` document of a statement that the actor may see.

    `before` is null where no earlier period has a statement that counts; for readers outside the bank only attested ones do.
    """
    row = load_statement_row(work, statement_id)
    stated = load_stated(work, row)
    before = _find_before(work, stated, drafts=work.actor.institution == row.institution_id)
    findings = _unanswered(work, row)
    changes = _changes(None if before is None else compare_periods(before.inventory(), stated.inventory()))
    return {
        "schema": SCHEMA,
        "institution": row.institution_id,
        "column_names": list(COLUMN_NAMES),
        "statement": _reference(work, stated),
        "before": None if before is None else _reference(work, before),
        **changes,
        "unanswered": {severity: str(sum(finding.severity == severity for finding in findings)) for severity in SEVERITIES},
        "findings": [finding.to_document() for finding in findings],
    }


def _find_before(work: Work, stated: StatedPeriod, *, drafts: bool) -> StatedPeriod | None:
    institution = stated.row.institution_id
    earlier = periods.list_periods_in_time(work.session, institution, before=stated.statement.period.start)
    for period in reversed(earlier):
        row = find_stated(work, institution, period.id, drafts=drafts)
        if row is not None:
            return load_stated(work, row)
    return None


def _unanswered(work: Work, row: tables.Statement) -> tuple[Finding, ...]:
    answered = {(item.code, item.place) for item in answers.list_answers(work.session, row.id)}
    return tuple(finding for finding in read_findings(row.findings) if (finding.code, finding.place) not in answered)


def _reference(work: Work, stated: StatedPeriod) -> dict[str, object]:
    row = stated.row
    return {
        "id": str(row.id),
        "period": row.period_id,
        "first": stated.statement.period.first_day.isoformat(),
        "last": stated.statement.period.last_day.isoformat(),
        "revision": row.revision,
        "hash": row.hash,
        "state": find_statement_state(work, row),
    }


def _changes(comparison: Comparison | None) -> dict[str, object]:
    if comparison is None:
        return {"total": None, "indicators": [], "units": [], "rows": []}
    document = change_document(comparison)
    parts = {(line.unit, line.indicator, line.column): line.change for line in comparison.decomposition.lines}
    for row in cast("list[dict[str, Any]]", document["rows"]):
        row["parts"] = _parts(row, parts)
    return {name: document[name] for name in ("total", "indicators", "units", "rows")}


def _parts(row: Mapping[str, Any], parts: Mapping[tuple[str, str, str], Change]) -> dict[str, object]:
    """Return the parts of a row's change in the line's own columns."""
    columns = SCOPE_COLUMNS[int(row["scope"])]
    return {column: parts.get((row["unit"], row["indicator"], column), Change()).to_document() for column in columns}
