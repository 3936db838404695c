"""Activity documents: forms are checked here, meaning in ledger.accounting."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedDocument
from ledger.records import canonical
from ledger.records.activity import Activity, check_activity
from ledger.units import format_decimal, parse_decimal

decimals = st.builds(lambda number, places: format_decimal(Fraction(number, 10**places)), st.integers(0, 10**12), st.integers(0, 6))

RECORD = {
    "id": "r-001",
    "unit": "hq",
    "indicator": "electricity.purchased",
    "quantity": {"value": "422.50", "unit": "万kWh"},
    "start": "2025-01-01",
    "end": "2025-12-31",
    "source": {"kind": "invoice", "reference": "State Grid 2025-12, 国网", "sha256": "ab" * 32},
    "register": None,
    "quality": 1,
    "uncertainty_bp": None,
}
METERED = RECORD | {
    "id": "r-003",
    "quantity": {"value": "3021.0", "unit": "kWh"},
    "source": {"kind": "register", "reference": "meter 7", "sha256": None},
    "register": {"first": "1250.3", "last": "1351", "multiplier": "30"},
    "uncertainty_bp": 100,
}
TOTAL = {
    "id": "t-1",
    "period": None,
    "at": None,
    "measure": "scope1_g",
    "value": "2991.58",
    "unit": "tCO2e",
    "parts": 10,
    "tolerance": "5.0",
    "reference": "annual report, page 12",
}
CERTIFICATE = {
    "id": "gec-1",
    "unit": "hq",
    "kind": "green_certificate",
    "quantity": {"value": "100", "unit": "MWh"},
    "factor": "0",
    "generated": "2024-03-01",
    "retired": "2025-06-30",
    "reference": "GEC 2024-03/1",
}
CONTRACT = CERTIFICATE | {"id": "ppa-1", "kind": "supplier_contract", "factor": "0.12", "generated": None, "retired": None}
DOCUMENT = {
    "schema": "lingtan.activity/1",
    "institution": "anji",
    "period": {"id": "2025", "start": "2024-12-31T16:00:00Z", "end": "2025-12-31T16:00:00Z", "timezone": "Asia/Shanghai"},
    "records": [RECORD, RECORD | {"id": "r-002", "source": RECORD["source"] | {"sha256": None}}, METERED],  # type: ignore[operator]
    "declared_totals": [TOTAL, TOTAL | {"id": "t-2", "measure": "indicator/fuel.petrol.vehicles", "period": "2024", "at": "branch-1"}],
    "declared_factors": [
        {
            "id": "f-1",
            "indicator": "electricity.purchased",
            "value": "0.5366",
            "unit": "kgCO2/kWh",
            "document": "公告2025年第47号",
            "reference": "page 12",
        }
    ],
    "factor_choices": [
        {"indicator": "electricity.purchased", "use": "location", "factor": "grid_average.cn.2023", "reference": "national factor"},
        {"indicator": "electricity.purchased", "use": "market", "factor": "grid_residual.cn.2023", "reference": "residual mix"},
    ],
    "instruments": [CERTIFICATE, CONTRACT],
    "denominators": [{"unit": "hq", "measure": "headcount", "value": "240"}, {"unit": "x-01", "measure": "income_cny", "value": "1.5"}],
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
    others = {
        name: getattr(activity, name)[::-1]
        for name in ("declared_totals", "declared_factors", "factor_choices", "instruments", "denominators")
    }
    assert replace(activity, records=tuple(shuffled), **others).digest() == activity.digest()


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
        ("/records/2/quantity/value", "3020", "REGISTER_DIFFERS", "/records/2/quantity/value"),
        ("/records/2/register/multiplier", "0", "FIELD_INVALID", "/records/2/register/multiplier"),
        ("/records/2/register/multiplier", "3", "REGISTER_DIFFERS", "/records/2/quantity/value"),
        ("/records/2/register/last", 1351, "FIELD_INVALID", "/records/2/register/last"),
        ("/records/2/register/unit", "kWh", "FIELD_UNKNOWN", "/records/2/register/unit"),
        ("/records/2/uncertainty_bp", -1, "FIELD_INVALID", "/records/2/uncertainty_bp"),
        ("/records/2/uncertainty_bp", 100_001, "FIELD_INVALID", "/records/2/uncertainty_bp"),
        ("/records/2/uncertainty_bp", "100", "FIELD_INVALID", "/records/2/uncertainty_bp"),
        ("/declared_totals/0/measure", "scope4_g", "FIELD_INVALID", "/declared_totals/0/measure"),
        ("/declared_totals/0/measure", "indicator/", "FIELD_INVALID", "/declared_totals/0/measure"),
        ("/declared_totals/0/period", "", "FIELD_INVALID", "/declared_totals/0/period"),
        ("/declared_totals/0/at", 3, "FIELD_INVALID", "/declared_totals/0/at"),
        ("/declared_factors/0/value", "-1", "FIELD_INVALID", "/declared_factors/0/value"),
        ("/declared_factors/0/document", ..., "FIELD_MISSING", "/declared_factors/0/document"),
        ("/factor_choices/0/use", "both", "FIELD_INVALID", "/factor_choices/0/use"),
        ("/factor_choices/1/use", "location", "ITEM_TWICE", "/factor_choices/1"),
        ("/instruments/0/kind", "irec", "FIELD_INVALID", "/instruments/0/kind"),
        ("/instruments/0/quantity/value", "-1", "INSTRUMENT_FORM", "/instruments/0/quantity/value"),
        ("/instruments/0/factor", "0.1", "INSTRUMENT_FORM", "/instruments/0/factor"),
        ("/instruments/0/factor", "0.0", "INSTRUMENT_FORM", "/instruments/0/factor"),
        ("/instruments/0/generated", None, "INSTRUMENT_FORM", "/instruments/0/generated"),
        ("/instruments/0/generated", "2024-03-15", "INSTRUMENT_FORM", "/instruments/0/generated"),
        ("/instruments/0/retired", "2024-02-29", "INSTRUMENT_FORM", "/instruments/0/retired"),
        ("/instruments/1/generated", "2024-03-01", "INSTRUMENT_FORM", "/instruments/1/generated"),
        ("/instruments/1/factor", "-0.1", "FIELD_INVALID", "/instruments/1/factor"),
        ("/instruments/1/id", "gec-0", "ITEM_UNSORTED", "/instruments/1"),
        ("/denominators/0/value", "0", "FIELD_INVALID", "/denominators/0/value"),
        ("/denominators/1/measure", "desks", "FIELD_INVALID", "/denominators/1/measure"),
        ("/denominators/1/unit", "hc", "ITEM_UNSORTED", "/denominators/1"),
        ("/instruments", ..., "FIELD_MISSING", "/instruments"),
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


def test_a_register_counts_exactly_what_its_readings_say() -> None:
    activity = Activity.from_document(DOCUMENT)
    register = activity.records[2].register
    assert register is not None
    assert register.used == Fraction(3021) == activity.records[2].quantity.exact


@given(first=decimals, last=decimals, multiplier=decimals.filter(lambda text: parse_decimal(text) > 0))
def test_a_quantity_is_read_where_it_is_what_the_register_counted_and_nowhere_else(first: str, last: str, multiplier: str) -> None:
    used = (parse_decimal(last) - parse_decimal(first)) * parse_decimal(multiplier)
    register = {"first": first, "last": last, "multiplier": multiplier}
    backwards = ["METER_BELOW_REGISTER"] if used < 0 else []
    for value, codes in ((used, backwards), (used + Fraction(1, 10**9), backwards or ["REGISTER_DIFFERS"])):
        record = METERED | {"register": register, "quantity": {"value": format_decimal(value), "unit": "kWh"}}
        assert [code for code, _ in found(DOCUMENT | {"records": [record]})] == codes


def test_numbers_of_instruments_and_denominators_are_exact() -> None:
    activity = Activity.from_document(DOCUMENT)
    assert [item.exact_factor for item in activity.instruments] == [0, Fraction(3, 25)]
    assert [item.exact for item in activity.denominators] == [240, Fraction(3, 2)]


def test_all_mistakes_are_found_at_once() -> None:
    document = changed("/records/0/quality", 9)
    document["instruments"][0]["generated"] = None  # type: ignore[index]
    document["denominators"][1]["value"] = "none"  # type: ignore[index]
    document["factor_choices"][0]["use"] = 1  # type: ignore[index]
    assert sorted(place for _, place in found(document)) == [
        "/denominators/1/value",
        "/factor_choices/0/use",
        "/instruments/0/generated",
        "/records/0/quality",
    ]
