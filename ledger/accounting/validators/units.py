"""Look for what is missing from an inventory: a unit without data, a statement without a line (spec: method-operational-1 §9).

Sum trees prove that a total is the sum of its parts, not that all parts are there; these checks are about the missing ones.
"""

from __future__ import annotations

from collections.abc import Collection

from ledger.records.findings import Finding
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.records.statement import Statement


def check_units_have_data(organisation: Organisation, period: Period, with_data: Collection[str]) -> tuple[Finding, ...]:
    """Return a finding for every unit but the root that was open in the period and has no data itself nor below it."""
    covered: set[str] = set()
    findings = []
    first, last = period.first_day, period.last_day
    tree = organisation.tree(last)
    for unit in tree.depth_order():
        if unit.id in with_data or any(child.id in covered for child in tree.children(unit.id)):
            covered.add(unit.id)
        elif unit.id != tree.root.id and unit.is_open(first, last):
            action = "add its data; if it used nothing, record 0 with the reason"
            params = {"unit": unit.id, "kind": unit.kind}
            findings.append(Finding("UNIT_WITHOUT_DATA", "error", f"unit {unit.id}", action, "no line", "at least one line", params))
    return tuple(sorted(findings, key=lambda finding: finding.place))


def check_reports(statement: Statement) -> tuple[Finding, ...]:
    """Return a finding where a statement has no line: it has no leaf to commit to, and the contract records none without."""
    if statement.lines:
        return ()
    action = "add the activity and the readings of the period; if nothing was used, record 0 with the reason"
    return (Finding("NOTHING_TO_REPORT", "error", f"period {statement.period.id}", action, "no line", "at least one line"),)
