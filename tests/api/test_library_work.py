"""Work on the library over HTTP: drafts, differences, impact, local factors; and answers to findings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.indicators.shipped import shipped_bytes
from tests.api.conftest import Books
from tests.api.scene import Scene, local_factor

SHIPPED: dict[str, Any] = json.loads(shipped_bytes())
ZHEJIANG = "grid_average.cn-zj.2023"


def rules_to(factor: str) -> list[dict[str, Any]]:
    """The shipped rules, with another national factor for location-based electricity."""
    return [
        {**rule, "factor": factor} if rule["factor"] == "grid_average.cn.2023" and rule["use"] == "location" else rule
        for rule in SHIPPED["selections"]
    ]


def test_a_draft_is_kept_with_its_findings_and_read_back_as_it_would_be_hashed(city: Scene, books: Books) -> None:
    document = {**SHIPPED, "release": "api-draft", "supersedes": books.statement["library"]}
    kept = city.post("librarian", "/v1/library-drafts", document)
    assert (kept.status_code, kept.headers["location"]) == (201, "/v1/library-drafts/api-draft")
    assert (kept.json()["state"], kept.json()["has_errors"]) == ("draft", False)
    read = city.get("publisher", "/v1/library-drafts/api-draft")
    assert read.json() == document
    assert read.headers["etag"] == f'"{kept.json()["hash"]}"'
    broken = city.post("librarian", "/v1/library-drafts", {**document, "selections": [{**document["selections"][0], "factor": "none"}]})
    assert (broken.status_code, broken.json()["has_errors"]) == (201, True)
    assert "FACTOR_UNKNOWN" in {item["code"] for item in broken.json()["findings"]}
    assert city.get("librarian", "/v1/library-drafts/api-draft").headers["etag"] == f'"{broken.json()["hash"]}"'
    listed = [item["release"] for item in city.get("librarian", "/v1/library-drafts").json()["items"]]
    assert listed == sorted(listed)
    assert "api-draft" in listed


def test_a_release_with_errors_is_refused_with_every_place(city: Scene, books: Books) -> None:
    rules = [{**SHIPPED["selections"][0], "factor": "none"}, {**SHIPPED["selections"][1], "factor": "fuel.diesel.generic"}]
    document = {**SHIPPED, "release": "wrong", "selections": rules}
    message = {"release": "0x" + "00" * 32}
    refused = city.post("librarian", "/v1/library-releases", {"document": document, "message": message, "signature": "0x" + "11" * 65})
    assert refused.status_code == 422
    places = {(item["pointer"], item["code"]) for item in refused.json()["errors"]}
    assert {("/selections/0/factor", "FACTOR_UNKNOWN"), ("/selections/1/factor", "FACTOR_NOT_ADMITTED")} <= places


def test_a_difference_and_an_impact_are_read_of_a_draft_by_those_who_work_on_drafts(city: Scene, books: Books) -> None:
    document = {**SHIPPED, "release": "api-try", "supersedes": books.statement["library"], "selections": rules_to(ZHEJIANG)}
    draft = city.post("librarian", "/v1/library-drafts", document).json()
    query = {"before": SHIPPED["release"], "after": draft["hash"]}
    diff = city.get("librarian", "/v1/library-diffs", params=query).json()
    assert diff["schema"] == "lingtan.library_diff/1"
    assert {(item["indicator"], item["after"]) for item in diff["selections"]} == {("electricity.purchased", ZHEJIANG)}
    assert city.get("auditor", "/v1/library-diffs", params=query).status_code == 404
    assert city.get("auditor", "/v1/library-diffs", params={**query, "after": "a b"}).status_code == 422
    impact = city.get("librarian", "/v1/library-releases/api-try/impact", params={"institution": "bank-b"}).json()
    assert (impact["candidate"], impact["in_force"]) == (draft["hash"], books.statement["library"])
    (period,) = impact["periods"]
    assert (period["state"], period["library"], period["difference"]) == ("closed", books.statement["library"], None)
    assert city.get("preparer", "/v1/library-releases/api-try/impact").status_code == 404
    assert city.get("auditor", "/v1/library-releases/api-try/impact").status_code == 403


def test_a_local_factor_is_submitted_reviewed_once_and_taken_into_a_draft(city: Scene, books: Books) -> None:
    factor = local_factor("bank-b")
    factor["factor"] |= {"id": "local.bank-b.cooling", "carrier": "cooling"}
    path = "/v1/institutions/bank-b/local-factors"
    wrong = city.post("other-preparer", path, {**factor, "institution": "bank-a"})
    assert (wrong.status_code, wrong.json()["accepted"], wrong.json()["id"]) == (200, False, None)
    assert {"LOCAL_FACTOR_OWNER"} <= {item["code"] for item in wrong.json()["findings"]}
    given = city.post("other-preparer", path, factor)
    assert (given.status_code, given.json()["state"]) == (201, "submitted")
    at = given.headers["location"]
    assert city.get("other-approver", at).json()["document"] == factor
    assert city.get("approver", at).status_code == 404
    for body in ({"decision": "accepted"}, {"decision": "perhaps", "reason": "x"}, {"decision": "accepted", "reason": ""}):
        assert city.post("librarian", f"{at}/review", body).status_code == 422
    assert city.post("publisher", f"{at}/review", {"decision": "accepted", "reason": "read"}).status_code == 403
    decided = city.post("librarian", f"{at}/review", {"decision": "accepted", "reason": "read the letter"})
    assert (decided.status_code, decided.json()["state"], decided.json()["review_reason"]) == (201, "accepted", "read the letter")
    assert city.post("librarian", f"{at}/review", {"decision": "refused", "reason": "no"}).status_code == 409
    body = {"release": "api-local", "valid_from": "2027-01-01", "include_local": True}
    draft = city.post("librarian", f"/v1/library-releases/{books.statement['library']}/drafts", body)
    assert (draft.status_code, draft.json()["has_errors"]) == (201, False)
    document = city.get("librarian", "/v1/library-drafts/api-local").json()
    assert [item["owner"] for item in document["factors"] if item["id"] == "local.bank-b.cooling"] == ["bank-b"]
    assert document["supersedes"] == books.statement["library"]


def test_users_of_a_factor_are_told_with_rules_and_grams(city: Scene, books: Books) -> None:
    answer = city.get("other-approver", "/v1/factors/grid_average.cn.2023/users").json()
    assert answer["factor"] == "grid_average.cn.2023"
    use = answer["statements"][0]
    assert (use["statement"], use["institution"], use["use"], use["grams"]) == (str(books.statement["id"]), "bank-b", "location", "106969")
    assert {rule["use"] for rule in answer["rules"]} == {"location"}
    assert city.get("librarian", "/v1/factors/nothing/users").status_code == 404


@pytest.mark.parametrize("reason", ["", "x" * 2001, "two\nlines"])
def test_an_answer_needs_a_reason_that_can_be_kept(city: Scene, books: Books, reason: str) -> None:
    path, finding = f"/v1/statements/{books.statement['id']}/answers", books.statement["findings"][0]
    refused = city.post("other-preparer", path, {"code": finding["code"], "place": finding["place"], "reason": reason})
    assert (refused.status_code, [item["pointer"] for item in refused.json()["errors"]]) == (422, ["/reason"])


def test_answers_are_given_and_listed(city: Scene, books: Books) -> None:
    statement = city.get("other-preparer", f"/v1/statements/{books.statement['id']}").json()
    path = f"/v1/statements/{statement['id']}/answers"
    assert statement["findings"], "the books have a finding to answer"
    finding = statement["findings"][0]
    body = {"code": finding["code"], "place": finding["place"], "reason": "房东的账单"}
    given = city.post("other-preparer", path, body)
    assert (given.status_code, given.json()["by"]) == (201, "other-preparer"), given.text
    assert city.get("auditor", path).json()["items"] == [given.json()]
    assert city.get("approver", path).status_code == 404
    unknown = city.post("other-preparer", path, {**body, "code": "NO_SUCH_FINDING"})
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (422, "FINDING_UNKNOWN")
