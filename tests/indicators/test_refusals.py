"""Every mistake of a release document is refused under its own code, and all of them at once."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ledger.errors import MalformedDocument
from ledger.indicators.reading import check_release, release_from_document
from tests.indicators.documents import Document, at, codes, document, findings, put

GRID = "grid_average.cn.2023"
PETROL = "fuel.petrol.generic"
BLEND = "refrigerant.r-410a"


@pytest.mark.parametrize(
    ("list_name", "id", "change", "code"),
    [
        ("documents", "mee-2025-47", {"published": "2025-13-31"}, "FIELD_INVALID"),
        ("documents", "mee-2025-47", {"id": "mee-2024-33"}, "ITEM_TWICE"),
        ("documents", "mee-2025-47", {"id": "mee-2024-34"}, "DOCUMENT_UNKNOWN"),
        ("units", "kWh", {"denominator": "3"}, "UNIT_QUOTIENT"),
        ("units", "kWh", {"denominator": "0"}, "UNIT_QUOTIENT"),
        ("units", "kWh", {"aliases": ["MWh"]}, "UNIT_NAMED_TWICE"),
        ("gwp_sets", "AR6", {"values": {"CO2": "2", "CH4": "29.8", "N2O": "273"}}, "FIELD_INVALID"),
        ("gwp_sets", "AR6", {"values": {"CO2": "1", "CH4": "29.8"}}, "FIELD_MISSING"),
        ("gwp_sets", "AR6", {"values": {"CO2": "1", "CH4": "29.8", "N2O": "273", "R 32": "1"}}, "FIELD_INVALID"),
        ("gwp_sets", "AR6", {"values": {"CO2": "1", "CH4": "-29.8", "N2O": "273"}}, "FIELD_INVALID"),
        ("gwp_sets", "AR6", {"values": "none"}, "FIELD_INVALID"),
        ("gwp_sets", "AR6", {"id": "AR5"}, "ITEM_UNSORTED"),
        ("indicators", "heat.purchased", {"factor_kinds": ["warmth"]}, "FIELD_INVALID"),
        ("indicators", "heat.purchased", {"market_kinds": ["warmth"]}, "FIELD_INVALID"),
        ("indicators", "heat.purchased", {"market_kinds": ["heat"]}, "MARKET_KINDS_MISPLACED"),
        ("indicators", "heat.purchased", {"carrier": "steam"}, "FACTOR_NOT_ADMITTED"),
        ("indicators", "heat.purchased", {"dimension": "mass"}, "FACTOR_BASE_WRONG"),
        ("indicators", "heat.purchased", {"dimension": "mass"}, "DIMENSION_WRONG"),
        ("indicators", "heat.purchased", {"scope": 4}, "FIELD_INVALID"),
        ("indicators", "electricity.purchased", {"market_kinds": []}, "FACTOR_NOT_ADMITTED"),
        ("factors", GRID, {"unit": "kgCO2e/kWh"}, "FACTOR_UNIT"),
        ("factors", GRID, {"unit": "tCO2/MWh"}, "FACTOR_UNIT"),
        ("factors", GRID, {"unit": "kgCO2/m3"}, "FACTOR_BASE_WRONG"),
        ("factors", GRID, {"value": None}, "FACTOR_FORM"),
        ("factors", GRID, {"blend": [{"gas": "CO2", "share": "1"}]}, "FACTOR_FORM"),
        ("factors", GRID, {"kind": "refrigerant"}, "FACTOR_FORM"),
        ("factors", GRID, {"value": "-0.5"}, "FACTOR_NEGATIVE"),
        ("factors", GRID, {"kind": "grid_om"}, "FACTOR_NOT_ADMITTED"),
        ("factors", GRID, {"confidence": "A"}, "FIELD_INVALID"),
        ("factors", GRID, {"document": "unheard-of"}, "DOCUMENT_UNKNOWN"),
        ("factors", GRID, {"owner": "bank-a"}, "SELECTION_OWNED"),
        ("factors", GRID, {"uncertainty_bp": 100_001}, "FIELD_INVALID"),
        ("factors", GRID, {"valid_to": "2024-01-01"}, "FACTOR_DATES"),
        ("factors", GRID, {"data_year": 2022}, "FACTOR_OVERLAP"),
        ("factors", PETROL, {"guide": "public-building"}, "FACTOR_OVERLAP"),
        ("factors", PETROL, {"kind": "fuel_per_gas"}, "FACTOR_GASES"),
        ("factors", PETROL, {"basis": "CO2e"}, "FACTOR_GASES"),
        ("factors", PETROL, {"value": "3"}, "FACTOR_FORM"),
        ("factors", PETROL, {"colour": "red"}, "FIELD_UNKNOWN"),
        ("factors", BLEND, {"blend": [{"gas": "R-125", "share": "0.5"}, {"gas": "R-32", "share": "0.49"}]}, "BLEND_SHARES"),
        ("factors", BLEND, {"blend": [{"gas": "R-32", "share": "0.5"}, {"gas": "R-125", "share": "0.5"}]}, "ITEM_UNSORTED"),
        ("factors", BLEND, {"blend": [{"gas": "R-32", "share": "1.5"}, {"gas": "R-33", "share": "-0.5"}]}, "FIELD_INVALID"),
        ("factors", BLEND, {"blend": []}, "BLEND_SHARES"),
        ("factors", BLEND, {"blend": None}, "FACTOR_FORM"),
        ("factors", BLEND, {"unit": "kgCO2/kg", "basis": "CO2"}, "FACTOR_UNIT"),
        ("factors", BLEND, {"kind": "material"}, "FACTOR_FORM"),
        ("factors", BLEND, {"blend": [{"gas": "R-999", "share": "1"}]}, "GAS_WITHOUT_GWP"),
        ("target_profiles", "28-58", {"peak_by": 2059}, "PROFILE_ORDER"),
        ("target_profiles", "28-58", {"financed_neutral_by": 2057}, "PROFILE_ORDER"),
        ("target_profiles", "28-58", {"document": "unheard-of"}, "DOCUMENT_UNKNOWN"),
        ("templates", "sz-2022-1.1", {"document": "unheard-of"}, "DOCUMENT_UNKNOWN"),
    ],
)
def test_each_mistake_of_an_item_is_found(list_name: str, id: str, change: Document, code: str) -> None:
    changed = document()
    at(changed[list_name], id).update(change)
    release, found = check_release(changed)
    assert release is None
    assert code in [finding.code for finding in found if finding.severity == "error"]


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        ({"indicators": ["fuel.wood"]}, "INDICATOR_UNKNOWN", "/templates/1/rows/0/indicators"),
        ({"unit": "gallon"}, "MEASURE_UNKNOWN", "/templates/1/rows/0/unit"),
        ({"unit": "吨"}, "MEASURE_UNKNOWN", "/templates/1/rows/0/unit"),
        ({"unit": "kWh"}, "DIMENSION_WRONG", "/templates/1/rows/0/unit"),
        ({"show": "emissions"}, "DIMENSION_WRONG", "/templates/1/rows/0/unit"),
        ({"id": "energy.office.diesel"}, "ITEM_TWICE", "/templates/1/rows/1/id"),
    ],
)
def test_each_mistake_of_a_printed_row_is_found(change: Document, code: str, place: str) -> None:
    changed = document()
    changed["templates"][1]["rows"][0].update(change)
    assert (code, place) in [(finding.code, finding.place) for finding in findings(changed)]


@pytest.mark.parametrize(
    ("policy", "value"),
    [("max_lag_years", -1), ("jump_bp", "3000"), ("activity_uncertainty_bp", {"1": 1}), ("factor_uncertainty_bp", {})],
)
def test_each_policy_is_there_and_an_integer(policy: str, value: object) -> None:
    changed = document()
    changed["policies"][policy] = value
    assert set(codes(changed)) <= {"FIELD_INVALID", "FIELD_MISSING"}
    assert all(finding.place.startswith(f"/policies/{policy}") for finding in findings(changed))
    assert codes(changed)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"factor": "grid_average.cn.1999"}, "FACTOR_UNKNOWN"),
        ({"indicator": "x"}, "INDICATOR_UNKNOWN"),
        ({"factor": "fuel.diesel.generic"}, "FACTOR_NOT_ADMITTED"),
        ({"factor": "grid_om.cn-east.2019"}, "FACTOR_NOT_ADMITTED"),
        ({"factor": "grid_residual.cn.2023"}, "FACTOR_NOT_ADMITTED"),
    ],
)
def test_a_rule_that_cannot_apply_is_refused(change: Document, code: str) -> None:
    changed = document()
    changed["selections"][0].update(change)
    assert codes(changed) == [code]


def test_an_unknown_use_is_refused() -> None:
    changed = document()
    changed["selections"][0]["use"] = "spare"
    assert codes(changed) == ["FIELD_INVALID"]


@pytest.mark.parametrize(("region", "year"), [("CN-ZJ", 2025), ("*", 2025)])
def test_a_rule_behind_one_that_takes_all_its_cases_is_refused(region: str, year: int) -> None:
    changed = document()
    rule = {"indicator": "electricity.purchased", "use": "location", "region": region, "year": year, "factor": "grid_average.cn-zj.2023"}
    changed["selections"].append(rule)
    (finding,) = findings(changed)
    assert (finding.code, finding.place) == ("SELECTION_COVERED", f"/selections/{len(changed['selections']) - 1}")
    # Put before the wider rule it is an exception, and one of its own use covers no other.
    changed["selections"].insert(0, changed["selections"].pop())
    assert codes(changed) == (["SELECTION_COVERED"] if region == "*" else [])


def test_a_wider_rule_behind_a_narrower_one_is_no_mistake() -> None:
    changed = document()
    changed["selections"].append(
        {"indicator": "electricity.purchased", "use": "location", "region": "*", "year": None, "factor": "grid_average.cn.2023"}
    )
    assert codes(changed) == []


def local(**changes: object) -> Document:
    factor = copy.deepcopy(at(document()["factors"], GRID))
    return {**factor, "id": "local.bank-a.power", "owner": "bank-a", **changes}


@pytest.mark.parametrize(
    ("dates", "overlap"),
    [
        ((None, None, None, None), True),
        (("2024-01-01", "2024-12-31", "2025-01-01", None), False),
        (("2024-01-01", "2025-01-01", "2025-01-01", None), True),
        ((None, "2024-12-31", "2025-01-01", "2025-12-31"), False),
        (("2024-01-01", None, None, "2023-12-31"), False),
        (("2024-06-01", "2024-06-30", "2024-01-01", "2024-12-31"), True),
    ],
)
def test_two_factors_of_one_thing_may_not_be_valid_on_one_day(dates: tuple[Any, Any, Any, Any], overlap: bool) -> None:
    changed = document()
    put(changed["factors"], local(id="local.bank-a.1", valid_from=dates[0], valid_to=dates[1]))
    put(changed["factors"], local(id="local.bank-a.2", valid_from=dates[2], valid_to=dates[3]))
    assert codes(changed) == (["FACTOR_OVERLAP"] if overlap else [])


@pytest.mark.parametrize("change", [{"owner": "bank-b"}, {"region": "CN-ZJ"}, {"guide": "ours"}, {"data_year": 2024}, {"kind": "supplier"}])
def test_factors_of_different_things_may_stand_side_by_side(change: Document) -> None:
    changed = document()
    put(changed["factors"], local(id="local.bank-a.1"))
    put(changed["factors"], local(id="local.bank-a.2", **change))
    assert codes(changed) == []


def test_a_gas_that_one_set_knows_is_a_warning_and_one_that_none_knows_an_error() -> None:
    changed = document()
    del at(changed["gwp_sets"], "AR4")["values"]["SF6"]
    release, found = check_release(changed)
    assert release is not None
    assert [(finding.code, finding.severity, finding.got) for finding in found] == [("GAS_WITHOUT_GWP", "warning", "no value in AR4")]
    for gwp in changed["gwp_sets"]:
        gwp["values"].pop("SF6", None)
    release, found = check_release(changed)
    assert release is None
    assert [(finding.code, finding.severity) for finding in found] == [("GAS_WITHOUT_GWP", "error")]


def test_a_fuel_factor_with_one_of_two_gases_is_refused() -> None:
    changed = document()
    at(changed["factors"], "fuel.petrol.generic.per_gas")["fuel"]["n2o"] = None
    assert codes(changed) == ["FACTOR_GASES"]


def test_an_unknown_method_is_refused() -> None:
    assert codes(document() | {"methods": ["operational_9"]}) == ["METHOD_UNKNOWN"]


def test_mistakes_of_several_items_are_found_at_once_with_their_places() -> None:
    changed = document()
    at(changed["units"], "kWh")["denominator"] = "3"
    at(changed["factors"], GRID)["document"] = "unheard-of"
    at(changed["target_profiles"], "28-58")["peak_by"] = 2059
    changed["templates"][0]["rows"][0]["indicators"].append("fuel.wood")
    assert set(codes(changed)) == {"UNIT_QUOTIENT", "DOCUMENT_UNKNOWN", "PROFILE_ORDER", "INDICATOR_UNKNOWN"}
    assert all(finding.place.startswith("/") and finding.action for finding in findings(changed))


@pytest.mark.parametrize("value", [None, [], "release", 7, {}])
def test_something_else_than_a_release_is_refused_and_nothing_fails(value: object) -> None:
    release, found = check_release(value)
    assert release is None
    assert found
    with pytest.raises(MalformedDocument, match="library release is refused"):
        release_from_document(value)


JUNK: tuple[object, ...] = (None, 3, [None], [{}], {"a": 1})


@pytest.mark.parametrize("name", [name for name in document() if name != "supersedes"])
def test_every_field_may_hold_anything_and_reading_goes_on(name: str) -> None:
    for junk in JUNK:
        release, found = check_release(document() | {name: junk})
        assert release is None, junk
        assert found
