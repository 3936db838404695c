"""Organisation trees: what is refused, where, and that a document comes back byte for byte."""

from __future__ import annotations

import json
from datetime import date

import pytest

from ledger.errors import MalformedDocument, NotFound
from ledger.records import canonical
from ledger.records.organisation import Organisation, check_organisation

UNIT = {
    "id": "hq",
    "name": {"en": "Head Office", "zh": "总行"},
    "kind": "institution",
    "parent": None,
    "opened": "2001-05-01",
    "closed": None,
    "county": "吴兴区",
    "area_m2": "1200.50",
    "headcount": 240,
}
CHILD = UNIT | {"id": "x-01", "kind": "outlet", "parent": "hq", "opened": "2010-01-01", "county": None, "area_m2": None, "headcount": None}
DOCUMENT = {
    "schema": "lingtan.organisation/1",
    "institution": "anji",
    "name": {"en": "Anji Bank", "zh": "安吉银行"},
    "timezone": "Asia/Shanghai",
    "region": "CN-ZJ",
    "units": [UNIT, CHILD, CHILD | {"id": "x-02", "parent": "x-01"}],
}


def changed(path: str, value: object) -> dict[str, object]:
    """The document with one place replaced; a value of `...` removes it."""
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
    organisation, findings = check_organisation(document)
    assert (organisation is None) == bool(findings)
    return [(finding.code, finding.place) for finding in findings]


def test_a_good_document_comes_back_byte_for_byte() -> None:
    organisation = Organisation.from_document(DOCUMENT)
    assert canonical.dump(organisation.to_document()) == canonical.dump(DOCUMENT)
    assert organisation.digest() == canonical.digest(DOCUMENT)
    assert organisation.root.id == "hq"
    assert [unit.id for unit in organisation.children("x-01")] == ["x-02"]
    assert organisation.unit("x-02").opened == date(2010, 1, 1)


def test_depth_order_puts_children_before_parents() -> None:
    order = [unit.id for unit in Organisation.from_document(DOCUMENT).depth_order()]
    assert order == ["x-02", "x-01", "hq"]


def test_an_unknown_unit_is_none_or_an_error_as_asked() -> None:
    organisation = Organisation.from_document(DOCUMENT)
    assert organisation.find_unit("y") is None
    with pytest.raises(NotFound):
        organisation.unit("y")


@pytest.mark.parametrize(
    ("path", "value", "code", "place"),
    [
        ("/schema", "lingtan.organisation/2", "FIELD_INVALID", "/schema"),
        ("/region", ..., "FIELD_MISSING", "/region"),
        ("/colour", "red", "FIELD_UNKNOWN", "/colour"),
        ("/institution", "no blanks", "FIELD_INVALID", "/institution"),
        ("/name", {"en": "x"}, "FIELD_INVALID", "/name"),
        ("/timezone", "Asia/Huzhou", "FIELD_INVALID", "/timezone"),
        ("/timezone", "../etc/passwd", "FIELD_INVALID", "/timezone"),
        ("/units", {}, "FIELD_INVALID", "/units"),
        ("/units/1", "x", "FIELD_INVALID", "/units/1"),
        ("/units/1/kind", "kiosk", "FIELD_INVALID", "/units/1/kind"),
        ("/units/1/opened", "2010-1-1", "FIELD_INVALID", "/units/1/opened"),
        ("/units/1/opened", "2010-02-30", "FIELD_INVALID", "/units/1/opened"),
        ("/units/1/opened", None, "FIELD_INVALID", "/units/1/opened"),
        ("/units/1/area_m2", "1e3", "FIELD_INVALID", "/units/1/area_m2"),
        ("/units/1/area_m2", "-1", "FIELD_INVALID", "/units/1/area_m2"),
        ("/units/1/headcount", -1, "FIELD_INVALID", "/units/1/headcount"),
        ("/units/1/headcount", True, "FIELD_INVALID", "/units/1/headcount"),
        ("/units/1/id", "hq", "ITEM_TWICE", "/units/1"),
        ("/units/1/id", "a-01", "ITEM_UNSORTED", "/units/1"),
        ("/units/0/parent", "x-01", "ROOT_NOT_ONE", "/units"),
        ("/units/1/parent", None, "ROOT_NOT_ONE", "/units"),
        ("/units/0/kind", "branch", "ROOT_KIND", "/units/0/kind"),
        ("/units/1/kind", "institution", "ROOT_KIND", "/units/1/kind"),
        ("/units/1/parent", "y", "PARENT_UNKNOWN", "/units/1/parent"),
        ("/units/1/parent", "x-02", "UNIT_CYCLE", "/units/1/parent"),
        ("/units/1/parent", "x-01", "UNIT_CYCLE", "/units/1/parent"),
        ("/units/2/opened", "2009-12-31", "PARENT_NOT_OPEN", "/units/2"),
        ("/units/0/closed", "2024-12-31", "PARENT_NOT_OPEN", "/units/1"),
        ("/units/2/closed", "2009-12-31", "UNIT_CLOSED_BEFORE_OPENED", "/units/2/closed"),
    ],
)
def test_each_mistake_is_found_where_it_is(path: str, value: object, code: str, place: str) -> None:
    assert (code, place) in found(changed(path, value))


def test_all_mistakes_are_found_at_once() -> None:
    document = changed("/units/1/opened", "soon") | {"region": "", "extra": 1}
    document["units"][2]["kind"] = 7  # type: ignore[index]
    assert sorted(found(document)) == [
        ("FIELD_INVALID", "/region"),
        ("FIELD_INVALID", "/units/1/opened"),
        ("FIELD_INVALID", "/units/2/kind"),
        ("FIELD_UNKNOWN", "/extra"),
    ]


def test_a_child_that_closes_with_its_parent_is_fine() -> None:
    document = changed("/units/2/closed", "2020-12-31")
    document["units"][1]["closed"] = "2020-12-31"  # type: ignore[index]
    assert found(document) == []


@pytest.mark.parametrize("document", [None, [], "x", 3, {}])
def test_what_is_no_document_is_refused_without_a_crash(document: object) -> None:
    assert found(document)
    with pytest.raises(MalformedDocument):
        Organisation.from_document(document)


def test_from_document_raises_with_the_place() -> None:
    with pytest.raises(MalformedDocument, match="/units/1/headcount"):
        Organisation.from_document(changed("/units/1/headcount", "many"))


def test_a_chain_of_2000_units_needs_no_recursion() -> None:
    units = [UNIT | {"id": "u0000"}] + [CHILD | {"id": f"u{index:04d}", "parent": f"u{index - 1:04d}"} for index in range(1, 2000)]
    organisation = Organisation.from_document(DOCUMENT | {"units": units})
    assert [unit.id for unit in organisation.depth_order()] == [f"u{index:04d}" for index in reversed(range(2000))]
