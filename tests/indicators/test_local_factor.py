"""Local factors: a bank's own, from a document of its own, checked alone and put beside a release for computing offline."""

from __future__ import annotations

import pytest

from ledger.errors import Conflict, MalformedDocument
from ledger.identifiers import is_identifier
from ledger.indicators.local_factor import LocalFactor, check_local_factor, local_factor_from_document, with_local_factors
from ledger.indicators.reading import check_release
from ledger.indicators.shipped import shipped_release
from tests.indicators.documents import Document, at, document

SOURCE: Document = {
    "id": "huzhou-heat-2025",
    "title": "湖州某热电公司2025年供热排放因子核查报告",
    "number": "HZ-2025-017",
    "issuer": "某核查机构",
    "published": "2026-03-01",
    "sha256": "ab" * 32,
}


def local_document(**changes: object) -> Document:
    heat = at(document()["factors"], "heat.cn.default")
    factor = {
        **heat,
        "id": "local.bank-a.steam",
        "kind": "supplier",
        "value": "0.092",
        "owner": "bank-a",
        "document": SOURCE["id"],
        "data_year": 2025,
    }
    return {
        "schema": "lingtan.local_factor/1",
        "institution": "bank-a",
        "factor": {**factor, **changes},
        "document": dict(SOURCE),
        "reason": "verified figure of the only supplier of steam",
    }


def local(**changes: object) -> LocalFactor:
    return local_factor_from_document(local_document(**changes))


def test_a_local_factor_is_read_and_written_as_it_stands() -> None:
    found, findings = check_local_factor(local_document())
    assert findings == ()
    assert found is not None
    assert found.to_document() == local_document()
    assert (found.institution, found.factor.owner, found.document.number) == ("bank-a", "bank-a", "HZ-2025-017")


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        ({"owner": None}, "LOCAL_FACTOR_OWNER", "/factor/owner"),
        ({"owner": "bank-b"}, "LOCAL_FACTOR_OWNER", "/factor/owner"),
        ({"id": "heat.better"}, "LOCAL_FACTOR_ID", "/factor/id"),
        ({"id": "local.bank-b.steam"}, "LOCAL_FACTOR_ID", "/factor/id"),
        ({"id": "local.bank-a."}, "LOCAL_FACTOR_ID", "/factor/id"),
        ({"document": "mee-2025-47"}, "LOCAL_FACTOR_DOCUMENT", "/factor/document"),
        ({"value": None}, "FACTOR_FORM", "/factor"),
        ({"value": "-1"}, "FACTOR_NEGATIVE", "/factor"),
        ({"unit": "tCO2/GJ"}, "FACTOR_UNIT", "/factor/unit"),
        ({"colour": "red"}, "FIELD_UNKNOWN", "/factor/colour"),
    ],
)
def test_each_mistake_of_a_local_factor_is_found_at_its_place(change: Document, code: str, place: str) -> None:
    found, findings = check_local_factor(local_document(**change))
    assert found is None
    assert [(finding.code, finding.place) for finding in findings] == [(code, place)]


def test_several_mistakes_are_found_at_once() -> None:
    _, findings = check_local_factor(local_document(owner=None, id="x", document="y", value="-1"))
    assert {finding.code for finding in findings} == {"LOCAL_FACTOR_OWNER", "LOCAL_FACTOR_ID", "LOCAL_FACTOR_DOCUMENT", "FACTOR_NEGATIVE"}


@pytest.mark.parametrize("value", [None, [], {}, {"schema": "lingtan.local_factor/1"}])
def test_something_else_than_a_local_factor_is_refused(value: object) -> None:
    with pytest.raises(MalformedDocument, match="local factor is refused"):
        local_factor_from_document(value)


def test_a_release_with_local_factors_serves_the_bank_and_cannot_be_proposed() -> None:
    merged = with_local_factors(shipped_release(), [local()])
    factor = merged.factor("local.bank-a.steam")
    assert merged.indicator("heat.purchased").admits_factor(factor)
    assert merged.document("huzhou-heat-2025").number == "HZ-2025-017"
    assert merged.release == "lingtan-2026.1+local"
    assert not is_identifier(merged.release)
    assert merged.hash != shipped_release().hash
    _, findings = check_release(merged.to_document())
    assert [finding.place for finding in findings] == ["/release"]


def test_no_local_factor_leaves_the_release_as_it_is() -> None:
    assert with_local_factors(shipped_release(), []) == shipped_release()


def test_the_order_of_local_factors_does_not_matter() -> None:
    one, other = local(), local(id="local.bank-a.cooling", carrier="cooling")
    assert with_local_factors(shipped_release(), [one, other]).hash == with_local_factors(shipped_release(), [other, one]).hash


def test_a_factor_that_is_there_already_is_taken_as_it_stands_and_another_of_its_id_is_refused() -> None:
    merged = with_local_factors(shipped_release(), [local()])
    assert with_local_factors(merged, [local()]) == merged
    with pytest.raises(Conflict, match=r"local\.bank-a\.steam is another factor"):
        with_local_factors(merged, [local(value="0.093")])


def test_a_document_id_that_stands_for_another_document_is_refused() -> None:
    changed = local_document(document="mee-2025-47")
    changed["document"]["id"] = "mee-2025-47"
    with pytest.raises(Conflict, match="mee-2025-47 is another document"):
        with_local_factors(shipped_release(), [local_factor_from_document(changed)])


def test_two_local_factors_of_one_thing_are_refused() -> None:
    with pytest.raises(MalformedDocument, match="FACTOR_OVERLAP"):
        with_local_factors(shipped_release(), [local(), local(id="local.bank-a.steam2")])
