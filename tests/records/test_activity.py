"""Activity documents: forms are checked here, meaning in ledger.accounting."""

from __future__ import annotations

import json
import random

import pytest

from ledger.errors import MalformedDocument
from ledger.records import canonical
from ledger.records.activity import Activity, check_activity

RECORD = {
    "id": "r-001",
    "unit": "hq",
    "indicator": "electricity.purchased",
    "quantity": {"value": "422.50", "unit": "万kWh"},
    "start": "2025-01-01",
    "end": "2025-12-31",
    "source": {"kind": "invoice", "reference": "State Grid 2025-12, 国网", "sha256": "ab" * 32},
    "quality": 1,
}
TOTAL = {
    "id": "t-1",
    "measure": "scope1_g",
    "value": "2991.58",
    "unit": "tCO2e",
    "parts": 10,
    "tolerance": "5.0",
    "reference": "annual report, page 12",
}
DOCUMENT = {
    "schema": "lingtan.activity/1",
    "institution": "anji",
    "period": {"id": "2025", "start": "2024-12-31T16:00:00Z", "end": "2025-12-31T16:00:00Z", "timezone": "Asia/Shanghai"},
    "records": [RECORD, RECORD | {"id": "r-002", "source": RECORD["source"] | {"sha256": None}}],  # type: ignore[operator]
    "declared_totals": [TOTAL, TOTAL | {"id": "t-2", "measure": "indicator/fuel.petrol.vehicles"}],
    "factor_choices": [{"indicator": "electricity.purchased", "factor": "grid_average.cn.2023", "reference": "national factor"}],
}


def changed(path: str, value: object) -> dict[str, object]:
    document = json.loads(json.dumps(DOCUMENT))
    target: object = document
    steps = [int(step) if step.isdigit() else step for step in path.strip("/").split("/")]
    for step in steps[:-1]:
        target = target[step]  # type: ignore[index]
    if value is ...:
        del target[steps[-1]]  # type: ignore[attr-defined]
    else:
        target[steps[-1]] = value  # type: ignore[index]
    return document


def found(document: object) -> list[tuple[str, str]]:
    activity, findings = check_activity(document)
    assert (activity is None) == bool(findings)
    return [(finding.code, finding.place) for finding in findings]


def test_a_good_document_comes_back_byte_for_byte() -> None:
    activity = Activity.from_document(DOCUMENT)
    assert canonical.dump(activity.to_document()) == canonical.dump(DOCUMENT)
    assert activity.digest() == canonical.digest(DOCUMENT)
    assert activity.records[0].quantity.value == "422.50"
    assert [total.indicator for total in activity.declared_totals] == [None, "fuel.petrol.vehicles"]


def test_the_order_of_records_in_memory_does_not_matter() -> None:
    document = DOCUMENT | {"records": [RECORD | {"id": f"r-{index:03d}"} for index in range(20)]}
    activity = Activity.from_document(document)
    shuffled = list(activity.records)
    random.Random(7).shuffle(shuffled)
    assert (
        Activity(activity.institution, activity.period, tuple(shuffled), activity.declared_totals, activity.factor_choices).digest()
        == activity.digest()
    )


@pytest.mark.parametrize(
    ("path", "value", "code", "place"),
    [
        ("/records/0/quantity", "5", "FIELD_INVALID", "/records/0/quantity"),
        ("/records/0/quantity/value", 5, "FIELD_INVALID", "/records/0/quantity/value"),
        ("/records/0/quantity/value", "1,000", "FIELD_INVALID", "/records/0/quantity/value"),
        ("/records/0/quantity/value", "NaN", "FIELD_INVALID", "/records/0/quantity/value"),
        ("/records/0/quantity/value", "1" * 61, "FIELD_INVALID", "/records/0/quantity/value"),
        ("/records/0/quantity/unit", "", "FIELD_INVALID", "/records/0/quantity/unit"),
        ("/records/0/end", "2024-12-31", "RECORD_ENDS_BEFORE_START", "/records/0/end"),
        ("/records/0/source/kind", "rumour", "FIELD_INVALID", "/records/0/source/kind"),
        ("/records/0/source/sha256", "AB" * 32, "FIELD_INVALID", "/records/0/source/sha256"),
        ("/records/0/source/note", "x", "FIELD_UNKNOWN", "/records/0/source/note"),
        ("/records/0/source", ..., "FIELD_MISSING", "/records/0/source"),
        ("/records/0/quality", 0, "FIELD_INVALID", "/records/0/quality"),
        ("/records/0/quality", 6, "FIELD_INVALID", "/records/0/quality"),
        ("/records/1/id", "r-001", "ITEM_TWICE", "/records/1"),
        ("/records/1/id", "r-000", "ITEM_UNSORTED", "/records/1"),
        ("/period/start", "2025-01-01T00:00:00+08:00", "FIELD_INVALID", "/period"),
        ("/period/end", "2024-12-31T16:00:00Z", "FIELD_INVALID", "/period"),
        ("/period/timezone", "Mars", "FIELD_INVALID", "/period"),
        ("/declared_totals/0/measure", "scope3_g", "FIELD_INVALID", "/declared_totals/0/measure"),
        ("/declared_totals/0/tolerance", "-1", "FIELD_INVALID", "/declared_totals/0/tolerance"),
        ("/declared_totals/0/parts", 0, "FIELD_INVALID", "/declared_totals/0/parts"),
        ("/declared_totals/1/id", "t-0", "ITEM_UNSORTED", "/declared_totals/1"),
        ("/factor_choices/0/reference", " ", "FIELD_INVALID", "/factor_choices/0/reference"),
        ("/factor_choices/0/reference", ..., "FIELD_MISSING", "/factor_choices/0/reference"),
    ],
)
def test_each_mistake_is_found_where_it_is(path: str, value: object, code: str, place: str) -> None:
    assert found(changed(path, value)) == [(code, place)]


def test_a_finding_says_got_and_expected() -> None:
    _, findings = check_activity(changed("/records/0/quality", 9))
    assert (findings[0].got, findings[0].expected) == ("9", "an integer from 1 to 5")


def test_a_field_name_with_a_slash_is_escaped_in_its_pointer() -> None:
    assert found(DOCUMENT | {"a/b~c": 1}) == [("FIELD_UNKNOWN", "/a~1b~0c")]


def test_from_document_raises_with_the_place() -> None:
    with pytest.raises(MalformedDocument, match="/records/0/quality"):
        Activity.from_document(changed("/records/0/quality", 9))
