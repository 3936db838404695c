"""Look at the records of a period beside each other, and against those of the period before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from ledger.accounting.validators.digits import SWAPPED, find_slip
from ledger.accounting.validators.subject import Subject, exact_base
from ledger.records.activity import ActivityRecord
from ledger.records.findings import Finding

BILLED = ("invoice", "register")
"""Kinds of sources that count a supply over days: two of them over the same days may count it twice."""


def check_doubles(subject: Subject) -> tuple[Finding, ...]:
    """Return `RECORD_DUPLICATE` for two records that look like one, and `RECORDS_OVERLAP` for bills over the same days."""
    by_line: dict[tuple[str, str], list[tuple[int, ActivityRecord]]] = {}
    for index, record in subject.records:
        by_line.setdefault((record.unit, record.indicator), []).append((index, record))
    findings = []
    for records in by_line.values():
        for (_, first), (index, second) in combinations(records, 2):
            params = {**_params(second), "other": first.id}
            if _looks_the_same(subject, first, second):
                action = f"keep one of the two, or say in the reference how it differs from {first.id}"
                got = f"{second.quantity.value} {second.quantity.unit}, {_days(second)}"
                findings.append(Finding("RECORD_DUPLICATE", "warning", f"/records/{index}", action, got, f"not {first.id} again", params))
            elif _overlap(first, second) and first.source.kind in BILLED and second.source.kind in BILLED:
                action = f"make sure that it is another supply than {first.id}: both are added"
                expected = f"days beside {_days(first)} of {first.id}"
                findings.append(Finding("RECORDS_OVERLAP", "warning", f"/records/{index}/start", action, _days(second), expected, params))
    return tuple(findings)


def check_digits_against_last_period(subject: Subject) -> tuple[Finding, ...]:
    """Return `DIGIT_TRANSPOSITION` where a quantity is that of the period before with two neighbouring digits swapped."""
    if not subject.earlier:
        return ()
    before = _single_records((0, record) for record in subject.earlier[-1].activity.records)
    findings = []
    for key, (index, record) in _single_records(iter(subject.records)).items():
        if key not in before:
            continue
        last = before[key][1]
        if last.quantity.unit == record.quantity.unit and find_slip(record.quantity.value, last.quantity.value) == SWAPPED:
            params, place = {**_params(record), "slip": SWAPPED}, f"/records/{index}/quantity/value"
            action = "compare with the bill: these are the digits of the period before, two of them swapped"
            got, expected = record.quantity.value, f"not {last.quantity.value} with a slip"
            findings.append(Finding("DIGIT_TRANSPOSITION", "warning", place, action, got, expected, params))
    return tuple(findings)


def _single_records(records: Iterator[tuple[int, ActivityRecord]]) -> dict[tuple[str, str], tuple[int, ActivityRecord]]:
    found: dict[tuple[str, str], list[tuple[int, ActivityRecord]]] = {}
    for index, record in records:
        found.setdefault((record.unit, record.indicator), []).append((index, record))
    return {key: items[0] for key, items in found.items() if len(items) == 1}


def _looks_the_same(subject: Subject, first: ActivityRecord, second: ActivityRecord) -> bool:
    quantity = exact_base(first, subject.release)
    if not quantity or quantity != exact_base(second, subject.release):
        return False
    same_paper = first.source.sha256 is not None and first.source.sha256 == second.source.sha256
    return same_paper or (first.start, first.end) == (second.start, second.end)


def _overlap(first: ActivityRecord, second: ActivityRecord) -> bool:
    return first.start <= second.end and second.start <= first.end


def _days(record: ActivityRecord) -> str:
    return f"{record.start.isoformat()} to {record.end.isoformat()}"


def _params(record: ActivityRecord) -> dict[str, str]:
    return {"record": record.id, "unit": record.unit, "indicator": record.indicator}
