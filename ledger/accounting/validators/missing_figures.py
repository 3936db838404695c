"""Look for a branch that is missing from a printed table: nothing is computed there, so that the figures alone can tell."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.accounting.validators.subject import Subject
from ledger.records.findings import Finding

LEAST_PRINTED = 2


def check_units_have_figures(subject: Subject) -> tuple[Finding, ...]:
    """Return `UNIT_WITHOUT_DATA` for every open unit without a figure beside units that have one, under a unit with their total.

    For a period of published figures alone: where there are records, the lines tell which unit has no data.
    """
    return tuple(sorted({finding.place: finding for finding in _missing(subject)}.values(), key=lambda finding: finding.place))


def _missing(subject: Subject) -> Iterator[Finding]:
    tree, period = subject.tree, subject.activity.period
    if tree is None:
        return
    printed = {(measure, at) for of, measure, at in subject.by_key if of == period.id}
    for parent in tree.depth_order():
        at = "" if parent.id == tree.root.id else parent.id
        children = [child for child in tree.children(parent.id) if child.is_open(period.first_day, period.last_day)]
        for measure in sorted(measure for measure, unit in printed if unit == at):
            absent = [child for child in children if (measure, child.id) not in printed]
            if len(children) - len(absent) < LEAST_PRINTED:
                continue
            for child in absent:
                action = "add its figure; if it has none, 0 with the reason, or take it out of the tree"
                got, expected = f"no figure for {measure}", f"one beside those of {len(children) - len(absent)} units under {parent.id}"
                params = {"unit": child.id, "kind": child.kind, "measure": measure}
                yield Finding("UNIT_WITHOUT_DATA", "error", f"unit {child.id}", action, got, expected, params)
