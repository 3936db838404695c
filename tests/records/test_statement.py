"""Statement documents: measures, round trip, and strict reading."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedDocument, NotFound
from ledger.records import canonical
from ledger.records.statement import Measures, Statement, check_statement
from ledger.units import parse_decimal

GRAMS = {"scope1_g": "5", "scope2_location_g": "0", "scope2_market_g": "0", "scope3_g": "0"}
LINE = {
    "schema": "lingtan.line/1",
    "unit": "hq",
    "indicator": "fuel.petrol.vehicles",
    "scope": 1,
    "quantity": {"value": "0.0022", "unit": "L"},
    "factor": "fuel.petrol.generic",
    "gases": {"CO2": "5", "CH4": "0", "N2O": "0"},
    "fluorinated": [],
    "market": None,
    **GRAMS,
    "quality": 2,
    "uncertainty": {"activity_bp": 500, "factor_bp": 200},
    "sources": [{"kind": "activity", "id": "r1"}, {"kind": "meter", "id": "m1"}],
}
COOLING = LINE | {
    "indicator": "refrigerant.r410a",
    "fluorinated": [{"gas": "R-125", "g": "500"}, {"gas": "R-32", "g": "500"}],
}
POWER = LINE | {
    "unit": "x-01",
    "indicator": "electricity.purchased",
    "scope": 2,
    "quantity": {"value": "1200.5", "unit": "kWh"},
    "market": {
        "factor": "grid_residual.cn.2023",
        "covered": [{"instrument": "gec-1", "quantity": "1000.001"}, {"instrument": "gec-2", "quantity": "0.001"}],
        "rest": "200.498",
    },
}
METER = {
    "meter": "m1",
    "unit": "hq",
    "quantity": "el.import",
    "record": "cd" * 32,
    "total": str(2**63),
    "measured": "96",
    "estimated": "0",
    "manual": "0",
    "missing": "0",
}
DOCUMENT = {
    "schema": "lingtan.statement/1",
    "institution": "anji",
    "period": {"id": "2025", "start": "2024-12-31T16:00:00Z", "end": "2025-12-31T16:00:00Z", "timezone": "Asia/Shanghai"},
    "revision": 2,
    "cause": "data",
    "supersedes": "00" * 32,
    "organisation": "11" * 32,
    "activity": "22" * 32,
    "library": {"release": "lingtan-2026.1", "hash": "33" * 32},
    "method": "operational_1",
    "gwp": "AR6",
    "meters": [METER],
    "lines": [LINE, COOLING, POWER],
    "rollup": [{"unit": "hq", "own": GRAMS, "total": GRAMS}],
    "totals": GRAMS,
}


def test_a_good_document_comes_back_byte_for_byte() -> None:
    statement = Statement.from_document(json.loads(json.dumps(DOCUMENT)))
    assert statement.to_bytes() == canonical.dump(DOCUMENT)
    assert statement.digest() == canonical.digest(DOCUMENT)
    assert statement.line("hq", "fuel.petrol.vehicles").to_bytes() == canonical.dump(LINE)
    assert statement.meters[0].slots == 96
    market = statement.line("x-01", "electricity.purchased").market
    assert market is not None
    assert sum(item.exact for item in market.covered) + parse_decimal(market.rest) == parse_decimal("1200.5")
    with pytest.raises(NotFound):
        statement.line("hq", "heat.purchased")


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("/revision", 0, "/revision"),
        ("/revision", "2", "/revision"),
        ("/cause", "whim", "/cause"),
        ("/supersedes", "0x00", "/supersedes"),
        ("/library/hash", None, "/library/hash"),
        ("/meters/0/total", "-1", "/meters/0/total"),
        ("/meters/0/total", 5, "/meters/0/total"),
        ("/meters/0/total", "05", "/meters/0/total"),
        ("/lines/0/schema", "lingtan.line/2", "/lines/0/schema"),
        ("/lines/0/scope1_g", "5.0", "/lines/0/scope1_g"),
        ("/lines/0/gases/CO2", 5, "/lines/0/gases/CO2"),
        ("/lines/0/scope", 4, "/lines/0/scope"),
        ("/lines/0/sources/0/kind", "hearsay", "/lines/0/sources/0/kind"),
        ("/rollup/0/own/scope3_g", "", "/rollup/0/own/scope3_g"),
        ("/totals/scope1_g", None, "/totals/scope1_g"),
        ("/lines/0/market", [], "/lines/0/market"),
        ("/lines/0/uncertainty/activity_bp", -1, "/lines/0/uncertainty/activity_bp"),
        ("/lines/0/uncertainty/factor_bp", "200", "/lines/0/uncertainty/factor_bp"),
        ("/lines/1/fluorinated/0/gas", "R 125", "/lines/1/fluorinated/0/gas"),
        ("/lines/1/fluorinated/0/g", "0.5", "/lines/1/fluorinated/0/g"),
        ("/lines/1/fluorinated/1/gas", "R-125", "/lines/1/fluorinated/1"),
        ("/lines/2/market/rest", "-1", "/lines/2/market/rest"),
        ("/lines/2/market/covered/0/quantity", "0", "/lines/2/market/covered/0/quantity"),
        ("/lines/2/market/covered/1/instrument", "gec-0", "/lines/2/market/covered/1"),
    ],
)
def test_each_mistake_is_found_where_it_is(path: str, value: object, place: str) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    target: object = document
    steps = [int(step) if step.isdigit() else step for step in path.strip("/").split("/")]
    for step in steps[:-1]:
        target = target[step]  # type: ignore[index]
    target[steps[-1]] = value  # type: ignore[index]
    statement, findings = check_statement(document)
    assert statement is None
    assert [finding.place for finding in findings] == [place]


@pytest.mark.parametrize("path", ["fluorinated", "market", "uncertainty"])
def test_a_line_without_one_of_its_fields_is_refused(path: str) -> None:
    line = {name: value for name, value in LINE.items() if name != path}
    _, findings = check_statement(DOCUMENT | {"lines": [line]})
    assert [(finding.code, finding.place) for finding in findings] == [("FIELD_MISSING", f"/lines/0/{path}")]


@pytest.mark.parametrize("name", ["meters", "lines", "rollup"])
def test_lists_that_are_not_strictly_ascending_are_refused(name: str) -> None:
    items = DOCUMENT[name]
    with pytest.raises(MalformedDocument, match="ITEM_TWICE"):
        Statement.from_document(DOCUMENT | {name: [*items, items[-1]]})  # type: ignore[misc]


def test_sources_of_a_line_are_sorted() -> None:
    line = LINE | {"sources": list(reversed(LINE["sources"]))}  # type: ignore[call-overload]
    with pytest.raises(MalformedDocument, match="ITEM_UNSORTED"):
        Statement.from_document(DOCUMENT | {"lines": [line]})


grams = st.integers(0, 2**96)


@given(st.lists(st.builds(Measures, grams, grams, grams, grams), max_size=8), st.randoms(use_true_random=False))
def test_measures_add_column_by_column_in_any_order(parts: list[Measures], random: object) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    expected = tuple(sum(part.as_tuple()[column] for part in parts) for column in range(4))
    assert Measures.sum(shuffled).as_tuple() == expected
