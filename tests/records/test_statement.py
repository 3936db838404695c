"""Statement documents: measures, round trip, and strict reading."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedDocument, NotFound
from ledger.records import canonical
from ledger.records.statement import Measures, Statement, check_statement

GRAMS = {"scope1_g": "5", "scope2_location_g": "0", "scope2_market_g": "0", "scope3_g": "0"}
LINE = {
    "schema": "lingtan.line/1",
    "unit": "hq",
    "indicator": "fuel.petrol.vehicles",
    "scope": 1,
    "quantity": {"value": "0.0022", "unit": "L"},
    "factor": "fuel.petrol.generic",
    "gases": {"CO2": "5", "CH4": "0", "N2O": "0"},
    **GRAMS,
    "quality": 2,
    "sources": [{"kind": "activity", "id": "r1"}, {"kind": "meter", "id": "m1"}],
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
    "lines": [LINE],
    "rollup": [{"unit": "hq", "own": GRAMS, "total": GRAMS}],
    "totals": GRAMS,
    "not_computed": ["scope2_market_g", "scope3_g"],
}


def test_a_good_document_comes_back_byte_for_byte() -> None:
    statement = Statement.from_document(json.loads(json.dumps(DOCUMENT)))
    assert statement.to_bytes() == canonical.dump(DOCUMENT)
    assert statement.digest() == canonical.digest(DOCUMENT)
    assert statement.line("hq", "fuel.petrol.vehicles").to_bytes() == canonical.dump(LINE)
    assert statement.meters[0].slots == 96
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
        ("/not_computed/0", 1, "/not_computed/0"),
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


@pytest.mark.parametrize("name", ["meters", "lines", "rollup"])
def test_lists_that_are_not_strictly_ascending_are_refused(name: str) -> None:
    items = DOCUMENT[name]
    with pytest.raises(MalformedDocument, match="ITEM_TWICE"):
        Statement.from_document(DOCUMENT | {name: [*items, *items]})  # type: ignore[misc]


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
