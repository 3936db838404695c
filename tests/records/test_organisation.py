"""Organisation trees: what is refused, where, and that a document comes back byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from fractions import Fraction

import pytest

from ledger.errors import MalformedDocument, NotFound
from ledger.records import canonical
from ledger.records.organisation import Organisation, check_organisation

UNIT = {
    "id": "hq",
    "name": {"en": "Head Office", "zh": "总行"},
    "kind": "institution",
    "placements": [],
    "opened": "2001-05-01",
    "closed": None,
    "opening": "opened",
    "closing": None,
    "merged_into": None,
    "county": "吴兴区",
    "area_m2": "1200.50",
    "headcount": 240,
    "ownership": "owned",
    "allocations": [],
}
PLAIN = {"county": None, "area_m2": None, "headcount": None, "ownership": None}
CHILD = UNIT | PLAIN | {"id": "x-01", "kind": "outlet", "opened": "2010-01-01", "placements": [{"parent": "hq", "since": "2010-01-01"}]}
SHARE = {"since": "2010-01-01", "rule": "area", "part": "120.5", "whole": "2410", "reference": "lease 2010-7"}


def under(parent: str, since: str = "2010-01-01") -> list[dict[str, str]]:
    """Placements under one parent only."""
    return [{"parent": parent, "since": since}]


DOCUMENT = {
    "schema": "lingtan.organisation/1",
    "institution": "anji",
    "name": {"en": "Anji Bank", "zh": "安吉银行"},
    "timezone": "Asia/Shanghai",
    "region": "CN-ZJ",
    "units": [UNIT, CHILD, CHILD | {"id": "x-02", "placements": under("x-01"), "ownership": "leased", "allocations": [SHARE]}],
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


def with_units(*units: Mapping[str, object]) -> dict[str, object]:
    """The document with these units."""
    return DOCUMENT | {"units": list(units)}


def found(document: object) -> list[tuple[str, str]]:
    organisation, findings = check_organisation(document)
    assert (organisation is None) == bool(findings)
    return [(finding.code, finding.place) for finding in findings]


def test_a_good_document_comes_back_byte_for_byte() -> None:
    organisation = Organisation.from_document(DOCUMENT)
    assert canonical.dump(organisation.to_document()) == canonical.dump(DOCUMENT)
    assert organisation.digest() == canonical.digest(DOCUMENT)
    assert organisation.root.id == "hq"
    assert [unit.id for unit in organisation.tree(date(2025, 12, 31)).children("x-01")] == ["x-02"]
    assert organisation.unit("x-02").opened == date(2010, 1, 1)


def test_depth_order_puts_children_before_parents() -> None:
    order = [unit.id for unit in Organisation.from_document(DOCUMENT).tree(date(2025, 12, 31)).depth_order()]
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
        ("/units/1/opening", "born", "FIELD_INVALID", "/units/1/opening"),
        ("/units/1/closing", "sold", "FIELD_INVALID", "/units/1/closing"),
        ("/units/1/ownership", "borrowed", "FIELD_INVALID", "/units/1/ownership"),
        ("/units/1/placements", None, "FIELD_INVALID", "/units/1/placements"),
        ("/units/1/placements/0/since", "2010", "FIELD_INVALID", "/units/1/placements/0/since"),
        ("/units/1/placements/0/until", "2011-01-01", "FIELD_UNKNOWN", "/units/1/placements/0/until"),
        ("/units/0/kind", "branch", "ROOT_NOT_ONE", "/units"),
        ("/units/0/kind", "branch", "PLACEMENT_MISSING", "/units/0/placements"),
        ("/units/1/kind", "institution", "ROOT_NOT_ONE", "/units"),
        ("/units/1/kind", "institution", "ROOT_KIND", "/units/1/placements"),
        ("/units/0/placements", under("x-01", "2001-05-01"), "ROOT_KIND", "/units/0/placements"),
        ("/units/1/placements", [], "PLACEMENT_MISSING", "/units/1/placements"),
        ("/units/1/placements/0/since", "2010-01-02", "PLACEMENT_FIRST", "/units/1/placements/0/since"),
        ("/units/2/placements", under("x-01") + under("hq"), "PLACEMENT_ORDER", "/units/2/placements/1/since"),
        ("/units/2/placements", under("x-01") + under("hq", "2009-01-01"), "PLACEMENT_ORDER", "/units/2/placements/1/since"),
        ("/units/1/placements/0/parent", "y", "PARENT_UNKNOWN", "/units/1/placements/0/parent"),
        ("/units/1/placements/0/parent", "x-02", "UNIT_CYCLE", "/units/1/placements/0/parent"),
        ("/units/1/placements/0/parent", "x-01", "UNIT_CYCLE", "/units/1/placements/0/parent"),
        ("/units/0/opened", "2010-01-02", "PARENT_NOT_OPEN", "/units/1/placements/0"),
        ("/units/0/closed", "2024-12-31", "PARENT_NOT_OPEN", "/units/1/placements/0"),
        ("/units/1/closed", "2024-12-31", "CLOSING_WITHOUT_DATE", "/units/1/closing"),
        ("/units/1/closing", "divested", "CLOSING_WITHOUT_DATE", "/units/1/closing"),
        ("/units/1/merged_into", "hq", "MERGED_INTO_WITHOUT_MERGER", "/units/1/merged_into"),
        ("/units/2/allocations", [SHARE, SHARE], "ALLOCATION_ORDER", "/units/2/allocations/1/since"),
        ("/units/2/allocations/0/part", "2410.1", "ALLOCATION_SHARE", "/units/2/allocations/0/part"),
        ("/units/2/allocations/0/part", "0", "FIELD_INVALID", "/units/2/allocations/0/part"),
        ("/units/2/allocations/0/whole", "-5", "FIELD_INVALID", "/units/2/allocations/0/whole"),
        ("/units/2/allocations/0/rule", "guess", "FIELD_INVALID", "/units/2/allocations/0/rule"),
        ("/units/2/allocations/0/reference", "", "FIELD_INVALID", "/units/2/allocations/0/reference"),
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
    last = {"closed": "2020-12-31", "closing": "closed"}
    assert found(with_units(UNIT, CHILD | last, CHILD | last | {"id": "x-02", "placements": under("x-01")})) == []


@pytest.mark.parametrize(
    ("end", "codes"),
    [
        ({"closing": "merged", "merged_into": "x-01"}, []),
        ({"closing": "merged", "merged_into": None}, ["MERGED_INTO_MISSING"]),
        ({"closing": "merged", "merged_into": "y"}, ["MERGED_INTO_UNKNOWN"]),
        ({"closing": "merged", "merged_into": "x-02"}, ["MERGED_INTO_UNKNOWN"]),
        ({"closing": "merged", "merged_into": "x-03"}, ["MERGED_INTO_NOT_OPEN"]),
        ({"closing": "divested", "merged_into": "x-01"}, ["MERGED_INTO_WITHOUT_MERGER"]),
        ({"closing": "divested"}, []),
    ],
)
def test_a_unit_merges_into_another_that_is_open_on_the_next_day(end: dict[str, object], codes: list[str]) -> None:
    gone = {"id": "x-03", "closed": "2020-06-30", "closing": "closed"}
    document = with_units(UNIT, CHILD, CHILD | {"id": "x-02", "closed": "2020-06-30"} | end, CHILD | gone)
    assert [code for code, _ in found(document)] == codes


def test_the_successor_may_open_on_the_very_next_day() -> None:
    gone = {"closed": "2020-06-30", "closing": "merged", "merged_into": "x-02"}
    new = {"id": "x-02", "opened": "2020-07-01", "placements": under("hq", "2020-07-01")}
    assert found(with_units(UNIT, CHILD | gone, CHILD | new)) == []


def test_a_circle_of_one_day_only_is_found_at_the_placement_that_closes_it() -> None:
    first = CHILD | {"placements": under("hq") + under("x-02", "2015-03-01") + under("hq", "2015-03-02")}
    second = CHILD | {"id": "x-02", "placements": under("hq") + under("x-01", "2012-01-01")}
    assert found(with_units(UNIT, first, second)) == [("UNIT_CYCLE", "/units/1/placements/1/parent")]


def test_units_that_stood_below_each_other_at_different_times_are_no_circle() -> None:
    first = CHILD | {"placements": under("hq") + under("x-02", "2015-03-01")}
    second = CHILD | {"id": "x-02", "placements": under("x-01") + under("hq", "2015-03-01")}
    assert found(with_units(UNIT, first, second)) == []
    organisation = Organisation.from_document(with_units(UNIT, first, second))
    assert [unit.id for unit in organisation.tree(date(2015, 2, 28)).depth_order()] == ["x-02", "x-01", "hq"]
    assert [unit.id for unit in organisation.tree(date(2015, 3, 1)).depth_order()] == ["x-01", "x-02", "hq"]


def test_a_parent_may_close_once_the_unit_has_moved_away() -> None:
    gone = CHILD | {"closed": "2018-12-31", "closing": "closed"}
    moved = CHILD | {"id": "x-02", "placements": under("x-01") + under("hq", "2019-01-01")}
    assert found(with_units(UNIT, gone, moved)) == []
    late = moved | {"placements": under("x-01") + under("hq", "2019-01-02")}
    assert found(with_units(UNIT, gone, late)) == [("PARENT_NOT_OPEN", "/units/2/placements/0")]


def test_no_placement_begins_after_the_last_day() -> None:
    gone = CHILD | {"id": "x-02", "closed": "2018-12-31", "closing": "closed", "placements": under("x-01") + under("hq", "2019-01-01")}
    assert found(with_units(UNIT, CHILD, gone)) == [("PLACEMENT_ORDER", "/units/2/placements/1/since")]


def test_an_allocation_holds_until_the_next_one() -> None:
    unit = Organisation.from_document(
        with_units(UNIT, CHILD | {"allocations": [SHARE, SHARE | {"since": "2020-07-01", "rule": "contract", "part": "1", "whole": "3"}]})
    ).unit("x-01")
    assert unit.find_allocation(date(2009, 12, 31)) is None
    assert unit.find_allocation(date(2020, 6, 30)) == unit.allocations[0]
    assert unit.allocations[0].share == Fraction(1, 20)
    assert unit.find_allocation(date(2020, 7, 1)) == unit.allocations[1]
    assert unit.allocations[1].share == Fraction(1, 3)
    days = (date(2020, 6, 30), date(2020, 7, 1), date(2020, 12, 31))
    assert unit.allocation_changes(days[0], days[1])
    assert not unit.allocation_changes(days[1], days[2])
    assert not unit.allocation_changes(days[0], days[0])


@pytest.mark.parametrize("document", [None, [], "x", 3, {}])
def test_what_is_no_document_is_refused_without_a_crash(document: object) -> None:
    assert found(document)
    with pytest.raises(MalformedDocument):
        Organisation.from_document(document)


def test_from_document_raises_with_the_place() -> None:
    with pytest.raises(MalformedDocument, match="/units/1/headcount"):
        Organisation.from_document(changed("/units/1/headcount", "many"))


def test_a_chain_of_2000_units_needs_no_recursion() -> None:
    chain = [CHILD | {"id": f"u{index:04d}", "placements": under(f"u{index - 1:04d}")} for index in range(1, 2000)]
    tree = Organisation.from_document(with_units(UNIT | {"id": "u0000"}, *chain)).tree(date(2025, 12, 31))
    assert tree.depth("u1999") == 1999
    assert [unit.id for unit in tree.depth_order()] == [f"u{index:04d}" for index in reversed(range(2000))]
