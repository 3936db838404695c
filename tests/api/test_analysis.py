"""The comparison of a statement, the analysis of an institution and its policy over HTTP."""

from __future__ import annotations

from typing import Any

from ledger.records import canonical
from tests.api.conftest import Books
from tests.api.scene import Scene

PATH = "/v1/institutions/bank-b/analysis-policy"


def policy(**policies: object) -> dict[str, Any]:
    return {"schema": "lingtan.analysis_policy/1", "institution": "bank-b", "policies": policies, "periods": []}


def test_a_comparison_is_canonical_and_of_a_first_period_has_nothing_before_it(city: Scene, books: Books) -> None:
    answer = city.get("other-approver", f"/v1/statements/{books.statement['id']}/comparison")
    assert answer.status_code == 200
    document = answer.json()
    assert canonical.dump(document) == answer.content
    assert (document["schema"], document["before"], document["rows"]) == ("lingtan.comparison/1", None, [])
    assert document["statement"]["hash"] == books.statement["hash"]
    assert {item["code"] for item in document["findings"]} <= {item["code"] for item in books.statement["findings"]}
    assert sum(map(int, document["unanswered"].values())) == len(document["findings"])
    assert city.get("other-approver", "/v1/statements/999999/comparison").status_code == 404


def test_an_analysis_is_canonical_and_says_which_policy_it_follows(city: Scene, books: Books) -> None:
    answer = city.get("auditor", "/v1/institutions/bank-b/analysis")
    assert canonical.dump(answer.json()) == answer.content
    assert answer.json()["periods"][0]["statement"] == books.statement["hash"]
    none = city.get("third-preparer", "/v1/institutions/bank-c/analysis")
    assert (none.status_code, none.json()["code"]) == (404, "not_found")
    assert "has a statement that counts" in none.json()["detail"]


def test_a_policy_is_stored_once_per_version_or_refused_with_findings(city: Scene, books: Books) -> None:
    empty = city.get("auditor", "/v1/institutions/bank-c/analysis-policy").json()
    assert (empty["version"], empty["hash"], empty["submitted_at"], empty["document"]["policies"]) == (None, None, None, {})
    refused = city.post("other-preparer", PATH, policy(base_year="1999"))
    assert (refused.status_code, refused.json()["accepted"], refused.json()["version"]) == (200, False, None)
    assert [item["code"] for item in refused.json()["findings"]] == ["PERIOD_UNKNOWN"]
    stored = city.post("other-preparer", PATH, policy(base_year="2025-03"), key="analysis-policy-1")
    assert (stored.status_code, stored.json()["version"]) == (201, 1)
    assert stored.headers["location"] == f"{PATH}?version=1"
    again = city.post("other-preparer", PATH, policy(base_year="2025-03"), key="analysis-policy-1")
    assert again.headers["idempotent-replayed"] == "true"
    assert city.get("verifier", stored.headers["location"]).json()["document"] == policy(base_year="2025-03")
    assert city.get("verifier", f"{PATH}?version=2").status_code == 404
    document = city.get("auditor", "/v1/institutions/bank-b/analysis").json()
    assert document["policy"] == {"version": 1, "hash": stored.json()["hash"]}
    assert document["base_year"]["period"] == "2025-03"
