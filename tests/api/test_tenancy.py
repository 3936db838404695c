"""Every route × every role × own or other institution, from the committed OpenAPI file. A route without a row here fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from api.auth.policy import RULES
from ledger.records import canonical
from tests.api.conftest import SAMPLE, Books
from tests.api.projects import plant
from tests.api.scene import PEOPLE, Scene, claim_request, content_digest, prepare

ROOT = Path(__file__).resolve().parents[2]
ROLES = ["operator", "admin", "librarian", "publisher", "certifier", "verifier", "auditor", "government"]
ROLES += ["preparer", "approver", "meter", "logkeeper"]
OWN = {role: f"other-{role}" for role in ("preparer", "approver", "meter", "logkeeper")}
"""Who holds a bank role at bank-b, whose books are asked for; the plain names are bank-a's people."""
ALL = " ".join(ROLES)
READERS = "preparer approver auditor operator verifier certifier"
SEES_ALL = frozenset(["admin", "librarian", "publisher", "verifier", "certifier", "auditor", "operator"])


class Row(NamedTuple):
    """Who may call an operation, and whether another institution's is hidden (`tenant`) or there is no other's (`shared`)."""

    who: str
    scope: str


# Written by hand, apart from the policy table: the two must agree.
TABLE: dict[str, Row] = {
    "me.get": Row(ALL, "shared"),
    "institutions.create": Row("operator admin", "shared"),
    "institutions.list": Row(ALL, "shared"),
    "institutions.get": Row(ALL, "tenant"),
    "commitment_keys.set": Row("preparer", "tenant"),
    "commitment_keys.forget": Row("approver", "tenant"),
    "participant_actions.create": Row("operator admin", "tenant"),
    "participant_actions.list": Row(READERS + " admin", "tenant"),
    "participant_keys.list": Row(ALL, "tenant"),
    "organisations.create": Row("preparer", "tenant"),
    "organisations.get": Row(READERS, "tenant"),
    "meters.create": Row("preparer", "tenant"),
    "meters.list": Row(READERS + " meter", "tenant"),
    "meters.assign": Row("preparer", "tenant"),
    "meters.main": Row("preparer", "tenant"),
    "fittings.create": Row("preparer", "tenant"),
    "fittings.list": Row(READERS + " meter", "tenant"),
    "meters.validate": Row(READERS, "tenant"),
    "meters.forecast": Row(READERS, "tenant"),
    "meters.anomalies": Row(READERS, "tenant"),
    "gaps.list": Row(READERS, "tenant"),
    "estimates.create": Row("preparer", "tenant"),
    "edits.create": Row("preparer", "tenant"),
    "edits.list": Row(READERS, "tenant"),
    "bills.create": Row("preparer", "tenant"),
    "bills.list": Row(READERS, "tenant"),
    "bills.withdraw": Row("preparer", "tenant"),
    "devices.create": Row("preparer", "tenant"),
    "devices.list": Row(READERS + " meter", "tenant"),
    "enrolment_codes.create": Row("preparer", "tenant"),
    "enrolments.create": Row("", "public"),
    "device_keys.list": Row(READERS + " meter", "tenant"),
    "device_keys.revoke": Row("preparer", "tenant"),
    "device_alarms.list": Row(READERS, "tenant"),
    "periods.create": Row("preparer", "tenant"),
    "periods.list": Row(READERS, "tenant"),
    "periods.get": Row(READERS, "tenant"),
    "telemetry.create": Row("preparer meter", "tenant"),
    "telemetry.send": Row("preparer meter", "shared"),
    "telemetry.list": Row(READERS + " meter", "tenant"),
    "telemetry.get": Row(READERS + " meter", "tenant"),
    "telemetry.body": Row(READERS + " meter", "tenant"),
    "log.get": Row(READERS + " meter logkeeper", "tenant"),
    "log.proof": Row(READERS + " meter logkeeper", "tenant"),
    "log.consistency": Row(READERS + " meter logkeeper", "tenant"),
    "activity.create": Row("preparer", "tenant"),
    "activity.get": Row(READERS, "tenant"),
    "workbooks.get": Row(READERS, "tenant"),
    "statements.create": Row("preparer", "tenant"),
    "statements.list": Row(READERS, "tenant"),
    "statements.get": Row(READERS, "tenant"),
    "statements.document": Row(READERS, "tenant"),
    "statements.lines": Row(READERS, "tenant"),
    "statements.findings": Row(READERS, "tenant"),
    "statements.comparison": Row(READERS, "tenant"),
    "statements.answers": Row(READERS, "tenant"),
    "statements.answer": Row("preparer approver", "shared"),
    "statements.signing_request": Row("preparer approver", "tenant"),
    "statements.claim_request": Row("approver", "tenant"),
    "statements.package": Row(READERS, "tenant"),
    "statements.proof": Row(READERS, "tenant"),
    "statements.bundle": Row(READERS, "tenant"),
    "statements.leaf_bundle": Row(READERS, "tenant"),
    "financed.bundle": Row(READERS, "tenant"),
    "claims.bundle": Row(READERS, "tenant"),
    "financed.create": Row("preparer", "tenant"),
    "financed.list": Row(READERS, "tenant"),
    "financed.get": Row(READERS, "tenant"),
    "financed.document": Row(READERS, "tenant"),
    "financed.leaves": Row(READERS, "tenant"),
    "financed.signing_request": Row("preparer approver", "tenant"),
    "financed.attest": Row("approver", "shared"),
    "financed.attestation": Row(READERS, "tenant"),
    "financed.anchor": Row(READERS, "tenant"),
    "financed.package": Row(READERS, "tenant"),
    "financed.overview": Row("admin auditor operator verifier certifier government", "shared"),
    "reductions.create": Row("preparer", "tenant"),
    "reductions.list": Row(READERS, "tenant"),
    "reductions.get": Row(READERS, "tenant"),
    "reductions.document": Row(READERS, "tenant"),
    "reductions.evidence": Row(READERS, "tenant"),
    "reductions.signing_request": Row("preparer approver", "tenant"),
    "reductions.attest": Row("approver", "shared"),
    "reductions.attestation": Row(READERS, "tenant"),
    "reductions.anchor": Row(READERS, "tenant"),
    "reductions.bundle": Row(READERS, "tenant"),
    "attributions.create": Row("preparer", "tenant"),
    "attributions.own_findings": Row(READERS, "tenant"),
    "attributions.findings": Row("admin auditor operator verifier certifier", "shared"),
    "attestations.create": Row("approver", "shared"),
    "attestations.list": Row(READERS, "tenant"),
    "attestations.get": Row(READERS, "tenant"),
    "anchors.list": Row(READERS, "tenant"),
    "anchors.get": Row(READERS, "tenant"),
    "anchors.proof": Row(READERS, "tenant"),
    "claims.create": Row("approver", "shared"),
    "claims.list": Row(READERS, "tenant"),
    "claims.get": Row(READERS, "tenant"),
    "claims.package": Row(READERS, "tenant"),
    "verdict_commitments.create": Row("verifier", "shared"),
    "verdict_commitments.list": Row(READERS, "tenant"),
    "verdicts.create": Row("verifier", "shared"),
    "verdicts.list": Row(READERS, "tenant"),
    "verdicts.result": Row(READERS, "tenant"),
    "samples.create": Row("verifier", "shared"),
    "samples.list": Row(READERS, "tenant"),
    "samples.get": Row(READERS, "tenant"),
    "samples.proof": Row(READERS, "tenant"),
    "samples.reveal": Row("verifier", "shared"),
    "samples.record": Row("verifier", "shared"),
    "resolutions.create": Row("certifier", "shared"),
    "resolutions.list": Row(READERS, "tenant"),
    "library_releases.create": Row("librarian", "shared"),
    "library_releases.publish": Row("publisher", "shared"),
    "library_releases.list": Row(ALL, "shared"),
    "library_releases.get": Row(ALL, "shared"),
    "library_releases.impact": Row("librarian publisher preparer approver", "tenant"),
    "library_drafts.create": Row("librarian", "shared"),
    "library_drafts.derive": Row("librarian", "shared"),
    "library_drafts.list": Row("librarian publisher", "shared"),
    "library_drafts.get": Row("librarian publisher", "shared"),
    "library_diffs.get": Row(ALL, "shared"),
    "factors.users": Row(READERS + " librarian publisher", "shared"),
    "local_factors.create": Row("preparer", "tenant"),
    "local_factors.list": Row(READERS + " librarian publisher", "tenant"),
    "local_factors.get": Row(READERS + " librarian publisher", "tenant"),
    "local_factors.review": Row("librarian", "shared"),
    "analysis.get": Row(READERS + " admin librarian publisher", "tenant"),
    "analysis_policies.create": Row("preparer", "tenant"),
    "analysis_policies.get": Row(READERS + " admin librarian publisher", "tenant"),
    "checkpoints.latest": Row(ALL, "shared"),
    "checkpoints.consistency": Row(ALL, "shared"),
    "policy_facts.get": Row("admin operator auditor", "shared"),
    "log_checkpoints.request": Row("approver logkeeper", "tenant"),
    "log_checkpoints.create": Row("approver logkeeper", "tenant"),
    "chain.get": Row(ALL, "shared"),
    "drift.get": Row("auditor operator", "shared"),
    "audit_log.list": Row("auditor operator", "shared"),
}
# Answers that are a secret, or that nobody with a token asked for, are not kept to be given again; a signed body is its own key.
NEVER_STORED = {"enrolment_codes.create", "enrolments.create", "telemetry.send"}


def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return operation id → (method, path, operation) of every /v1 route in the committed file."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    return {
        item["operationId"]: (method.upper(), path, item)
        for path, methods in document["paths"].items()
        for method, item in methods.items()
        if path.startswith("/v1/")
    }


OPERATIONS = operations()
GATED = sorted(name for name, row in TABLE.items() if row.scope != "public")


def test_every_route_of_the_openapi_file_has_a_row_and_every_row_a_route() -> None:
    assert set(TABLE) == set(OPERATIONS)


def test_the_policy_table_and_the_openapi_file_say_what_this_table_says() -> None:
    assert {rule.operation: sorted(rule.roles) for rule in RULES} == {name: sorted(row.who.split()) for name, row in TABLE.items()}
    for name, (method, _, operation) in OPERATIONS.items():
        assert sorted(operation["x-roles"]) == sorted(TABLE[name].who.split()), name
        parameters = {parameter["name"]: parameter for parameter in operation.get("parameters", [])}
        assert ("Idempotency-Key" in parameters) == (method == "POST" and name not in NEVER_STORED), name
        assert operation["security"] == ([] if TABLE[name].scope == "public" else [{"token": []}]), name


@pytest.mark.parametrize("name", GATED)
def test_nobody_enters_without_a_token_or_with_a_wrong_one(city: Scene, books: Books, name: str) -> None:
    method, path, params = target(name, books, city)
    for headers in ({}, {"Authorization": "Bearer lingtan_" + "0" * 64}, {"Authorization": "Basic b3A6b3A="}):
        answer = city.send(None, method, path, params=params, headers=dict(headers))
        assert answer.status_code == 401, answer.text
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", GATED)
def test_a_role_enters_where_it_may_and_sees_no_other_institution(city: Scene, books: Books, name: str, role: str) -> None:
    row = TABLE[name]
    allowed = role in row.who.split()
    method, path, params = target(name, books, city)
    own = OWN.get(role, role)
    if name == "commitment_keys.forget" and allowed:
        # It works, so it is tried where there is nothing to lose.
        own, path = "third-approver", path.replace("bank-b", "bank-c")
    mine = city.send(own, method, path, params=params)
    if not allowed:
        assert (mine.status_code, mine.json()["code"]) == (403, "forbidden"), mine.text
    elif role == "government" and row.scope == "tenant":
        assert mine.status_code == 404, "the government office sees no bank's books"
    else:
        assert entered(method, mine.status_code), f"{own} {method} {path}: {mine.status_code} {mine.text}"
    if role in OWN:
        others = city.send(role, method, path, params=params)
        if not allowed:
            assert others.status_code == 403
        elif row.scope == "tenant":
            assert (others.status_code, others.json()["type"]) == (404, "/problems/not_found"), (
                f"{role} of bank-a {method} {path}: {others.text}"
            )
            assert "bank-b" not in json.dumps({key: value for key, value in others.json().items() if key != "detail"})
        else:
            assert entered(method, others.status_code), others.text


def test_every_role_of_the_policy_is_tried_here() -> None:
    assert {role for rule in RULES for role in rule.roles} == set(ROLES)
    assert {role for _, role in PEOPLE.values()} == set(ROLES)


def test_another_banks_approver_cannot_submit_its_attestation_or_claim(city: Scene, books: Books) -> None:
    statement = prepare(city, "bank-b", "other-preparer", cause="error")["id"]
    request = city.get("other-approver", f"/v1/statements/{statement}/signing-request").json()
    items = [{"dataset": item["dataset"], **city.sign_item("other-approver", item)} for item in request["items"]]
    assert items
    stolen = city.post("approver", "/v1/attestations", {"statement": statement, "items": items})
    assert stolen.status_code == 404, stolen.text
    claim = city.post("approver", "/v1/claims", claim_request(city, books.statement["id"], "other-approver", "claim-x"))
    assert claim.status_code == 404, claim.text


def test_another_banks_people_cannot_answer_its_findings_or_review_a_factor(city: Scene, books: Books) -> None:
    answer = {"code": "X", "place": "/", "reason": "not ours"}
    path = f"/v1/statements/{books.statement['id']}/answers"
    assert city.post("preparer", path, answer).status_code == 404
    assert city.post("other-preparer", path, answer).status_code == 422, "it is theirs, but it has no such finding"
    assert city.get("preparer", "/v1/local-factors").json()["items"] == []
    path = "/v1/factors/grid_average.cn.2023/users"
    mine, everybodys = ({item["institution"] for item in city.get(who, path).json()["statements"]} for who in ("other-preparer", "auditor"))
    assert mine == {"bank-b"} <= everybodys


def test_lists_show_only_what_the_token_sees(city: Scene, books: Books) -> None:
    assert [item["id"] for item in city.get("preparer", "/v1/institutions").json()["items"]] == ["bank-a"]
    assert len(city.get("operator", "/v1/institutions").json()["items"]) == 7
    for path in ("/v1/claims", "/v1/anchors", "/v1/attestations"):
        assert all(item["institution"] == "bank-a" for item in city.get("preparer", path).json()["items"]), path
        assert city.get("preparer", path, params={"institution": "bank-b"}).status_code == 404, path
        assert city.get("auditor", path, params={"institution": "bank-b"}).json()["items"], path


def test_a_bank_cannot_send_readings_into_another_banks_log(city: Scene) -> None:
    body = b"meter,timestamp,kW,quality\n"
    headers = {"Content-Type": "text/csv", "Content-Digest": content_digest(body)}
    for who in ("meter", "preparer"):
        answer = city.send(who, "POST", "/v1/institutions/bank-b/telemetry", content=body, headers=headers)
        assert answer.status_code == 404


def entered(method: str, status: int) -> bool:
    """Tell whether a request passed the gate: reads answer, writes stop at their missing body (415) or at what is missing in it."""
    return status == 200 if method == "GET" else status in (204, 415)


def target(name: str, books: Books, city: Scene) -> tuple[str, str, dict[str, str]]:
    """Return method, path and query of an operation on bank-b's books."""
    method, path, _ = OPERATIONS[name]
    values = {
        "institution": "bank-b",
        "period": "2025-03",
        "telemetry_id": "0",
        "statement": str(books.statement["id"]),
        "attestation": str(books.attestation["id"]),
        "anchor": books.anchor,
        "claim": str(books.claim["id"]),
        "verdict": str(books.verdict["id"]),
        "release_hash": str(books.statement["library"]),
        "draft": "draft-of-the-librarian",
        "local_factor": books.local_factor,
        "financed_id": books.financed,
        "reductions_id": books.reductions,
        "sha256": canonical.digest(plant()),
        "factor": "grid_average.cn.2023",
        # An outlook needs two weeks of days.
        "meter": "CH-1" if name in ("meters.forecast", "meters.anomalies") else "M-1",
        "device": "gw-1",
        "kid": "0123456789abcdef",
        "commitment": SAMPLE,
        "bill": "b",
    }
    queries = {
        "statements.claim_request": {"scheme": "huzhou-outlets", "claim": "claim-q"},
        "statements.proof": {"dataset": "OPERATIONAL", "asset": "line/hq/fuel.petrol.vehicles"},
        "statements.leaf_bundle": {"dataset": "OPERATIONAL", "asset": "line/hq/fuel.petrol.vehicles"},
        "attestations.list": {"institution": "bank-b"},
        "anchors.list": {"institution": "bank-b"},
        "claims.list": {"institution": "bank-b"},
        "verdicts.list": {"claim": str(books.claim["id"])},
        "verdict_commitments.list": {"claim": str(books.claim["id"])},
        "samples.list": {"institution": "bank-b"},
        "resolutions.list": {"claim": str(books.claim["id"])},
        "checkpoints.consistency": {"old": "1", "new": "2"},
        "log.proof": {"index": "0"},
        "log.consistency": {"old": "1", "new": "1"},
        "policy_facts.get": {"version": "1"},
        "library_releases.impact": {"institution": "bank-b"},
        "library_diffs.get": {"before": "lingtan-2026.1", "after": str(books.statement["library"])},
        "local_factors.list": {"institution": "bank-b"},
        "financed.overview": {"period": "2025-03"},
        "attributions.create": {"method": "pcaf_2"},
        "attributions.own_findings": {"method": "pcaf_2"},
        "attributions.findings": {"period": "2025-03", "method": "pcaf_2"},
    }
    return method, path.format(**values), queries.get(name, {})
